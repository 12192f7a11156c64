/* layers.h: the elementwise kernels spread over the threads of a rank.
 *
 * Rows are cut into blocks of ROW_BLOCK, whatever the number of threads; sums over rows (gradients
 * of biases and of gamma, beta) are formed per block and the blocks added in order. So the bits do
 * not depend on the number of threads. scratch: at least layers_scratch(n, d) numbers.
 *
 * rounded: where a product wants the result in bfloat16, its rounded copy [rounded_rows(n), d], made block by block
 * while the block is in cache, rows behind n set to 0; or NULL. */
#ifndef KERNELS_LAYERS_H
#define KERNELS_LAYERS_H

#include <stdbool.h>
#include <stddef.h>

#include "kernels/vector.h"

enum { ROW_BLOCK = 32 };

size_t layers_scratch(int n, int d);

/* Rows of samples: those of sample b are offset[b] .. offset[b+1]-1; site and key as in Dropout, one per sample. */
typedef struct {
    int n_samples, d;
    const int *offset;      /* [B+1] */
    const Dropout *dropout; /* [B] */
} SampleRows;

void layers_layernorm(int n, int d, const real *x, const real *gamma, const real *beta, double epsilon, real *y,
                      real *mean, real *rstd, Bf16 *rounded);
/* s = residual + dropout(x + bias), x may be s; y = LayerNorm(s), of which rounded is the copy. */
typedef struct {
    const real *bias, *gamma, *beta;
    double epsilon;
} AddNorm;
void layers_add_norm(const SampleRows *rows, const AddNorm *weights, const real *x, const real *residual, real *s,
                     real *y, real *mean, real *rstd, Bf16 *rounded);
void layers_layernorm_backward(int n, int d, const real *dy, const real *x, const real *mean, const real *rstd,
                               const real *gamma, real *dx, real *dgamma, real *dbeta, real *scratch);
/* Of layers_add_norm: dx, gradient to s from dy, which it may be; ds = dropout(dx), gradient to x + bias; dgamma, dbeta
 * and dbias are added to. ds [n, d], or, where only its rounded copy is wanted, layers_block_size. */
typedef struct {
    const real *gamma;
    real *dgamma, *dbeta, *dbias;
} AddNormGradients;
void layers_add_norm_backward(const SampleRows *rows, const AddNormGradients *weights, const real *dy, const real *s,
                              const real *mean, const real *rstd, real *dx, real *ds, real *scratch, Bf16 *rounded);

/* The numbers of an array of which only the rounded copy is wanted: a block for every thread. */
size_t layers_block_size(int d, int n_threads);
/* g [n, d]; or NULL where its rounded copy stands alone. */
void layers_bias_gelu(int n, int d, const real *bias, real *f, real *g, Bf16 *rounded);
/* df in place of dg; rounded is df's. */
void layers_gelu_backward(int n, int d, const real *f, real *dg, real *dbias, real *scratch, Bf16 *rounded);
/* The same, and g = gelu(f) again, by one look at f. With rounded copies both stand in these alone; g is NULL. */
typedef struct {
    Bf16 *g, *df;
} GeluRounded;
void layers_gelu_again_backward(int n, int d, const real *f, real *dg, real *g, real *dbias, real *scratch,
                                const GeluRounded *rounded);
void layers_add_bias(int n, int d, const real *bias, real *x);
/* sum is added to */
void layers_column_sum(int n, int d, const real *x, real *sum, real *scratch);
void layers_round_flat(int64_t n, const real *x, Bf16 *rounded); /* rounded [n] */
void layers_round(int n, int d, const real *x, Bf16 *rounded);
/* sum [d] += the rows of x [n, d], in order. */
void layers_add_rows(int n, int d, const real *x, real *sum);
/* What all of these do with the rows behind n, for what was rounded elsewhere; rounded may be NULL. */
void layers_clear_behind(int n, int d, Bf16 *rounded);
void layers_add(int64_t n, const real *x, real *y);

void layers_dropout(const SampleRows *rows, const real *x, real *y, Bf16 *rounded);

/* Sum of the losses of n rows, rows in parallel, added in row order. logits [n, d]; loss [n] scratch. */
double layers_cross_entropy(int n, int d, real *logits, const real *bias, const int *label, double scale, double *loss,
                            Bf16 *rounded);
/* Are all numbers it wrote finite? rounded [n]: p's, or NULL. */
bool layers_adamw(int64_t n, const AdamSettings *settings, real *p, const real *g, real *m, real *v, Bf16 *rounded);
/* part [ceil(n / grain)]: the sum of squares of each grain of x, in fp64. */
void layers_square_sums(int64_t n, int grain, const real *x, double *part);

#endif
