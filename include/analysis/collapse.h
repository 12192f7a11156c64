/* collapse.h: measures of neural collapse between class means and word embeddings, with gradients.
 *
 * Over the K classes that have been met:  mu_c class mean,  mu_G = (1/K) sum mu_c,  d_c = mu_c - mu_G,
 * m_c = d_c / (|d_c| + e),  w_c word embedding,  what_c = w_c / (|w_c| + e),  s_c = m_c . what_c,
 * e = 2^-23 (as the published code; methods of Papyan, Han, Donoho 2020, Wu, Papyan 2024):
 *
 *   unc3  standard deviation (K - 1) of s_c
 *   nc3   mean of 1 - s_c
 *   nc1   sum_c [ var_c + |d_c|^2 - (what_c . d_c)^2 ] / sum_c |d_c|^2: spread of the states about
 *         the axis of their word, over the spread of the means. With perfect duality (s_c = 1) it is
 *         the quotient tr S_W / tr S_B. var_c = (1/n_c) sum |x - mu_c|^2
 *   nc2   (1/2) [E(d) + E(w - mean w)], E(u) = mean over pairs of (cos(u_c, u_c') + 1/(K-1))^2:
 *         distance of means and embeddings from a simplex ETF
 *
 * A class whose d_c or w_c has no direction (length 0, or d_c below the rounding of states in fp32, 2^-23 of the means'
 * root mean square) is left out of unc3 and nc3; in nc2 its cosines are 0. With fewer than two classes that have one
 * there is nothing to compare: no measure is taken (NaN) and the gradients are 0. Local; all arithmetic in fp64. */
#ifndef ANALYSIS_COLLAPSE_H
#define ANALYSIS_COLLAPSE_H

#include <stdbool.h>

#include "analysis/class_means.h"

typedef enum { COLLAPSE_UNC3, COLLAPSE_NC3, COLLAPSE_NC1, COLLAPSE_NC2 } CollapseMetric;

typedef struct {
    int max_classes, n_features;
    int n_active;                    /* K */
    int *active;                     /* [K] their places in the class list */
    double *centred;                 /* [K, D] d_c */
    double *row;                     /* [K, D] w_c */
    double *centred_norm, *row_norm; /* [K] */
    double *variance;                /* [K] var_c */
    double *cosine;                  /* [K] s_c */
    bool *has_direction;             /* [K] neither d_c nor w_c is 0 */
    int n_directed;                  /* classes that have one */
    bool is_measured;                /* by the last collapse_measure: false = not enough classes, and no gradient */
    double *drow;                    /* [K, D] gradient of the measure to w_c */
    double *dmean;                   /* [K, D] gradient to mu_c at fixed var_c */
    double *dvariance;               /* [K]    gradient to var_c */
    double *unit;                    /* [K, D] scratch */
} Collapse;                          /* arrays live in the arena given to collapse_init */

void collapse_init(Arena *arena, int max_classes, int n_features, Collapse *collapse);

/* Gather the classes of means that have a count, and their rows of the embedding matrix.
 * id [n_classes]: the row of each class in word [V, D]. */
void collapse_gather(const ClassMeans *means, const int *id, const real *word, Collapse *collapse);

/* The value of a measure, NaN where it cannot be taken (is_measured is false then; a NaN with is_measured true comes
 * from the states or the weights); fills drow, dmean and dvariance. */
double collapse_measure(CollapseMetric metric, Collapse *collapse);

/* Mean and standard deviation (n - 1) of s_c over the n classes with a direction, without gradients: NaN for n = 0, and
 * for n < 2. */
void collapse_duality(const Collapse *collapse, double *mean, double *deviation);

#endif
