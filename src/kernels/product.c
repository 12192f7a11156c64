/* product.c: where the parts of a product begin. */
#include "kernels/product.h"

int product_even(int length, int most, int multiple)
{
    return product_parts(product_parts(length, product_parts(length, most)), multiple) * multiple;
}

ProductGrid product_grid(const Product *p, int rows, int columns)
{
    const int across = product_parts(p->n, columns);
    return (ProductGrid){rows, columns, across, across * product_parts(p->m, rows)};
}

ProductPart product_part(const Product *p, const ProductGrid *g, int i)
{
    const int row = i / g->across * g->rows, column = i % g->across * g->columns;
    ProductPart part = {.product = *p,
                        .a = p->ta == PLAIN ? (int64_t)row * p->lda : row,
                        .b = p->tb == PLAIN ? column : (int64_t)column * p->ldb,
                        .c = (int64_t)row * p->ldc + column};
    part.product.m = p->m - row < g->rows ? p->m - row : g->rows;
    part.product.n = p->n - column < g->columns ? p->n - column : g->columns;
    return part;
}
