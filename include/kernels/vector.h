/* vector.h: the elementwise kernels, compiled once per instruction set.
 *
 * Every file named src/kernels/vector_*.c is compiled for plain x86-64, AVX2 and AVX-512 (on other
 * processors: plain only). Each compilation fills one table of this type, and vector_choose picks
 * the table the processor can run, or the one named by COLLAPSE_ISA = plain | avx2 | avx512.
 * All kernels are Local, run on one thread, and cannot fail; kernels/layers.h spreads them over
 * threads. Letters: n rows, d columns of a row. */
#ifndef KERNELS_VECTOR_H
#define KERNELS_VECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "base/real.h"

/* One dropout site: element j of row `row` is kept with probability 1 - rate, as a function of
 * (key, row, j) alone, and then multiplied by 1 / (1 - rate). Rates are multiples of 2^-16 (16 random
 * bits per element); the nearest one is used. Nothing is stored: the backward pass asks again. */
typedef struct {
    RandomKey key; /* seed, step, sample, layer and site */
    double rate;   /* 0 = keep all */
} Dropout;

static inline uint32_t dropout_threshold(double rate)
{
    return (uint32_t)(rate * 65536 + 0.5);
}

static inline double dropout_kept(double rate)
{
    return 1 / (1 - dropout_threshold(rate) / 65536.0);
}

enum { PRODUCT_PAD = 32 }; /* packed rows are multiples of this many columns */

static inline int product_padded(int n)
{
    return (n + PRODUCT_PAD - 1) / PRODUCT_PAD * PRODUCT_PAD;
}

enum { ROUNDED_ROWS = 64 }; /* rounded copies have multiples of this many rows; those behind the last are 0 */

static inline int rounded_rows(int n)
{
    return (n + ROUNDED_ROWS - 1) / ROUNDED_ROWS * ROUNDED_ROWS;
}

typedef enum { ADAM_TORCH, ADAM_HF } AdamForm;

typedef struct {
    AdamForm form;
    double learning_rate, beta_1, beta_2, epsilon, weight_decay;
    double gradient_scale; /* the clip factor */
    int64_t step;          /* 1 for the first update */
} AdamSettings;

/* Strips of rows that will be wanted soon: a few rows are asked for at a time, while others are computed with. A strip
 * is a line or a few of each row, which no hardware prefetcher follows. */
enum { FETCH_STRIPS = 8 };

typedef struct {
    int each;   /* rows asked for at a time */
    int strips; /* how many; from `strip`, `row` on they have not been asked for */
    int strip, row;
    const char *at[FETCH_STRIPS];
    int64_t stride[FETCH_STRIPS], bytes[FETCH_STRIPS]; /* from row to row; of a row */
    int rows[FETCH_STRIPS];
} Fetch;

