/* gemm.c: BLIS behind one call, and the choice between it and oneDNN. */
#include "kernels/gemm.h"

#include <blis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/timer.h"
#include "kernels/bf16_product.h"
#include "kernels/gemm_onednn.h"
#include "kernels/team.h"
#include "kernels/vector.h"

static int threads = 1;
static int wanted_level;
static GemmChoice chosen;

/* Who computes in the precision chosen. */
typedef enum { BY_BLIS, BY_ONEDNN, BY_OWN } Maker;

static Maker maker(void)
{
    if (chosen.precision == PRECISION_FP32) return chosen.library == GEMM_ONEDNN ? BY_ONEDNN : BY_BLIS;
    return chosen.library != GEMM_ONEDNN && bf16_product_is_built() && !onednn_has_amx() ? BY_OWN : BY_ONEDNN;
}

/* The number BLIS knows a family by, or -1 if this BLIS was built without it. */
static int family_number(int level)
{
#ifdef BLIS_CONFIG_SKX
    if (level == 2) return BLIS_ARCH_SKX;
#endif
#ifdef BLIS_CONFIG_ZEN3
    if (level >= 1 && __builtin_cpu_is("amd")) return BLIS_ARCH_ZEN3;
#endif
#ifdef BLIS_CONFIG_HASWELL
    if (level >= 1) return BLIS_ARCH_HASWELL;
#endif
    (void)level;
    return -1;
}

void gemm_init(int level, int n_threads)
{
    wanted_level = level;
    threads = n_threads;
    team_init(n_threads);
    int family = family_number(level);
    if (family >= 0) {
        char number[16];
        snprintf(number, sizeof number, "%d", family);
        setenv("BLIS_ARCH_TYPE", number, 0); /* 0: the user's own setting stays */
    }
    bli_init();
    bli_thread_set_num_threads(1); /* ours are cut below */
    chosen = (GemmChoice){0};
}

bool gemm_has(GemmLibrary library)
{
    return library == GEMM_BLIS || (onednn_is_built() && sizeof(real) == sizeof(float));
}

/* With what there is instead: the speeds of fp32. */
static Status refuse_bf16(void)
{
    double gflops[2];
    for (int library = GEMM_BLIS; library <= GEMM_ONEDNN; library++) {
        chosen = (GemmChoice){.library = (GemmLibrary)library};
        gflops[library] = gemm_measure(256, 256, 256, 5, 0.1).gflops;
    }
    chosen = (GemmChoice){0};
    FAIL(STATUS_USAGE,
         "precision = bf16 needs a processor with AVX512-BF16 or AMX (and a COLLAPSE_ISA and ONEDNN_MAX_CPU_ISA that "
         "allow it), which this one has not; take fp32, whose products of 256 x 256 x 256 run here at %.1f GFLOP/s "
         "with gemm-library = blis, %.1f with onednn",
         gflops[GEMM_BLIS], gflops[GEMM_ONEDNN]);
}

Status gemm_choose(const GemmChoice *choice)
{
    const bool is_bf16 = choice->precision == PRECISION_BF16;
    CHECK(gemm_has(choice->library) && (!is_bf16 || gemm_has(GEMM_ONEDNN)), STATUS_USAGE,
          "%s, but this program was built without oneDNN; install it (Debian: libdnnl-dev) and make again, or take %s",
          is_bf16 ? "precision = bf16" : "gemm-library = onednn", is_bf16 ? "fp32" : "blis");
    if (choice->library == GEMM_ONEDNN || is_bf16) onednn_init(wanted_level);
    if (is_bf16 && (wanted_level < 2 || !onednn_has_bf16())) return refuse_bf16();
    chosen = *choice;
    return STATUS_OK;
}

static const char *blis_family(void)
{
    return bli_arch_string(bli_arch_query_id());
}

const char *gemm_family(void)
{
    if (maker() == BY_OWN) return "avx512_bf16";
    return maker() == BY_ONEDNN ? onednn_family(chosen.precision == PRECISION_BF16) : blis_family();
}

