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

void layers_clear_behind(int n, int d, Bf16 *rounded)
{
    if (rounded) memset(rounded + (int64_t)n * d, 0, (size_t)(rounded_rows(n) - n) * (size_t)d * sizeof *rounded);
}

size_t layers_scratch(int n, int d)
{
    return 3 * (size_t)blocks_of(n) * (size_t)d;
}

/* Columns are independent. */
void layers_add_rows(int n, int d, const real *x, real *sum)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *d))
    for (int j = 0; j < d; j++) {
        real total = 0;
        for (int b = 0; b < n; b++) total += x[(size_t)b * (size_t)d + (size_t)j];
        sum[j] += total;
    }
}

/* Some rows of one sample: from row `first` of the batch on, row `place` of sample b. */
typedef struct {
    int b, first, n, place;
} Piece;

/* The first piece of the rows first .. end-1. */
static Piece first_piece(const SampleRows *rows, int first, int end)
{
    int low = 0,
        high = rows->n_samples - 1; /* the last sample that begins at `first` or before: none behind it is empty */
    while (low < high) {
        const int middle = (low + high + 1) / 2;
        if (rows->offset[middle] <= first) low = middle;
        else high = middle - 1;
    }
    const int last = rows->offset[low + 1] < end ? rows->offset[low + 1] : end;
    return (Piece){low, first, last - first, first - rows->offset[low]};
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
    layers_clear_behind(n, d, rounded);
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
    layers_add_rows(blocks_of(n), d, gamma_part, dgamma);
    layers_add_rows(blocks_of(n), d, beta_part, dbeta);
}

void layers_add_norm(const SampleRows *rows, const AddNorm *weights, const real *x, const real *residual, real *s,
                     real *y, real *mean, real *rstd, Bf16 *rounded)
{
    const int n = rows->offset[rows->n_samples], d = rows->d;
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *d))
    for (int b = 0; b < blocks_of(n); b++) {
        const int first = b * ROW_BLOCK, end = first + rows_of(n, b);
        for (Piece p = {.first = first}; p.first < end; p.first += p.n) {
            p = first_piece(rows, p.first, end);
            const int64_t at = (int64_t)p.first * d;
            vector_kernels->bias_dropout_add(p.n, d, x + at, weights->bias, residual + at, &rows->dropout[p.b], p.place,
                                             s + at);
        }
        const int64_t at = (int64_t)first * d;
        vector_kernels->layernorm_forward(end - first, d, s + at, weights->gamma, weights->beta, weights->epsilon,
                                          y + at, mean + first, rstd + first);
        round_rows(first, end - first, d, y + at, rounded);
    }
    layers_clear_behind(n, d, rounded);
}

size_t layers_block_size(int d, int n_threads)
{
    return (size_t)n_threads * ROW_BLOCK * (size_t)d;
}

/* Where block b of x [n, d] is made: in its place, or in this thread's. */
static real *block_of(int b, int d, real *x, bool is_rounded)
{
    return x + (int64_t)(is_rounded ? omp_get_thread_num() : b) * ROW_BLOCK * d;
}

void layers_add_norm_backward(const SampleRows *rows, const AddNormGradients *weights, const real *dy, const real *s,
                              const real *mean, const real *rstd, real *dx, real *ds, real *scratch, Bf16 *rounded)
{
    const int n = rows->offset[rows->n_samples], d = rows->d, n_blocks = blocks_of(n);
    real *part[3];
    for (int i = 0; i < 3; i++) part[i] = scratch + (size_t)(i * n_blocks) * (size_t)d;
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *d))
    for (int b = 0; b < n_blocks; b++) {
        const int first = b * ROW_BLOCK, end = first + rows_of(n, b);
        const int64_t at = (int64_t)first * d, sums = (int64_t)b * d;
        real *block = block_of(b, d, ds, rounded != NULL);
        for (int i = 0; i < 3; i++) memset(part[i] + sums, 0, (size_t)d * sizeof(real));
        vector_kernels->layernorm_backward(end - first, d, dy + at, s + at, mean + first, rstd + first, weights->gamma,
                                           dx + at, part[0] + sums, part[1] + sums);
        for (Piece p = {.first = first}; p.first < end; p.first += p.n) {
            p = first_piece(rows, p.first, end);
            vector_kernels->dropout(p.n, d, d, dx + (int64_t)p.first * d, &rows->dropout[p.b], p.place,
                                    block + (int64_t)(p.first - first) * d);
        }
        vector_kernels->column_sum(end - first, d, block, part[2] + sums);
        round_rows(first, end - first, d, block, rounded);
    }
    layers_clear_behind(n, d, rounded);
    layers_add_rows(n_blocks, d, part[0], weights->dgamma);
    layers_add_rows(n_blocks, d, part[1], weights->dbeta);
    layers_add_rows(n_blocks, d, part[2], weights->dbias);
}

void layers_bias_gelu(int n, int d, const real *bias, real *f, real *g, Bf16 *rounded)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *d))
    for (int b = 0; b < blocks_of(n); b++) {
        const int64_t at = (int64_t)b * ROW_BLOCK * d;
        if (rounded) vector_kernels->bias_gelu_rounded(rows_of(n, b), d, bias, f + at, rounded + at);
        else vector_kernels->bias_gelu(rows_of(n, b), d, bias, f + at, g + at);
    }
    layers_clear_behind(n, d, rounded);
}

