/* bf16_product.h: products of bfloat16 by kernels of this program, for processors with AVX512-BF16 and without AMX,
 * where oneDNN's are no faster (docs/performance.md, Zen 5; docs/decisions.md). Local. */
#ifndef KERNELS_BF16_PRODUCT_H
#define KERNELS_BF16_PRODUCT_H

#include <stdbool.h>

#include "kernels/product.h"

bool bf16_product_is_built(void); /* for this kind of processor, whether or not this one has the instructions */

/* C = op(A) op(B) + beta C, beta 0 or 1, plus bias [n] in every row or NULL; to x, or rounded to `rounded` (beta 0).
 * alpha is 1. Sums in fp32, over stretches of k in order, one if C is rounded: an element depends on its row, its
 * column and k alone. By all threads. */
void bf16_product(const Product *product, const Bf16 *a, const Bf16 *b, const float *bias, float *x, Bf16 *rounded);

#endif
