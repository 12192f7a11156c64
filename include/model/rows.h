/* rows.h: gather rows of a matrix, and add rows back to it. Local. */
#ifndef MODEL_ROWS_H
#define MODEL_ROWS_H

#include "base/real.h"

/* out [n, d] = x[row[i]] */
void rows_gather(int n, int d, const int *row, const real *x, real *out);
/* x[row[i]] += in[i], i = 0..n-1 */
void rows_scatter_add(int n, int d, const int *row, const real *in, real *x);

#endif
