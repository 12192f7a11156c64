/* test_layers.c: passes that do several things to a block of rows while it is in cache. Oracle: the kernels one after
 * the other on whole arrays, bit for bit; sums over rows in blocks of ROW_BLOCK, added in order. On one and on three
 * threads, with samples that begin and end within blocks, and an empty one. */
#include "kernels/layers.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "../harness.h"
#include "kernels/gemm.h"

enum { B = 6, D = 200, N = 150, ROOM = 192 }; /* enough for several threads (kernels/team) */
static const int offset[B + 1] = {0, 1, 33, 33, 70, 96, N};
static real x[N * D], residual[N * D], bias[D], gamma_[D], beta[D], dy[N * D];
static real s[2][N * D], y[2][N * D], mean[2][N], rstd[2][N], dx[2][N * D], ds[2][N * D],
    g[2][3 * 2 * ROW_BLOCK * D + N * D];
static real sum[2][3][D], scratch[3 * (N / ROW_BLOCK + 1) * D];
static Bf16 rounded[2][2][ROOM * D];
static Dropout dropout[B];

static void fill(uint32_t stream, int n, real *to)
{
    const RandomKey key = random_key(1, RANDOM_TEST, stream, 0, 0);
    for (int i = 0; i < n; i++) {
        uint32_t word[4];
        random_words(&key, (uint32_t)i, word);
        to[i] = (real)(2 * random_unit(word[0]) - 1);
    }
}

static void copy_rounded(const real *from, Bf16 *to)
{
    memset(to, 0, sizeof rounded[0][0]);
    vector_kernels->round(N * D, from, to);
}

/* to += column sums, block by block. */
static void sum_columns(const real *from, real *to)
{
    real total[D] = {0};
    for (int first = 0; first < N; first += ROW_BLOCK) {
        real part[D] = {0};
        vector_kernels->column_sum(N - first < ROW_BLOCK ? N - first : ROW_BLOCK, D, from + first * D, part);
        for (int j = 0; j < D; j++) total[j] += part[j];
    }
    for (int j = 0; j < D; j++) to[j] += total[j];
}

static bool same(const void *a, const void *b, size_t bytes)
{
    return memcmp(a, b, bytes) == 0;
}

static void begin(void)
{
    memset(rounded, 0xff, sizeof rounded);
    memset(ds, 0xff, sizeof ds), memset(g, 0xff, sizeof g), memset(scratch, 0xff, sizeof scratch);
    for (int i = 0; i < 3; i++) fill(9 + (uint32_t)i, D, sum[0][i]), fill(9 + (uint32_t)i, D, sum[1][i]);
}

static void test_add_norm(bool rounds, int threads)
{
    const SampleRows rows = {B, D, offset, dropout};
    begin();
    for (int b = 0; b < B; b++)
        vector_kernels->bias_dropout_add(offset[b + 1] - offset[b], D, x + offset[b] * D, bias,
                                         residual + offset[b] * D, &dropout[b], 0, s[0] + offset[b] * D);
    vector_kernels->layernorm_forward(N, D, s[0], gamma_, beta, 1e-12, y[0], mean[0], rstd[0]);
    copy_rounded(y[0], rounded[0][0]);
    memcpy(s[1], x, sizeof x);
    layers_add_norm(&rows, &(AddNorm){bias, gamma_, beta, 1e-12}, s[1], residual, s[1], y[1], mean[1], rstd[1],
                    rounds ? rounded[1][0] : NULL);
    check(same(s[0], s[1], sizeof s[0]) && same(y[0], y[1], sizeof y[0]) && same(mean[0], mean[1], sizeof mean[0]) &&
              same(rstd[0], rstd[1], sizeof rstd[0]) &&
              (!rounds || same(rounded[0][0], rounded[1][0], sizeof rounded[0][0])),
          "%s add_norm%s, %d threads, dropout %g: the bits of its kernels", vector_kernels->name,
          rounds ? ", rounded" : "", threads, dropout[0].rate);
}

static void test_add_norm_backward(bool rounds, int threads)
{
    const SampleRows rows = {B, D, offset, dropout};
    real part[2][D], total[2][D] = {{0}};
    begin();
    for (int first = 0; first < N; first += ROW_BLOCK) {
        memset(part, 0, sizeof part);
        vector_kernels->layernorm_backward(N - first < ROW_BLOCK ? N - first : ROW_BLOCK, D, dy + first * D,
                                           s[0] + first * D, mean[0] + first, rstd[0] + first, gamma_,
                                           dx[0] + first * D, part[0], part[1]);
        for (int i = 0; i < 2; i++)
            for (int j = 0; j < D; j++) total[i][j] += part[i][j];
    }
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < D; j++) sum[0][i][j] += total[i][j];
    for (int b = 0; b < B; b++)
        vector_kernels->dropout(offset[b + 1] - offset[b], D, D, dx[0] + offset[b] * D, &dropout[b], 0,
                                ds[0] + offset[b] * D);
    sum_columns(ds[0], sum[0][2]);
    copy_rounded(ds[0], rounded[0][0]);
    memcpy(dx[1], dy, sizeof dy);
    layers_add_norm_backward(&rows, &(AddNormGradients){gamma_, sum[1][0], sum[1][1], sum[1][2]}, dx[1], s[0], mean[0],
                             rstd[0], dx[1], ds[1], scratch, rounds ? rounded[1][0] : NULL);
    check(same(dx[0], dx[1], sizeof dx[0]) && same(sum[0], sum[1], sizeof sum[0]) &&
              (rounds ? same(rounded[0][0], rounded[1][0], sizeof rounded[0][0]) : same(ds[0], ds[1], sizeof ds[0])),
          "%s add_norm_backward%s, %d threads, dropout %g: the bits of its kernels", vector_kernels->name,
          rounds ? ", rounded" : "", threads, dropout[0].rate);
}