typedef struct {
    const char *name;

    /* y = gamma * (x - mean) * rstd + beta by row, rstd = 1 / sqrt(variance + epsilon).
     * x, y [n, d]; mean, rstd [n] (out). */
    void (*layernorm_forward)(int n, int d, const real *x, const real *gamma, const real *beta, double epsilon, real *y,
                              real *mean, real *rstd);
    /* dx [n, d] = gradient to x; dgamma, dbeta [d] are added to. dx may be dy. */
    void (*layernorm_backward)(int n, int d, const real *dy, const real *x, const real *mean, const real *rstd,
                               const real *gamma, real *dx, real *dgamma, real *dbeta);

    /* f += bias; g = gelu(f) = f * Phi(f), the exact erf form. f, g [n, d]. */
    void (*bias_gelu)(int n, int d, const real *bias, real *f, real *g);
    /* g = gelu(f), as in the forward pass, bit for bit. */
    void (*gelu)(int n, int d, const real *f, real *g);
    /* df = dg * (Phi(f) + f phi(f)); dbias [d] is added to. df may be dg. */
    void (*gelu_backward)(int n, int d, const real *f, const real *dg, real *df, real *dbias);
    /* The same for products that read bfloat16: g rounded; in the backward pass the same g again, and df rounded, by
     * one Phi. Before rounding they may differ from those above in the last bit. Sums of dbias are of what was not
     * rounded. */
    void (*bias_gelu_rounded)(int n, int d, const real *bias, real *f, Bf16 *g);
    void (*gelu_backward_rounded)(int n, int d, const real *f, const real *dg, Bf16 *g, Bf16 *df, real *dbias);

    /* x += bias by row. */
    void (*add_bias)(int n, int d, const real *bias, real *x);
    /* sum [d] += column sums of x [n, d]. */
    void (*column_sum)(int n, int d, const real *x, real *sum);
    /* y [n, d] += x. */
    void (*add)(int64_t n, const real *x, real *y);

    /* s = residual + dropout(x + bias), rows first_row.. of one sample. x [n, d] may be s. */
    void (*bias_dropout_add)(int n, int d, const real *x, const real *bias, const real *residual,
                             const Dropout *dropout, int first_row, real *s);
    /* y = dropout(x); also the backward pass (dx = dropout(dy)). x may be y; ld: row stride of both. */
    void (*dropout)(int n, int d, int64_t ld, const real *x, const Dropout *dropout, int first_row, real *y);

    /* Attention's scores: rows of d numbers, padded to product_padded(d) <= lds; the padding may take any value.
     * s [n, d] = exp(scale (s - maximum of its row)), in place; maximum, inverse [n] (out): the maxima, 1 / the rows'
     * sums. */
    void (*exponentials)(int n, int d, real scale, real *s, int64_t lds, real *maximum, real *inverse);
    /* The same bits from the maxima it found. */
    void (*exponentials_again)(int n, int d, real scale, const real *maximum, real *s, int64_t lds);
    /* Gradient to the scores: ds = dropped * dp - p * dot by row, in place of dp [n, ld], where dp is the gradient to
     * dropped = p * factor and dot [n] = sum_j dropped_j dp_j. */
    void (*scores_backward)(int n, int d, int64_t ld, const real *p, const real *dropped, const real *dot, real *dp);

    /* logits [n, d] without bias; label [n] in [0, d). Returns the sum over rows of
     * -log softmax(logits + bias)[label]; with scale != 0 logits become scale * (softmax - onehot). */
    double (*cross_entropy)(int n, int d, real *logits, const real *bias, const int *label, double scale);

    /* One AdamW update of n parameters p with gradient g and moments m, v (methods.md 0.3). Returns 0, or NaN if a
     * number it wrote is not finite. */
    real (*adamw)(int64_t n, const AdamSettings *settings, real *p, const real *g, real *m, real *v);
    /* Sum of squares in fp64, in a fixed order. */
    double (*square_sum)(int64_t n, const real *x);

    /* y = x rounded to bfloat16: to the nearest, of two equally near to the even one; NaN stays NaN. */
    void (*round)(int64_t n, const real *x, Bf16 *y);
    /* The same of rows x [n, d], each times its factor (NULL: 1); their sum, before it is rounded, is added to sum [d]
     * in their order, unless that is NULL. */
    void (*round_rows)(int n, int d, const real *factor, const real *x, int64_t ldx, Bf16 *y, int64_t ldy, real *sum);

    /* y = factor [n] x by row, x [n, d] may be y; factor NULL: 1. */
    void (*scale_rows)(int n, int d, const real *factor, const real *x, int64_t ldx, real *y, int64_t ldy);
    /* dot [n] = inner products of the rows of x and y [n, d]. */
    void (*row_dots)(int n, int d, const real *x, int64_t ldx, const real *y, int64_t ldy, real *dot);

    /* C [m, n] = A B, added to C if `adds`; for operands that stay in cache. Element (i, l) of A [m, k] is
     * a[i * a_row + l * a_column] (so A may be stored either way); B [k, n] is packed: ldb = product_padded(n).
     * Each element is one fused sum over l in order: it depends on its row of A and column of B alone.
     * fetch: asked for on the way, or NULL. */
    void (*small_product)(int m, int n, int k, const real *a, int64_t a_row, int64_t a_column, const real *b,
                          int64_t ldb, bool adds, real *c, int64_t ldc, Fetch *fetch);
    /* y [rows, product_padded(columns)] = factor [rows] x by row (NULL: 1), padding set to 0. */
    void (*pack)(int rows, int columns, const real *x, int64_t ldx, const real *factor, real *y);
    /* The same of x in bfloat16. */
    void (*pack_rounded)(int rows, int columns, const Bf16 *x, int64_t ldx, const real *factor, real *y);
    /* A panel: y [columns, PRODUCT_PAD] = scale times the transpose of x, columns of y from `rows` on set to 0. */
    void (*pack_transposed)(int rows, int columns, const real *x, int64_t ldx, real scale, real *y);
} VectorKernels;

extern const VectorKernels *vector_kernels; /* set by vector_choose; plain before */

/* 0 = plain, 1 = AVX2 with FMA, 2 = AVX-512: the best level this processor can run. */
int vector_best_level(void);
/* Use at most `level`; COLLAPSE_ISA lowers it further. Returns the level in use. */
int vector_choose(int level);

#endif
