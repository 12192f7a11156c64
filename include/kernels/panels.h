/* panels.h: products with a matrix that stays as it is: weights while nobody trains them, or of one step for all its
 * shards. Local.
 *
 * A library puts both operands of every product in order first; where few rows meet a large matrix that takes longer
 * than the product. Here the matrix is put in order once: in panels of PRODUCT_PAD columns of op(W), row by row. An
 * element of C is one fused sum over k in order, a function of its row of A and its column of op(W) alone. */
#ifndef KERNELS_PANELS_H
#define KERNELS_PANELS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/real.h"
#include "kernels/gemm.h"

/* Numbers that op(W) [k, n] takes in panels. W as it is stored: [k, n] PLAIN, [n, k] TRANSPOSED. */
size_t panels_size(int n, int k);
void panels_fill(Transpose t, int n, int k, const real *w, real *panels);

/* C [m, n] = A [m, k] op(W) + bias, added to C if `adds`; bias [n] or NULL. lda, ldc: row strides. By all threads. */
void panels_product(int m, int n, int k, const real *a, int lda, const real *panels, bool adds, const real *bias,
                    real *c, int ldc);

#endif