void layers_gelu_backward(int n, int d, const real *f, real *dg, real *dbias, real *scratch, Bf16 *rounded)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *d))
    for (int b = 0; b < blocks_of(n); b++) {
        const int64_t at = (int64_t)b * ROW_BLOCK * d, part = (int64_t)b * d;
        memset(scratch + part, 0, (size_t)d * sizeof(real));
        vector_kernels->gelu_backward(rows_of(n, b), d, f + at, dg + at, dg + at, scratch + part);
        round_rows(b * ROW_BLOCK, rows_of(n, b), d, dg + at, rounded);
    }
    layers_clear_behind(n, d, rounded);
    layers_add_rows(blocks_of(n), d, scratch, dbias);
}

void layers_gelu_again_backward(int n, int d, const real *f, real *dg, real *g, real *dbias, real *scratch,
                                const GeluRounded *rounded)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *d))
    for (int b = 0; b < blocks_of(n); b++) {
        const int rows = rows_of(n, b);
        const int64_t at = (int64_t)b * ROW_BLOCK * d;
        real *part = scratch + (int64_t)b * d;
        memset(part, 0, (size_t)d * sizeof(real));
        if (rounded->df) {
            vector_kernels->gelu_backward_rounded(rows, d, f + at, dg + at, rounded->g + at, rounded->df + at, part);
        } else {
            vector_kernels->gelu(rows, d, f + at, g + at);
            vector_kernels->gelu_backward(rows, d, f + at, dg + at, dg + at, part);
        }
    }
    layers_clear_behind(n, d, rounded->g);
    layers_clear_behind(n, d, rounded->df);
    layers_add_rows(blocks_of(n), d, scratch, dbias);
}

void layers_add_bias(int n, int d, const real *bias, real *x)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *d))
    for (int b = 0; b < blocks_of(n); b++)
        vector_kernels->add_bias(rows_of(n, b), d, bias, x + (int64_t)b * ROW_BLOCK * d);
}

void layers_column_sum(int n, int d, const real *x, real *sum, real *scratch)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *d))
    for (int b = 0; b < blocks_of(n); b++) {
        real *part = scratch + (size_t)b * (size_t)d;
        memset(part, 0, (size_t)d * sizeof(real));
        vector_kernels->column_sum(rows_of(n, b), d, x + (int64_t)b * ROW_BLOCK * d, part);
    }
    layers_add_rows(blocks_of(n), d, scratch, sum);
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
    layers_clear_behind(n, d, rounded);
}

void layers_add(int64_t n, const real *x, real *y)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers(n))
    for (int64_t i = 0; i < n; i += FLAT_BLOCK)
        vector_kernels->add(n - i < FLAT_BLOCK ? n - i : FLAT_BLOCK, x + i, y + i);
}

void layers_dropout(const SampleRows *rows, const real *x, real *y, Bf16 *rounded)
{
    const int n = rows->offset[rows->n_samples], d = rows->d;
#pragma omp parallel for schedule(dynamic) num_threads(team_for_numbers((int64_t)n *d))
    for (int b = 0; b < rows->n_samples; b++) {
        const int first = rows->offset[b], end = rows->offset[b + 1];
        const int64_t at = (int64_t)first * d;
        vector_kernels->dropout(end - first, d, d, x + at, &rows->dropout[b], 0, y + at);
        round_rows(first, end - first, d, y + at, rounded);
    }
    layers_clear_behind(n, d, rounded);
}

double layers_cross_entropy(int n, int d, real *logits, const real *bias, const int *label, double scale, double *loss,
                            Bf16 *rounded)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *d))
    for (int i = 0; i < n; i++) {
        loss[i] = vector_kernels->cross_entropy(1, d, logits + (int64_t)i * d, bias, label + i, scale);
        round_rows(i, 1, d, logits + (int64_t)i * d, rounded);
    }
    layers_clear_behind(n, d, rounded);
    double sum = 0;
    for (int i = 0; i < n; i++) sum += loss[i];
    return sum;
}

bool layers_adamw(int64_t n, const AdamSettings *settings, real *p, const real *g, real *m, real *v, Bf16 *rounded)
{
    real finite = 0;
#pragma omp parallel for schedule(static) reduction(+ : finite) num_threads(team_for_numbers(n))
    for (int64_t i = 0; i < n; i += FLAT_BLOCK) {
        const int64_t count = n - i < FLAT_BLOCK ? n - i : FLAT_BLOCK;
        finite += vector_kernels->adamw(count, settings, p + i, g + i, m + i, v + i);
        if (rounded) vector_kernels->round(count, p + i, rounded + i);
    }
    return finite == 0;
}

void layers_square_sums(int64_t n, int grain, const real *x, double *part)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers(n))
    for (int64_t first = 0; first < n; first += grain)
        part[first / grain] = vector_kernels->square_sum(n - first < grain ? n - first : grain, x + first);
}
