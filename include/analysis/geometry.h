/* geometry.h: the collapse measures of a set of classes (Papyan, Han, Donoho 2020; Wu, Papyan 2024), in fp64.
 *
 * K classes with counts n_c, means mu_c, within-class scatter; w_c the word embedding of class c.
 *   mu_G = (1/K) sum mu_c (or sum n_c mu_c / sum n_c);  d_c = mu_c - mu_G;  r_c = |d_c|;  var_c = (1/n_c) sum |x -
 * mu_c|^2 S_W = (1/N) sum (x - mu_y)(x - mu_y)^T, N = sum n_c;  S_B = (1/K) sum d_c d_c^T nc1_pinv = tr(S_B^+ S_W) / K
 * (eigenvalues that are rounding dropped: below D eps l_max, or 2^-46 of the mean
 *   square of the states, which are computed in fp32), nc1_top the same with the K - 1 largest at most, nc1_quotient =
 * tr S_W / tr S_B; s_c = cos(w_c, d_c);   pairs: analysis/pairs.h */
#ifndef ANALYSIS_GEOMETRY_H
#define ANALYSIS_GEOMETRY_H

#include "analysis/matrix.h"
#include "analysis/pairs.h"

typedef struct {
    int n_classes, n_features;
    const int64_t *count;  /* [K], all >= 1 */
    const double *mean;    /* [K, D] */
    const double *scatter; /* [K] sum of |x - mu_c|^2; NULL: not measured, var_c and what needs it are NaN */
    const double *within;  /* [D, D] sum of outer products; NULL as well */
    const double *row;     /* [K, D] w_c */
    bool weighted_centre;
} GeometryInput;

enum { GEOMETRY_AXES = 3 };

typedef struct {
    int n_classes, n_features;
    double *centre;                  /* owned [D] mu_G */
    double *centred;                 /* owned [K, D] d_c */
    double *variance, *norm;         /* owned [K] var_c, r_c */
    double *cosine, *dot, *distance; /* owned [K] s_c, w_c . d_c, |what_c - u_c| */
    double *between, *within;        /* owned [D] eigenvalues of S_B and S_W, descending */
    double *principal;               /* owned [K, 3] d_c along the three main axes of S_B (largest entry positive); NaN
                                        for the axes that a space of fewer dimensions does not have */
    double nc1_pinv, nc1_top, nc1_quotient;
    double noise; /* squared lengths up to this are rounding of states in fp32: 2^-46 of the means' mean square */
    int n_zero;   /* classes with d_c = 0 (below that noise) or w_c = 0: no direction; left out of s_c's statistics */
    PairResult pairs;
} Geometry;

/* Collective. Fails if K < 2, if a number is not finite, or if all means are one point. progress as in pairs_measure.
 */
Status geometry_measure(const Comm *comm, const Road *road, const GeometryInput *input, void (*progress)(double share),
                        Geometry *geometry);
void geometry_free(Geometry *geometry);

/* Measures that need no pairs, of some classes of a larger table: for groups, resampled and random sets; NaN where the
 * picked classes do not give one: unc3 and cos_mean need two different classes with a direction, norm_cov two
 * different classes, and about their own centre all need two. Local. */
typedef struct {
    double nc3, unc3, norm_cov, cos_mean; /* cos_mean: over pairs of different classes */
} SubsetMeasures;
/* pick [n]: places in mean, row [.., D], repetition allowed; centre NULL: the mean of the picked. noise: Geometry's. */
SubsetMeasures geometry_of_subset(int n, const int *pick, int d, const double *mean, const double *row,
                                  const double *centre, double noise);

#endif