const char *gemm_library(void)
{
    static char text[64];
    if (maker() == BY_OWN) return "own kernels";
    if (maker() == BY_ONEDNN) return onednn_library();
    snprintf(text, sizeof text, "BLIS %s", bli_info_get_version_str());
    return text;
}

Precision gemm_precision(void)
{
    return chosen.precision;
}

bool gemm_is_blis(void)
{
    return maker() == BY_BLIS;
}

const char *gemm_precision_key(void)
{
    return chosen.precision == PRECISION_BF16 ? "bf16" : "fp32";
}

const char *gemm_library_key(void)
{
    static const char *const key[] = {"blis", "onednn", "own"};
    return key[maker()];
}

bool gemm_family_is_fallback(void)
{
    const char *family = blis_family();
    if (maker() != BY_BLIS) return false;
    if (strcmp(family, "generic") == 0) return wanted_level > 0;
    return wanted_level == 2 && strcmp(family, "skx") != 0;
}

int gemm_threads(void)
{
    return threads;
}

/* --- C in parts ------------------------------------------------------------------------------------- */

/* BLIS's own threads wait for each other at every packed block, spinning: on a machine where one of them is not running
 * a product takes ten to thirty times as long. So C is cut into a grid, each part is a product of one thread, and
 * they meet once, at the end. Every element is summed over k in the same order however C is cut. */
enum { EDGE = 96 /* rows and columns of a part are multiples: no micro-tile of BLIS is cut */ };

static int edge_of(int length, int parts)
{
    const int each = (length + parts - 1) / parts;
    return (each + EDGE - 1) / EDGE * EDGE;
}

/* One part for every thread, of the shape that packs least: A is packed once for every column of parts, B for every
 * row. */
static ProductGrid cut(const Product *p, int parts)
{
    int best = 1;
    double least = 0;
    if (parts == 1) return product_grid(p, p->m, p->n);
    for (int down = 1; down <= parts; down++) {
        const double packed = (double)(parts / down) * p->m + (double)down * p->n;
        if (parts % down || (least > 0 && packed >= least)) continue;
        least = packed;
        best = down;
    }
    return product_grid(p, edge_of(p->m, best), edge_of(p->n, parts / best));
}

static trans_t trans_of(Transpose t)
{
    return t == PLAIN ? BLIS_NO_TRANSPOSE : BLIS_TRANSPOSE;
}

/* By this thread. The settings of a call begin as BLIS's own: there is no other initializer that 0.9 and 1.x share, and
 * 1.x keeps the kind of threads there. */
static void compute(const Product *p, bool is_f64, const void *a, const void *b, void *c)
{
    const trans_t ta = trans_of(p->ta), tb = trans_of(p->tb);
    void *a_ = (void *)(uintptr_t)a, *b_ = (void *)(uintptr_t)b; /* BLIS reads them */
    double alpha = p->alpha, beta = p->beta;
    float alpha_f = (float)alpha, beta_f = (float)beta;
    rntm_t runtime;
    bli_rntm_init_from_global(&runtime);
    bli_rntm_set_num_threads(1, &runtime);
    if (is_f64)
        bli_dgemm_ex(ta, tb, p->m, p->n, p->k, &alpha, a_, p->lda, 1, b_, p->ldb, 1, &beta, c, p->ldc, 1, NULL,
                     &runtime);
    else
        bli_sgemm_ex(ta, tb, p->m, p->n, p->k, &alpha_f, a_, p->lda, 1, b_, p->ldb, 1, &beta_f, c, p->ldc, 1, NULL,
                     &runtime);
}

static void multiply(const Product *p, bool is_f64, const void *a, const void *b, void *c)
{
    const int64_t size = is_f64 ? sizeof(double) : sizeof(float);
    if (p->m == 0 || p->n == 0) return;
    TeamRegion region = team_begin(2.0 * p->m * p->n * p->k);
    const ProductGrid grid = cut(p, region.threads);
#pragma omp parallel num_threads(region.threads)
    {
#pragma omp for schedule(dynamic) nowait
        for (int i = 0; i < grid.n; i++) {
            const ProductPart part = product_part(p, &grid, i);
            compute(&part.product, is_f64, (const char *)a + part.a * size, (const char *)b + part.b * size,
                    (char *)c + part.c * size);
            team_add(&region, 2.0 * part.product.m * part.product.n * p->k);
        }
        team_arrive(&region);
    }
    team_end(&region);
}