static void test_bias_gelu(bool rounds, int threads)
{
    begin();
    memset(rounded[0], 0, sizeof rounded[0]);
    for (int i = 0; i < 2; i++) memcpy(s[i], x, sizeof x);
    if (rounds) vector_kernels->bias_gelu_rounded(N, D, bias, s[0], rounded[0][0]);
    else vector_kernels->bias_gelu(N, D, bias, s[0], g[0]);
    layers_bias_gelu(N, D, bias, s[1], rounds ? NULL : g[1], rounds ? rounded[1][0] : NULL);
    check(same(s[0], s[1], sizeof x) &&
              (rounds ? same(rounded[0][0], rounded[1][0], sizeof rounded[0][0]) : same(g[0], g[1], sizeof x)),
          "%s bias_gelu%s, %d threads: the bits of its kernel", vector_kernels->name, rounds ? ", rounded" : "",
          threads);
}

static void test_gelu_again_backward(bool rounds, int threads)
{
    begin();
    real total[D] = {0};
    vector_kernels->gelu(N, D, x, g[0]);
    memset(rounded[0], 0, sizeof rounded[0]);
    for (int first = 0; first < N; first += ROW_BLOCK) {
        real part[D] = {0};
        const int rows = N - first < ROW_BLOCK ? N - first : ROW_BLOCK, at = first * D;
        if (rounds)
            vector_kernels->gelu_backward_rounded(rows, D, x + at, dy + at, rounded[0][0] + at, rounded[0][1] + at,
                                                  part);
        else vector_kernels->gelu_backward(rows, D, x + at, dy + at, dx[0] + at, part);
        for (int j = 0; j < D; j++) total[j] += part[j];
    }
    for (int j = 0; j < D; j++) sum[0][0][j] += total[j];
    memcpy(dx[1], dy, sizeof dy);
    const GeluRounded to = {rounds ? rounded[1][0] : NULL, rounds ? rounded[1][1] : NULL};
    layers_gelu_again_backward(N, D, x, dx[1], rounds ? NULL : g[1], sum[1][0], scratch, &to);
    check(same(sum[0][0], sum[1][0], sizeof sum[0][0]) &&
              (rounds ? same(rounded[0], rounded[1], sizeof rounded[0])
                      : same(g[0], g[1], sizeof x) && same(dx[0], dx[1], sizeof dx[0])),
          "%s gelu_again_backward%s, %d threads: the bits of its kernels", vector_kernels->name,
          rounds ? ", rounded" : "", threads);
}

static void test_adamw(int threads)
{
    enum { MANY = (1 << 16) + 77 };
    static real p[2][MANY], gradient[MANY], m[2][MANY], v[2][MANY];
    static Bf16 copy[2][MANY];
    const AdamSettings settings = {ADAM_TORCH, 1e-2, 0.9, 0.999, 1e-8, 0.01, 0.5, 3};
    fill(20, MANY, p[0]), fill(21, MANY, gradient), fill(22, MANY, m[0]);
    for (int i = 0; i < MANY; i++) v[0][i] = m[0][i] * m[0][i];
    memcpy(p[1], p[0], sizeof p[0]), memcpy(m[1], m[0], sizeof m[0]), memcpy(v[1], v[0], sizeof v[0]);
    memset(copy, 0xff, sizeof copy);
    vector_kernels->adamw(MANY, &settings, p[0], gradient, m[0], v[0]);
    vector_kernels->round(MANY, p[0], copy[0]);
    const bool finite = layers_adamw(MANY, &settings, p[1], gradient, m[1], v[1], copy[1]);
    check(finite && same(p[0], p[1], sizeof p[0]) && same(m[0], m[1], sizeof m[0]) &&
              same(copy[0], copy[1], sizeof copy[0]),
          "%s adamw with the rounded copy, %d threads: the bits of its kernels", vector_kernels->name, threads);
}

int main(void)
{
    fill(1, N * D, x), fill(2, N * D, residual), fill(3, D, bias), fill(4, D, gamma_), fill(5, D, beta),
        fill(6, N * D, dy);
    for (int level = 0; level <= vector_best_level(); level++)
        for (int way = 0; way < 8; way++) {
            const int threads = way % 2 ? 3 : 1;
            const bool rounds = way & 2;
            gemm_init(vector_choose(level), threads);
            omp_set_num_threads(threads);
            for (int b = 0; b < B; b++)
                dropout[b] = (Dropout){random_key(3, RANDOM_DROPOUT, 1, 2, (uint32_t)b), way & 4 ? 0.3 : 0};
            test_add_norm(rounds, threads);
            test_add_norm_backward(rounds, threads);
            if (way < 4) test_bias_gelu(rounds, threads), test_gelu_again_backward(rounds, threads);
            if (way < 2) test_adamw(threads);
        }
    return harness_done();
}
