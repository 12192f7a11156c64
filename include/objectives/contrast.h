/* contrast.h: losses over cosines of the vectors of a whole batch, and their gradients. fp64; Local, the same bits for
 * any number of threads.
 *
 * The cosine of vectors x, y is x.y / (|x| |y|); of a vector of length 0 it is 0, without gradient. Vectors lie in rows
 * of `stride` numbers, so that several of an item can lie side by side.
 *
 *   contrast    mean_i -log softmax_j(cos(x_i, y_j) / t) at j = i                         (InfoNCE, from x to y)
 *   agreement   mean_i sum_j ((cos(x_i, y_j) - cos(u_i, v_j)) / t)^2       (MABEL's alignment a1, He et al. 2022)
 *   distance    mean_i |x_i - u_i|^2                                                         (one half of its a2) */
#ifndef OBJECTIVES_CONTRAST_H
#define OBJECTIVES_CONTRAST_H

#include <stdint.h>

#include "base/arena.h"

/* n vectors of d numbers, and where their gradients are added. */
typedef struct {
    const double *x; /* [n, stride] */
    double *dx;      /* the same place by place */
} Vectors;

typedef struct {
    int most, d;       /* vectors on one side at most */
    double *unit[2];   /* [most, d] vectors of length 1 */
    double *length[2]; /* [most] */
    double *cosine[2]; /* [most, most]; then the gradients to them */
    double *dunit;     /* [most, d] */
} Contrast;            /* arrays live in the arena */

void contrast_init(Arena *arena, int most, int d, Contrast *scratch);

/* n vectors on each side: those of x[0], then those of x[1] if there are two sets of n_sets * n = at most `most`. Each
 * returns the value; weight times its gradient is added. */
double contrast_loss(Contrast *c, int n, int n_sets, const Vectors *x, const Vectors *y, int64_t stride,
                     double temperature, double weight);
double contrast_agreement(Contrast *c, int n, Vectors x, Vectors y, Vectors u, Vectors v, int64_t stride,
                          double temperature, double weight);
double contrast_distance(int n, int d, Vectors x, Vectors u, int64_t stride, double weight);

#endif