void gemm(Transpose ta, Transpose tb, int m, int n, int k, double alpha, const real *a, int lda, const real *b, int ldb,
          double beta, real *c, int ldc)
{
    const Product p = {ta, tb, m, n, k, lda, ldb, ldc, alpha, beta};
#ifndef REAL_IS_DOUBLE
    if (chosen.library == GEMM_ONEDNN) {
        onednn_f32(&p, a, b, c, threads, chosen.fixed_order);
        return;
    }
#endif
    multiply(&p, sizeof(real) == sizeof(double), a, b, c);
}

static void add_bias(int m, int n, const real *bias, real *c, int ldc)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)m *n))
    for (int i = 0; i < m; i++) vector_kernels->add_bias(1, n, bias, c + (int64_t)i * ldc);
}

void gemm_product(Transpose ta, Transpose tb, int m, int n, int k, Operand a, int lda, Operand b, int ldb, double beta,
                  const real *bias, Result c, int ldc)
{
#ifndef REAL_IS_DOUBLE
    if (a.rounded && b.rounded) {
        const Product p = {ta, tb, m, n, k, lda, ldb, ldc, 1, beta};
        if (maker() == BY_OWN) bf16_product(&p, a.rounded, b.rounded, bias, c.x, c.rounded);
        else onednn_bf16(&p, a.rounded, b.rounded, bias, c.x, c.rounded, threads, chosen.fixed_order);
        return;
    }
#endif
    gemm(ta, tb, m, n, k, 1, a.x, lda, b.x, ldb, beta, c.x, ldc);
    if (bias) add_bias(m, n, bias, c.x, ldc);
}

void gemm_f64(Transpose ta, Transpose tb, int m, int n, int k, double alpha, const double *a, int lda, const double *b,
              int ldb, double beta, double *c, int ldc)
{
    const Product p = {ta, tb, m, n, k, lda, ldb, ldc, alpha, beta};
    multiply(&p, true, a, b, c);
}

void gemm_threads_of_lapack(double operations)
{
    bli_thread_set_num_threads(team_for_products(operations));
}

/* Small whole numbers, and their rounded copy (the same numbers) if asked for. */
static Operand numbers(size_t n, int period, bool rounds)
{
    real *x = memory_alloc(n, sizeof *x);
    Bf16 *rounded = rounds ? memory_alloc(n, sizeof *rounded) : NULL;
    for (size_t i = 0; i < n; i++) x[i] = (real)((int)(i % (size_t)period) - period / 2);
    if (rounds) vector_kernels->round((int64_t)n, x, rounded);
    return (Operand){x, rounded};
}

static void free_numbers(Operand o)
{
    free((void *)(uintptr_t)o.x);
    free((void *)(uintptr_t)o.rounded);
}

GemmSpeed gemm_measure(int m, int n, int k, int rounds, double limit_s)
{
    const bool is_bf16 = chosen.precision == PRECISION_BF16;
    const Operand a = numbers((size_t)m * (size_t)k, 7, is_bf16), b = numbers((size_t)n * (size_t)k, 5, is_bf16);
    real *c = memory_alloc((size_t)m * (size_t)n, sizeof *c);
    GemmSpeed speed = {0};
    const double began = timer_now(), cpu = timer_cpu();
    double start = began;
    do {
        gemm_product(PLAIN, TRANSPOSED, m, n, k, a, k, b, k, 0, NULL, (Result){c, NULL}, n);
        const double end = timer_now(), gflops = 2e-9 * m * n * k / (end - start);
        if (gflops > speed.gflops) speed.gflops = gflops;
        speed.rounds++;
        start = end;
    } while (speed.rounds < rounds && start - began < limit_s);
    speed.cores = (timer_cpu() - cpu) / (start - began);
    free_numbers(a);
    free_numbers(b);
    free(c);
    return speed;
}
