/* gemm_onednn.h: oneDNN's products, for kernels/gemm alone. In a build without oneDNN only onednn_is_built may be
 * called. Local. */
#ifndef KERNELS_GEMM_ONEDNN_H
#define KERNELS_GEMM_ONEDNN_H

#include <stdbool.h>

#include "kernels/product.h"

bool onednn_is_built(void);
/* level: as vector_choose; oneDNN uses no newer instructions. Takes effect before its first product. */
void onednn_init(int level);
const char *onednn_library(void); /* "oneDNN 2.6.3" */
bool onednn_has_bf16(void);
bool onednn_has_amx(void);
const char *onednn_family(bool of_bf16); /* the instruction set its kernels are made for: "avx512_core" */

/* fixed_order: C is cut into parts that depend on its shape alone, each computed by one thread; else oneDNN spreads
 * the product itself, and may cut the sum over k by the number of threads. */
void onednn_f32(const Product *product, const float *a, const float *b, float *c, int threads, bool fixed_order);
/* The same of bfloat16, sums in fp32, in such parts also where every thread gets several; alpha 1, beta 0 or 1; bias
 * [n] is added to every row, or NULL. C goes to c, or rounded, with beta 0; the other is NULL. The first product of a
 * shape makes its code (a millisecond). */
void onednn_bf16(const Product *product, const Bf16 *a, const Bf16 *b, const float *bias, float *c, Bf16 *rounded,
                 int threads, bool fixed_order);

#endif
