/* panels.h: products with a matrix that stays as it is, such as a model's weights while nobody trains them. Local.
 *
 * A library puts both operands of every product in order first; where few rows meet a large matrix that takes longer
 * than the product. Here the matrix is put in order once: in panels of PRODUCT_PAD of its rows, each transposed. An
 * element of C is one fused sum over k in order, a function of its row of A and its row of W alone. */
#ifndef KERNELS_PANELS_H
#define KERNELS_PANELS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/real.h"

/* Numbers that W [n, k] takes in panels. */
size_t panels_size(int n, int k);
void panels_fill(int n, int k, const real *w, real *panels);

/* C [m, n] = A [m, k] W^T + bias, added to C if `adds`; bias [n] or NULL. lda, ldc: row strides. By all threads. */
void panels_product(int m, int n, int k, const real *a, int lda, const real *panels, bool adds, const real *bias,
                    real *c, int ldc);

#endif
