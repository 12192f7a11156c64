/* orthogonal.h: states that should have no part along a direction. Local.
 *
 *   loss = sum over rows of |h . g|   or of (h . g)^2        g [D] of length 1 (Park et al. 2023) */
#ifndef OBJECTIVES_ORTHOGONAL_H
#define OBJECTIVES_ORTHOGONAL_H

#include <stdbool.h>

#include "base/real.h"

/* The sum over n rows (numbers row [n]) of h [N, d]; weight times its gradient is added to dh. */
double orthogonal_loss(int n, const int *row, int d, const double *direction, bool squares, double weight,
                       const real *h, real *dh);

#endif
