/* attention_speed: forward and backward pass of attention alone against the speed of BLIS's sgemm, in turn.
 *   attention_speed [threads [dropout]]
 * Operations are those of the products of both passes (6 n^2 dh multiply-adds per head; the second computation of
 * the scores, softmax and dropout are not counted). Times are those of the processor, divided by the threads, so that
 * other programs' turns do not count. One line per shape: medians over rounds. */
#include <omp.h>

#include "../harness.h"
#include "analysis/statistics.h"
#include "base/arena.h"
#include "base/timer.h"
#include "kernels/attention.h"
#include "kernels/gemm.h"

enum { SAMPLES = 16, HEADS = 12, ROUNDS = 9 };

static void fill(size_t n, real *x)
{
    for (size_t i = 0; i < n; i++) x[i] = (real)((double)(i * 2654435761u % 1000003) / 500000.0 - 1);
}

static double clock_s(void)
{
    return timer_cpu() / gemm_threads();
}

static double sgemm_gflops(void)
{
    enum { M = 2048, N = 768, K = 768 };
    static real a[M * K], b[N * K], c[M * N];
    fill(M * K, a), fill(N * K, b);
    const double start = clock_s();
    for (int i = 0; i < 4; i++) gemm(PLAIN, TRANSPOSED, M, N, K, 1, a, K, b, K, 0, c, N);
    return 4 * 2e-9 * M * N * K / (clock_s() - start);
}

static void measure(int length, int dh, double rate)
{
    const int d = HEADS * dh, n = SAMPLES * length;
    int offset[SAMPLES + 1];
    Dropout dropout[SAMPLES];
    for (int b = 0; b <= SAMPLES; b++) offset[b] = b * length;
    for (int b = 0; b < SAMPLES; b++) dropout[b] = (Dropout){random_key(1, RANDOM_TEST, 0, 0, (uint32_t)b), rate};
    Arena arena = {0};
    real *qkv = NULL, *out = NULL, *dqkv = NULL, *scratch = NULL, *row = NULL, *dout = NULL;
    for (int pass = 0; pass < 2; pass++) {
        if (pass) arena_open(&arena);
        qkv = arena_cut(&arena, (size_t)n * 3 * (size_t)d, sizeof(real));
        dqkv = arena_cut(&arena, (size_t)n * 3 * (size_t)d, sizeof(real));
        out = arena_cut(&arena, (size_t)n * (size_t)d, sizeof(real));
        row = arena_cut(&arena, (size_t)n * 2 * HEADS, sizeof(real));
        dout = arena_cut(&arena, (size_t)n * (size_t)d, sizeof(real));
        scratch = arena_cut(&arena, attention_scratch(length, dh, gemm_threads()), sizeof(real));
    }
    fill((size_t)n * 3 * (size_t)d, qkv);
    fill((size_t)n * (size_t)d, dout);
    const Attention a = {.n_samples = SAMPLES,
                         .n_heads = HEADS,
                         .d = d,
                         .offset = offset,
                         .dropout = dropout,
                         .longest = length,
                         .scratch = scratch,
                         .row = row};
    double forward[ROUNDS], backward[ROUNDS], peak[ROUNDS], share[ROUNDS];
    const double product = 2e-9 * SAMPLES * HEADS * (double)length * length * dh;
    for (int round = 0; round < ROUNDS; round++) {
        const double start = clock_s();
        attention_forward(&a, (Operand){qkv, NULL}, (Result){out, NULL});
        const double middle = clock_s();
        attention_backward(&a, (Operand){qkv, NULL}, out, (Operand){dout, NULL}, (AttentionGradient){dqkv, NULL, NULL},
                           NULL);
        const double end = clock_s();
        forward[round] = 2 * product / (middle - start);
        backward[round] = 4 * product / (end - middle);
        peak[round] = sgemm_gflops();
        share[round] = 6 * product / (end - start) / peak[round];
    }
    printf("%4d long, heads of %2d: forward %6.1f, backward %6.1f GFLOP/s, sgemm %6.1f; both passes %.2f of sgemm\n",
           length, dh, statistics_median(ROUNDS, forward), statistics_median(ROUNDS, backward),
           statistics_median(ROUNDS, peak), statistics_median(ROUNDS, share));
    arena_close(&arena);
}

int main(int argc, char **argv)
{
    const int threads = argc > 1 ? atoi(argv[1]) : 1;
    const double rate = argc > 2 ? atof(argv[2]) : 0;
    omp_set_num_threads(threads);
    gemm_init(vector_choose(vector_best_level()), threads);
    for (int length = 128; length <= 512; length *= 4)
        for (int dh = 32; dh <= 64; dh *= 2) measure(length, dh, rate);
    return 0;
}
