/* product_speed: the products of a layer and of the head as a step has them, each in its layout.
 *   product_speed [hidden [rows [threads]]]
 * GFLOP/s, the best of some rounds: fp32 by BLIS and by oneDNN; bf16 by what gemm-library = blis takes, by
 * oneDNN, and by oneDNN in parts of a fixed order; fp32 with panels. 0: not here. */
#include <stdlib.h>
#include <string.h>

#include "../harness.h"
#include "base/memory.h"
#include "base/timer.h"
#include "kernels/gemm.h"
#include "kernels/panels.h"
#include "kernels/vector.h"

enum { ROUNDS = 7 };

typedef struct {
    const char *name;
    Transpose ta, tb;
    int m, n, k;
} Shape;

/* As in a step, whose arrays begin with a line of the cache. */
static void *aligned(size_t n, size_t size)
{
    enum { LINE = 64 };
    void *x = NULL;
    if (posix_memalign(&x, LINE, n * size)) exit(1);
    memset(x, 0, n * size);
    return x;
}

static Operand matrix(size_t n)
{
    real *x = aligned(n, sizeof *x);
    Bf16 *rounded = gemm_precision() == PRECISION_BF16 ? aligned(n, sizeof *rounded) : NULL;
    for (size_t i = 0; i < n; i++) x[i] = (real)((double)(i * 2654435761u % 1000003) / 500000.0 - 1);
    if (rounded) vector_kernels->round((int64_t)n, x, rounded);
    return (Operand){x, rounded};
}

static void drop(Operand o)
{
    free((void *)(uintptr_t)o.x);
    free((void *)(uintptr_t)o.rounded);
}

static double speed(const Shape *s)
{
    const Operand a = matrix((size_t)s->m * (size_t)s->k), b = matrix((size_t)s->n * (size_t)s->k);
    const int lda = s->ta == PLAIN ? s->k : s->m, ldb = s->tb == PLAIN ? s->n : s->k;
    real *c = aligned((size_t)s->m * (size_t)s->n, sizeof *c);
    double best = 0;
    for (int i = 0; i < ROUNDS; i++) {
        const double start = timer_now();
        gemm_product(s->ta, s->tb, s->m, s->n, s->k, a, lda, b, ldb, 0, NULL, (Result){c, NULL}, s->n);
        const double gflops = 2e-9 * s->m * s->n * s->k / (timer_now() - start);
        if (gflops > best) best = gflops;
    }
    drop(a), drop(b), free(c);
    return best;
}

/* With a second operand that stays in panels, where it is a matrix of weights. */
static double speed_of_panels(const Shape *s)
{
    if (s->ta != PLAIN) return 0;
    const Operand a = matrix((size_t)s->m * (size_t)s->k), b = matrix((size_t)s->n * (size_t)s->k);
    real *panels = aligned(panels_size(s->n, s->k), sizeof *panels),
         *c = aligned((size_t)s->m * (size_t)s->n, sizeof *c);
    double best = 0;
    panels_fill(s->tb, s->n, s->k, b.x, panels);
    for (int i = 0; i < ROUNDS; i++) {
        const double start = timer_now();
        panels_product(s->m, s->n, s->k, a.x, s->k, panels, false, NULL, c, s->n);
        const double gflops = 2e-9 * s->m * s->n * s->k / (timer_now() - start);
        if (gflops > best) best = gflops;
    }
    drop(a), drop(b), free(panels), free(c);
    return best;
}

int main(int argc, char **argv)
{
    const int d = argc > 1 ? atoi(argv[1]) : 768, n = argc > 2 ? atoi(argv[2]) : 2048;
    const GemmChoice choice[] = {{GEMM_BLIS, PRECISION_FP32, false},
                                 {GEMM_ONEDNN, PRECISION_FP32, false},
                                 {GEMM_BLIS, PRECISION_BF16, false},
                                 {GEMM_ONEDNN, PRECISION_BF16, false},
                                 {GEMM_ONEDNN, PRECISION_BF16, true}};
    const Shape shape[] = {
        {"qkv", PLAIN, TRANSPOSED, n, 3 * d, d},
        {"out", PLAIN, TRANSPOSED, n, d, d},
        {"up", PLAIN, TRANSPOSED, n, 4 * d, d},
        {"down", PLAIN, TRANSPOSED, n, d, 4 * d},
        {"dg = ds Wd", PLAIN, PLAIN, n, 4 * d, d},
        {"dy = df Wu", PLAIN, PLAIN, n, d, 4 * d},
        {"da = ds Wo", PLAIN, PLAIN, n, d, d},
        {"dh = dqkv Wqkv", PLAIN, PLAIN, n, d, 3 * d},
        {"dWd = ds^T g", TRANSPOSED, PLAIN, d, 4 * d, n},
        {"dWu = df^T y", TRANSPOSED, PLAIN, 4 * d, d, n},
        {"dWo = ds^T a", TRANSPOSED, PLAIN, d, d, n},
        {"dWqkv = dqkv^T h", TRANSPOSED, PLAIN, 3 * d, d, n},
        {"logits", PLAIN, TRANSPOSED, 256, 30522, d},
        {"dz", PLAIN, PLAIN, 256, d, 30522},
        {"dE", TRANSPOSED, PLAIN, 30522, d, 256},
    };
    gemm_init(vector_choose(vector_best_level()), argc > 3 ? atoi(argv[3]) : 1);
    printf("%-18s %22s %8s %8s %8s %8s %8s %8s\n", "", "m x n x k", "BLIS", "oneDNN", "bf16", "oneDNN", "in parts",
           "panels");
    for (size_t i = 0; i < sizeof shape / sizeof shape[0]; i++) {
        const Shape *s = &shape[i];
        printf("%-18s %8d x%5d x%5d", s->name, s->m, s->n, s->k);
        for (size_t c = 0; c < sizeof choice / sizeof choice[0]; c++)
            printf(" %8.0f", gemm_choose(&choice[c]) ? 0.0 : speed(s));
        (void)gemm_choose(&choice[0]);
        printf(" %8.0f\n", speed_of_panels(s));
    }
    return 0;
}
