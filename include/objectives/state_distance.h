/* state_distance.h: how far states are from those they are to stay at. Local, the same bits for any number of threads.
 *
 *   mse   sum over rows of the mean over D of (o - h)^2
 *   kl    sum over rows of KL(softmax(o), softmax(h)) + KL(softmax(-o), softmax(-h)), softmax over D, logarithms to
 *         base 2 */
#ifndef OBJECTIVES_STATE_DISTANCE_H
#define OBJECTIVES_STATE_DISTANCE_H

#include "base/real.h"

typedef enum { STATE_MSE, STATE_KL } StateDistance;

/* The sum over n rows of h and of o, the states they are to stay at, both [n, d]; weight times its gradient is added to
 * dh. */
double state_distance(StateDistance kind, int n, int d, const real *o, const real *h, double weight, real *dh);

#endif
