/* layers.c: blocks of rows to threads; block sums added in order. */
#include "kernels/layers.h"

#include <omp.h>
#include <string.h>

#include "kernels/team.h"

enum { FLAT_BLOCK = 1 << 16 };

static int blocks_of(int n)
{
    return (n + ROW_BLOCK - 1) / ROW_BLOCK;
}

static int rows_of(int n, int block)
{
    int left = n - block * ROW_BLOCK;
    return left < ROW_BLOCK ? left : ROW_BLOCK;
}

/* The rounded copy of some rows of x, from row `first` on. */
static void round_rows(int first, int rows, int d, const real *x, Bf16 *rounded)
{
    if (rounded) vector_kernels->round((int64_t)rows * d, x, rounded + (int64_t)first * d);
}

static void clear_rows_behind(int n, int d, Bf16 *rounded)
{
    if (rounded) memset(rounded + (int64_t)n * d, 0, (size_t)(rounded_rows(n) - n) * (size_t)d * sizeof *rounded);
}

size_t layers_scratch(int n, int d)
{
    return 2 * (size_t)blocks_of(n) * (size_t)d;
}

/* sum [d] += the n_blocks rows of partial, in order; columns are independent. */
static void add_blocks(int n_blocks, int d, const real *partial, real *sum)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n_blocks *d))
    for (int j = 0; j < d; j++) {
        real total = 0;
        for (int b = 0; b < n_blocks; b++) total += partial[(size_t)b * (size_t)d + (size_t)j];
        sum[j] += total;
    }
}

void layers_layernorm(int n, int d, const real *x, const real *gamma, const real *beta, double epsilon, real *y,
                      real *mean, real *rstd, Bf16 *rounded)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *d))
    for (int b = 0; b < blocks_of(n); b++) {
        const int first = b * ROW_BLOCK;
        const int64_t at = (int64_t)first * d;
        vector_kernels->layernorm_forward(rows_of(n, b), d, x + at, gamma, beta, epsilon, y + at, mean + first,
                                          rstd + first);
        round_rows(first, rows_of(n, b), d, y + at, rounded);
    }
    clear_rows_behind(n, d, rounded);
}

void layers_layernorm_backward(int n, int d, const real *dy, const real *x, const real *mean, const real *rstd,
                               const real *gamma, real *dx, real *dgamma, real *dbeta, real *scratch)
{
    real *gamma_part = scratch, *beta_part = scratch + (size_t)blocks_of(n) * (size_t)d;
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *d))
    for (int b = 0; b < blocks_of(n); b++) {
        const int first = b * ROW_BLOCK;
        const int64_t at = (int64_t)first * d, part = (int64_t)b * d;
        memset(gamma_part + part, 0, (size_t)d * sizeof(real));
        memset(beta_part + part, 0, (size_t)d * sizeof(real));
        vector_kernels->layernorm_backward(rows_of(n, b), d, dy + at, x + at, mean + first, rstd + first, gamma,
                                           dx + at, gamma_part + part, beta_part + part);
    }
    add_blocks(blocks_of(n), d, gamma_part, dgamma);
    add_blocks(blocks_of(n), d, beta_part, dbeta);
}

size_t layers_gelu_size(int n, int d, bool is_rounded, int n_threads)
{
    return is_rounded ? (size_t)n_threads * ROW_BLOCK * (size_t)d : (size_t)n * (size_t)d;
}

static real *gelu_block(int d, int64_t at, real *g, const Bf16 *rounded)
{
    return rounded ? g + (int64_t)omp_get_thread_num() * ROW_BLOCK * d : g + at;
}

void layers_bias_gelu(int n, int d, const real *bias, real *f, real *g, Bf16 *rounded)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *d))
    for (int b = 0; b < blocks_of(n); b++) {
        const int64_t at = (int64_t)b * ROW_BLOCK * d;
        real *block = gelu_block(d, at, g, rounded);
        vector_kernels->bias_gelu(rows_of(n, b), d, bias, f + at, block);
        round_rows(b * ROW_BLOCK, rows_of(n, b), d, block, rounded);
    }
    clear_rows_behind(n, d, rounded);
}

void layers_gelu(int n, int d, const real *f, real *g, Bf16 *rounded)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *d))
    for (int b = 0; b < blocks_of(n); b++) {
        const int64_t at = (int64_t)b * ROW_BLOCK * d;
        real *block = gelu_block(d, at, g, rounded);
        vector_kernels->gelu(rows_of(n, b), d, f + at, block);
        round_rows(b * ROW_BLOCK, rows_of(n, b), d, block, rounded);
    }
    clear_rows_behind(n, d, rounded);
}

