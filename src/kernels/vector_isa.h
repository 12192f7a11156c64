/* vector_isa.h: private to the files compiled once per instruction set. ISA is set by the Makefile
 * to plain, avx2 or avx512 and becomes the suffix of every name, so that the copies can be linked
 * together. */
#ifndef KERNELS_VECTOR_ISA_H
#define KERNELS_VECTOR_ISA_H

#include "kernels/vector.h"

#define ISA_JOIN_2(name, isa) name##_##isa
#define ISA_JOIN(name, isa)   ISA_JOIN_2(name, isa)
#define KERNEL(name)          ISA_JOIN(name, ISA)

void KERNEL(layernorm_forward)(int n, int d, const real *x, const real *gamma, const real *beta, double epsilon,
                               real *y, real *mean, real *rstd);
void KERNEL(layernorm_backward)(int n, int d, const real *dy, const real *x, const real *mean, const real *rstd,
                                const real *gamma, real *dx, real *dgamma, real *dbeta);
void KERNEL(bias_gelu)(int n, int d, const real *bias, real *f, real *g);
void KERNEL(gelu)(int n, int d, const real *f, real *g);
void KERNEL(gelu_backward)(int n, int d, const real *f, const real *dg, real *df, real *dbias);
void KERNEL(bias_gelu_rounded)(int n, int d, const real *bias, real *f, Bf16 *g);
void KERNEL(gelu_backward_rounded)(int n, int d, const real *f, const real *dg, Bf16 *g, Bf16 *df, real *dbias);
void KERNEL(add_bias)(int n, int d, const real *bias, real *x);
void KERNEL(column_sum)(int n, int d, const real *x, real *sum);
void KERNEL(add)(int64_t n, const real *x, real *y);
void KERNEL(bias_dropout_add)(int n, int d, const real *x, const real *bias, const real *residual,
                              const Dropout *dropout, int first_row, real *s);
void KERNEL(dropout)(int n, int d, int64_t ld, const real *x, const Dropout *dropout, int first_row, real *y);
void KERNEL(exponentials)(int n, int d, real scale, real *s, int64_t lds, real *maximum, real *inverse);
void KERNEL(exponentials_again)(int n, int d, real scale, const real *maximum, real *s, int64_t lds);
void KERNEL(scores_backward)(int n, int d, int64_t ld, const real *p, const real *dropped, const real *dot, real *dp);
void KERNEL(round)(int64_t n, const real *x, Bf16 *y);
void KERNEL(round_rows)(int n, int d, const real *factor, const real *x, int64_t ldx, Bf16 *y, int64_t ldy, real *sum);
void KERNEL(scale_rows)(int n, int d, const real *factor, const real *x, int64_t ldx, real *y, int64_t ldy);
void KERNEL(row_dots)(int n, int d, const real *x, int64_t ldx, const real *y, int64_t ldy, real *dot);
double KERNEL(cross_entropy)(int n, int d, real *logits, const real *bias, const int *label, double scale);
real KERNEL(adamw)(int64_t n, const AdamSettings *settings, real *p, const real *g, real *m, real *v);
double KERNEL(square_sum)(int64_t n, const real *x);
void KERNEL(small_product)(int m, int n, int k, const real *a, int64_t a_row, int64_t a_column, const real *b,
                           int64_t ldb, bool adds, real *c, int64_t ldc, Fetch *fetch);
void KERNEL(pack)(int rows, int columns, const real *x, int64_t ldx, const real *factor, real *y);
void KERNEL(pack_rounded)(int rows, int columns, const Bf16 *x, int64_t ldx, const real *factor, real *y);
void KERNEL(pack_transposed)(int rows, int columns, const real *x, int64_t ldx, real scale, real *y);

#endif
