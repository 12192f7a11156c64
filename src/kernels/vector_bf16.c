/* vector_bf16.c: rounding to bfloat16 by integer arithmetic, so that all instruction sets give the same bits. */
#include "vector_isa.h"

void KERNEL(round)(int64_t n, const real *x, Bf16 *y)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const union {
            float value;
            uint32_t bits;
        } u = {(float)x[i]};
        const uint32_t nearest = (u.bits + 0x7fff + (u.bits >> 16 & 1)) >> 16, nan = u.bits >> 16 | 0x40;
        y[i] = (Bf16)((u.bits & 0x7fffffff) > 0x7f800000 ? nan : nearest);
    }
}
