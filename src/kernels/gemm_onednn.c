/* gemm_onednn.c: oneDNN's C interface, of API 2 (Debian 12) and 3 (Debian 13). */
#include "kernels/gemm_onednn.h"

#ifdef HAVE_ONEDNN
#include <dnnl.h>
#include <omp.h>
#include <stdio.h>

#include "base/status.h"

enum { PART = 256 }; /* rows or columns of C in a part of fixed_order */

static void must(dnnl_status_t status, const char *call)
{
    if (status != dnnl_success) status_end(STATUS_INTERNAL, "oneDNN: %s failed with status %d", call, (int)status);
}

bool onednn_is_built(void)
{
    return true;
}

void onednn_init(int level)
{
    /* Refused after its first product; then it was called with the same level before. */
    if (level == 0) (void)dnnl_set_max_cpu_isa(dnnl_cpu_isa_sse41);
    if (level == 1) (void)dnnl_set_max_cpu_isa(dnnl_cpu_isa_avx2);
}

const char *onednn_library(void)
{
    static char text[64];
    const dnnl_version_t *v = dnnl_version();
    snprintf(text, sizeof text, "oneDNN %d.%d.%d", v->major, v->minor, v->patch);
    return text;
}

const char *onednn_family(void)
{
    /* Each instruction set's number holds the bits of those it contains. */
    static const struct {
        dnnl_cpu_isa_t isa;
        const char *name;
    } known[] = {{dnnl_cpu_isa_avx512_core_amx, "avx512_core_amx"},
                 {dnnl_cpu_isa_avx512_core_bf16, "avx512_core_bf16"},
                 {dnnl_cpu_isa_avx512_core_vnni, "avx512_core_vnni"},
                 {dnnl_cpu_isa_avx512_core, "avx512_core"},
                 {dnnl_cpu_isa_avx2_vnni, "avx2_vnni"},
                 {dnnl_cpu_isa_avx2, "avx2"},
                 {dnnl_cpu_isa_avx, "avx"},
                 {dnnl_cpu_isa_sse41, "sse41"}};
    const unsigned isa = (unsigned)dnnl_get_effective_cpu_isa();
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if ((isa & (unsigned)known[i].isa) == (unsigned)known[i].isa) return known[i].name;
    return "reference";
}

/* --- parts of a product ----------------------------------------------------------------------------- */

/* Elements into A, B and C where the part begins. */
typedef struct {
    Product product;
    int64_t a, b, c;
} Part;

static int parts_of(const Product *p)
{
    return ((p->m >= p->n ? p->m : p->n) + PART - 1) / PART;
}

/* Part i of the longer side of C. */
static Part part_of(const Product *p, int i)
{
    Part part = {.product = *p};
    const int first = i * PART;
    if (p->m >= p->n) {
        part.product.m = p->m - first < PART ? p->m - first : PART;
        part.a = p->ta == PLAIN ? (int64_t)first * p->lda : first;
        part.c = (int64_t)first * p->ldc;
    } else {
        part.product.n = p->n - first < PART ? p->n - first : PART;
        part.b = p->tb == PLAIN ? first : (int64_t)first * p->ldb;
        part.c = first;
    }
    return part;
}

/* oneDNN takes OpenMP's number of threads; inside a parallel region, one. Returns the number to put back. */
static int set_threads(int threads)
{
    const int before = omp_get_max_threads();
    if (threads != before) omp_set_num_threads(threads);
    return before;
}

/* --- fp32 ------------------------------------------------------------------------------------------- */

static void sgemm(const Product *p, const float *a, const float *b, float *c)
{
    must(dnnl_sgemm(p->ta == PLAIN ? 'N' : 'T', p->tb == PLAIN ? 'N' : 'T', p->m, p->n, p->k, (float)p->alpha, a,
                    p->lda, b, p->ldb, (float)p->beta, c, p->ldc),
         "dnnl_sgemm");
}

void onednn_f32(const Product *p, const float *a, const float *b, float *c, int threads, bool fixed_order)
{
    if (p->m == 0 || p->n == 0) return;
    const int before = set_threads(threads);
    if (!fixed_order) sgemm(p, a, b, c);
    else {
#pragma omp parallel for schedule(dynamic)
        for (int i = 0; i < parts_of(p); i++) {
            const Part part = part_of(p, i);
            sgemm(&part.product, a + part.a, b + part.b, c + part.c);
        }
    }
    set_threads(before);
}

#else

bool onednn_is_built(void)
{
    return false;
}
void onednn_init(int level)
{
    (void)level;
}
const char *onednn_library(void)
{
    return "";
}
const char *onednn_family(void)
{
    return "";
}
void onednn_f32(const Product *p, const float *a, const float *b, float *c, int threads, bool fixed_order)
{
    (void)p, (void)a, (void)b, (void)c, (void)threads, (void)fixed_order;
}

#endif
