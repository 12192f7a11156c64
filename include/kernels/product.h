/* product.h: a matrix product, and how C is cut into parts that threads compute apart. For the libraries behind
 * kernels/gemm. Local. */
#ifndef KERNELS_PRODUCT_H
#define KERNELS_PRODUCT_H

#include <stdint.h>

#include "kernels/gemm.h"

/* C [m, n] = alpha op(A) [m, k] op(B) [k, n] + beta C, as in gemm. */
typedef struct {
    Transpose ta, tb;
    int m, n, k, lda, ldb, ldc;
    double alpha, beta;
} Product;

/* How many parts, none longer than `most`. */
static inline int product_parts(int length, int most)
{
    return (length + most - 1) / most;
}
/* The length of parts of `length` > 0, as even as may be: none above `most`, multiples but for the last. */
int product_even(int length, int most, int multiple);

/* C in a grid of parts, row by row; those at the ends may be smaller. */
typedef struct {
    int rows, columns; /* of C in a part */
    int across, n;     /* parts in a row of the grid; parts */
} ProductGrid;
ProductGrid product_grid(const Product *product, int rows, int columns);

/* A part's product, and where it begins: elements into A, B and C. */
typedef struct {
    Product product;
    int64_t a, b, c;
} ProductPart;
ProductPart product_part(const Product *product, const ProductGrid *grid, int i);

#endif
