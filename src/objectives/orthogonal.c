/* orthogonal.c: one inner product a row. */
#include "objectives/orthogonal.h"

#include <math.h>
#include <stddef.h>

double orthogonal_loss(int n, const int *row, int d, const double *direction, bool squares, double weight,
                       const real *h, real *dh)
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        const real *x = h + (size_t)row[i] * (size_t)d;
        real *dx = dh + (size_t)row[i] * (size_t)d;
        double along = 0;
        for (int j = 0; j < d; j++) along += (double)x[j] * direction[j];
        sum += squares ? along * along : fabs(along);
        const double slope = squares ? 2 * along : (along > 0) - (along < 0);
        for (int j = 0; j < d; j++) dx[j] += (real)(weight * slope * direction[j]);
    }
    return sum;
}
