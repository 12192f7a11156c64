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

void layers_layernorm(int n, int d, const real *x, const real *gamma, const real *beta, double epsilon, real *y,
                      real *mean, real *rstd, Bf16 *rounded);
void layers_layernorm_backward(int n, int d, const real *dy, const real *x, const real *mean, const real *rstd,
                               const real *gamma, real *dx, real *dgamma, real *dbeta, real *scratch);
/* The numbers of g: [n, d], or, where only the rounded copy is wanted, scratch for a block of every thread. */
size_t layers_gelu_size(int n, int d, bool is_rounded, int n_threads);
void layers_bias_gelu(int n, int d, const real *bias, real *f, real *g, Bf16 *rounded);
void layers_gelu(int n, int d, const real *f, real *g, Bf16 *rounded);
void layers_gelu_backward(int n, int d, const real *f, real *dg, real *dbias, real *scratch, Bf16 *rounded);
void layers_add_bias(int n, int d, const real *bias, real *x);
/* sum is added to; rounded is x's */
void layers_column_sum(int n, int d, const real *x, real *sum, real *scratch, Bf16 *rounded);
void layers_round_flat(int64_t n, const real *x, Bf16 *rounded); /* rounded [n] */
void layers_round(int n, int d, const real *x, Bf16 *rounded);
void layers_add(int64_t n, const real *x, real *y);

/* The rows of sample b are offset[b] .. offset[b+1]-1; site and key as in Dropout, one per sample. */
void layers_bias_dropout_add(int n_samples, const int *offset, int d, const real *x, const real *bias,
                             const real *residual, const Dropout *dropout, real *s);
void layers_dropout(int n_samples, const int *offset, int d, const real *x, const Dropout *dropout, real *y,
                    Bf16 *rounded);

/* Sum of the losses of n rows, rows in parallel, added in row order. logits [n, d]; loss [n] scratch. */
double layers_cross_entropy(int n, int d, real *logits, const real *bias, const int *label, double scale, double *loss,
                            Bf16 *rounded);
/* Are all numbers it wrote finite? */
bool layers_adamw(int64_t n, const AdamSettings *settings, real *p, const real *g, real *m, real *v);
/* part [ceil(n / grain)]: the sum of squares of each grain of x, in fp64. */
void layers_square_sums(int64_t n, int grain, const real *x, double *part);

#endif
