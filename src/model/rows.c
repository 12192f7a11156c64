/* rows.c: row copies. */
#include "model/rows.h"

#include <string.h>

void rows_gather(int n, int d, const int *row, const real *x, real *out)
{
    for (int i = 0; i < n; i++)
        memcpy(out + (size_t)i * (size_t)d, x + (size_t)row[i] * (size_t)d, (size_t)d * sizeof(real));
}

void rows_scatter_add(int n, int d, const int *row, const real *in, real *x)
{
    for (int i = 0; i < n; i++) {
        const real *from = in + (size_t)i * (size_t)d;
        real *to = x + (size_t)row[i] * (size_t)d;
        for (int j = 0; j < d; j++) to[j] += from[j];
    }
}