void layers_gelu_backward(int n, int d, const real *f, real *dg, real *dbias, real *scratch, Bf16 *rounded)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *d))
    for (int b = 0; b < blocks_of(n); b++) {
        const int64_t at = (int64_t)b * ROW_BLOCK * d, part = (int64_t)b * d;
        memset(scratch + part, 0, (size_t)d * sizeof(real));
        vector_kernels->gelu_backward(rows_of(n, b), d, f + at, dg + at, scratch + part);
        round_rows(b * ROW_BLOCK, rows_of(n, b), d, dg + at, rounded);
    }
    clear_rows_behind(n, d, rounded);
    add_blocks(blocks_of(n), d, scratch, dbias);
}

void layers_add_bias(int n, int d, const real *bias, real *x)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *d))
    for (int b = 0; b < blocks_of(n); b++)
        vector_kernels->add_bias(rows_of(n, b), d, bias, x + (int64_t)b * ROW_BLOCK * d);
}

void layers_column_sum(int n, int d, const real *x, real *sum, real *scratch, Bf16 *rounded)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *d))
    for (int b = 0; b < blocks_of(n); b++) {
        real *part = scratch + (size_t)b * (size_t)d;
        memset(part, 0, (size_t)d * sizeof(real));
        vector_kernels->column_sum(rows_of(n, b), d, x + (int64_t)b * ROW_BLOCK * d, part);
        round_rows(b * ROW_BLOCK, rows_of(n, b), d, x + (int64_t)b * ROW_BLOCK * d, rounded);
    }
    clear_rows_behind(n, d, rounded);
    add_blocks(blocks_of(n), d, scratch, sum);
}

void layers_round_flat(int64_t n, const real *x, Bf16 *rounded)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers(n))
    for (int64_t i = 0; i < n; i += FLAT_BLOCK)
        vector_kernels->round(n - i < FLAT_BLOCK ? n - i : FLAT_BLOCK, x + i, rounded + i);
}

void layers_round(int n, int d, const real *x, Bf16 *rounded)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *d))
    for (int b = 0; b < blocks_of(n); b++)
        round_rows(b * ROW_BLOCK, rows_of(n, b), d, x + (int64_t)b * ROW_BLOCK * d, rounded);
    clear_rows_behind(n, d, rounded);
}

void layers_add(int64_t n, const real *x, real *y)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers(n))
    for (int64_t i = 0; i < n; i += FLAT_BLOCK)
        vector_kernels->add(n - i < FLAT_BLOCK ? n - i : FLAT_BLOCK, x + i, y + i);
}

void layers_bias_dropout_add(int n_samples, const int *offset, int d, const real *x, const real *bias,
                             const real *residual, const Dropout *dropout, real *s)
{
#pragma omp parallel for schedule(dynamic) num_threads(team_for_numbers((int64_t)offset[n_samples] * d))
    for (int b = 0; b < n_samples; b++) {
        const int64_t at = (int64_t)offset[b] * d;
        vector_kernels->bias_dropout_add(offset[b + 1] - offset[b], d, x + at, bias, residual + at, &dropout[b], 0,
                                         s + at);
    }
}

void layers_dropout(int n_samples, const int *offset, int d, const real *x, const Dropout *dropout, real *y,
                    Bf16 *rounded)
{
#pragma omp parallel for schedule(dynamic) num_threads(team_for_numbers((int64_t)offset[n_samples] * d))
    for (int b = 0; b < n_samples; b++) {
        const int64_t at = (int64_t)offset[b] * d;
        vector_kernels->dropout(offset[b + 1] - offset[b], d, d, x + at, &dropout[b], 0, y + at);
        round_rows(offset[b], offset[b + 1] - offset[b], d, y + at, rounded);
    }
    clear_rows_behind(offset[n_samples], d, rounded);
}

double layers_cross_entropy(int n, int d, real *logits, const real *bias, const int *label, double scale, double *loss,
                            Bf16 *rounded)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *d))
    for (int i = 0; i < n; i++) {
        loss[i] = vector_kernels->cross_entropy(1, d, logits + (int64_t)i * d, bias, label + i, scale);
        round_rows(i, 1, d, logits + (int64_t)i * d, rounded);
    }
    clear_rows_behind(n, d, rounded);
    double sum = 0;
    for (int i = 0; i < n; i++) sum += loss[i];
    return sum;
}

bool layers_adamw(int64_t n, const AdamSettings *settings, real *p, const real *g, real *m, real *v)
{
    real finite = 0;
#pragma omp parallel for schedule(static) reduction(+ : finite) num_threads(team_for_numbers(n))
    for (int64_t i = 0; i < n; i += FLAT_BLOCK)
        finite += vector_kernels->adamw(n - i < FLAT_BLOCK ? n - i : FLAT_BLOCK, settings, p + i, g + i, m + i, v + i);
    return finite == 0;
}

void layers_square_sums(int64_t n, int grain, const real *x, double *part)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers(n))
    for (int64_t first = 0; first < n; first += grain)
        part[first / grain] = vector_kernels->square_sum(n - first < grain ? n - first : grain, x + first);
}
