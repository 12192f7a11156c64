/* vector.c: picks the table of elementwise kernels. */
#include "kernels/vector.h"

#include <stdlib.h>
#include <string.h>

extern const VectorKernels vector_table_plain;
#ifdef HAVE_X86_VARIANTS
extern const VectorKernels vector_table_avx2, vector_table_avx512;
#endif

const VectorKernels *vector_kernels = &vector_table_plain;

int vector_best_level(void)
{
#ifdef HAVE_X86_VARIANTS
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl"))
        return 2;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 1;
#endif
    return 0;
}

int vector_choose(int level)
{
    const char *wanted = getenv("COLLAPSE_ISA");
    if (wanted && strcmp(wanted, "plain") == 0) level = 0;
    if (wanted && strcmp(wanted, "avx2") == 0 && level > 1) level = 1;
    vector_kernels = &vector_table_plain;
#ifdef HAVE_X86_VARIANTS
    if (level == 1) vector_kernels = &vector_table_avx2;
    if (level == 2) vector_kernels = &vector_table_avx512;
#endif
    return level;
}
