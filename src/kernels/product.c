/* product.c: where the parts of a product begin. */
#include "kernels/product.h"

ProductGrid product_grid(const Product *p, int rows, int columns)
{
    const int across = (p->n + columns - 1) / columns;
    return (ProductGrid){rows, columns, across, across * ((p->m + rows - 1) / rows)};
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
