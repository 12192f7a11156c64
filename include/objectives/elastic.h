/* elastic.h: elastic weight consolidation: weights are held where they were, each as firmly as its Fisher number says
 * (Kirkpatrick et al. 2017). Local.
 *
 *   loss = sum_p F_p (theta_p - theta0_p)^2 */
#ifndef OBJECTIVES_ELASTIC_H
#define OBJECTIVES_ELASTIC_H

#include <stdint.h>

#include "base/real.h"

/* Over n numbers; weight times the gradient is added to g. The same bits for any number of threads. */
double elastic_loss(int64_t n, const real *fisher, const real *origin, double weight, const real *theta, real *g);

#endif
