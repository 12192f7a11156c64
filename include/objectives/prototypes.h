/* prototypes.h: where words lie among the mean vectors (prototypes) of groups of words. fp64; Local, the same bits for
 * any number of threads.
 *
 * A word's vector n [K, D] are its states in K layers, the mean over its pieces; a group's prototype a_i [K, D] is the
 * mean over its words. Of item j and group i, s_ij is
 *
 *   distance   |a_i - n_j|^2                                             over all layers
 *   product    1/K sum_k a_i[k] . n_j[k]
 *   square     1/K sum_k (a_i[k] . n_j[k])^2
 *
 * and of n items the losses are
 *
 *   spread     P_i = softmax over j of -s_ij / (2 rho^2);  mean over pairs i < i' of JS(P_i, P_i'), logarithms to base
 * 2 (relative distances of Yang et al. 2023, ADEPT) squares    sum_i (mean_j s_ij)^2 (with products: DPCE as published
 * with ADEPT) means      sum_i mean_j s_ij                                         (with squares: Kaneko and Bollegala
 * 2021) */
#ifndef OBJECTIVES_PROTOTYPES_H
#define OBJECTIVES_PROTOTYPES_H

#include <stdint.h>

#include "base/real.h"

/* Where a word stands: rows row [n] of the states; its vector is share times the sum of them. */
typedef struct {
    int n;
    const int *row;
    double share; /* 1 / n; as published 1 / (most pieces of a word in the batch) */
} WordPlace;

/* v [n_layers, d] of states h[0 .. n_layers - 1], each [N, d]. */
void prototypes_vector(const WordPlace *word, int n_layers, int d, real *const *h, double *v);
/* Its gradient dv goes back to the states: dh[k] += ... */
void prototypes_vector_backward(const WordPlace *word, int n_layers, int d, const double *dv, real *const *dh);

typedef enum { PROTOTYPE_DISTANCE, PROTOTYPE_PRODUCT, PROTOTYPE_SQUARE } PrototypeMeasure;

/* s of v and a [n_layers, d]. */
double prototypes_measure(PrototypeMeasure measure, int n_layers, int d, const double *v, const double *a);
/* dv += ds times the gradient of s. */
void prototypes_measure_backward(PrototypeMeasure measure, int n_layers, int d, const double *v, const double *a,
                                 double ds, double *dv);

/* s [n, stride], of which the first n_groups numbers of each row count; weight times the gradient is added to ds, place
 * by place. p: scratch [n_groups, n]. */
double prototypes_spread(int n, int n_groups, int64_t stride, const double *s, double rho, double weight, double *p,
                         double *ds);
double prototypes_squares(int n, int n_groups, int64_t stride, const double *s, double weight, double *ds);
double prototypes_means(int n, int n_groups, int64_t stride, const double *s, double weight, double *ds);

#endif
