/* pairs.h: measures over all pairs of classes, tile by tile: the K x K matrix never exists. Rows of tiles are dealt to
 * the ranks. Two sweeps, the means and then squared deviations from them, so that variances are exact to rounding.
 * Letters: K classes, D features; c < c'; d_c centred class mean, r_c = |d_c|, u_c = d_c / r_c. */
#ifndef ANALYSIS_PAIRS_H
#define ANALYSIS_PAIRS_H

#include "parallel/comm.h"

/* What is averaged over the pairs. */
typedef enum {
    PAIR_COSINE,               /* u_c . u_c' */
    PAIR_GRAM,                 /* d_c . d_c' */
    PAIR_OFF_TARGET,           /* |u_c . u_c' + 1 / (K - 1)|: distance from a simplex ETF */
    PAIR_LOG_KERNEL,           /* -ln |u_c - u_c'| (Liu et al. 2021; GNC2) */
    PAIR_LOG_KERNEL_UNCENTRED, /* the same with mu_c / |mu_c| */
    PAIR_CDNV_1,               /* V = (var_c + var_c') / (2 |mu_c - mu_c'|^2) (Galanti et al. 2021) */
    PAIR_CDNV_2,               /* the same over the 4th power of the distance (as in two published programs) */
    PAIR_LOG_CDNV_1,
    PAIR_LOG_CDNV_2, /* ln V */
    PAIR_INVERSE_CDNV_1,
    PAIR_INVERSE_CDNV_2, /* 1 / V */
    N_PAIR_MEASURES
} PairMeasure;

typedef struct {
    int64_t n;             /* pairs that count: not those of equal means, nor ln and 1/V of V = 0 */
    double mean, variance; /* over the pairs, population variance; NaN for n = 0, and for n < 2 */
    double max;            /* NaN for n = 0 */
} PairSummary;

typedef struct {
    PairSummary measure[N_PAIR_MEASURES];
    int64_t n_pairs, n_equal; /* pairs; of them with equal means */
    double etf_error;         /* | G/|G| - (I - 11^T/K) / sqrt(K-1) |, G = d d^T (Frobenius) */
    double duality_error;     /* the same with W d^T in the place of G */
} PairResult;

typedef struct {
    int n_classes, n_features;
    const double *centred;  /* [K, D] d_c */
    const double *centre;   /* [D] mu_G, so that mu_c = d_c + mu_G */
    const double *variance; /* [K] var_c */
    const double *row;      /* [K, D] w_c */
    double noise; /* squared lengths of differences of means up to this are rounding: no length, no direction */
} PairInput;

/* Collective. K >= 2. progress: NULL, or called with the share done on this rank. */
void pairs_measure(const Comm *comm, const PairInput *input, void (*progress)(double share), PairResult *result);

#endif
