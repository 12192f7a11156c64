/* bf16_tile.h: the innermost part of a product of bfloat16, for processors with AVX512-BF16. Private to bf16_product.c;
 * bf16_tile.c alone is compiled for these processors. Local, one thread.
 *
 * The instruction adds two products of neighbours along k to a sum in fp32. So numbers go by pairs along k: in panels,
 * [pairs, width] of them, a column's pairs one behind the other; those of an odd k end with 0. */
#ifndef KERNELS_BF16_TILE_H
#define KERNELS_BF16_TILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/real.h"

enum {
    BF16_PANEL = 48, /* columns of a panel of B: three registers */
    BF16_ROWS = 8    /* of C in a tile: 24 sums in registers */
};

typedef struct {
    uint16_t first, second; /* along k */
} Bf16Pair;

bool bf16_tile_is_built(void); /* for this kind of processor; else nothing below may be called */

/* y [(k + 1) / 2, width] = the pairs of `width` columns of x, a multiple of 16; where x has fewer, 0. `next` pairs
 * behind y begin those of the next columns, until x has no more. x [k, columns] as it is stored, with row stride ldx.
 */
void bf16_pairs(int k, int columns, int width, const Bf16 *x, int64_t ldx, Bf16Pair *y, int64_t next);
/* The same of x [columns, k], columns <= width. */
void bf16_pairs_transposed(int k, int columns, int width, const Bf16 *x, int64_t ldx, Bf16Pair *y);

/* Where a stretch of k of a product goes, and what else is added. */
typedef struct {
    bool adds;         /* to what x holds */
    const float *bias; /* [n], or NULL */
    float *x;          /* one of both */
    Bf16 *rounded;     /* to the nearest, ties to even; adds is false */
    int64_t ld;
} Bf16Result;

/* C [m, n] = A B for n <= BF16_PANEL: pair l of row i of A is the two numbers at a + i row + l pair. Each element is
 * one sum over k in order, a function of its row of A and its column of B alone, to which what C held is added at the
 * end. */
void bf16_tiles(int m, int n, int pairs, const Bf16 *a, int64_t row, int64_t pair, const Bf16Pair *panel,
                const Bf16Result *c);

#endif
