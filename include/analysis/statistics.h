/* statistics.h: summaries of per-item scores. Local. What too few items do not say is NaN, never 0. */
#ifndef ANALYSIS_STATISTICS_H
#define ANALYSIS_STATISTICS_H

#include <stdint.h>

#include "base/random.h"

double statistics_mean(int n, const double *x); /* NaN for n = 0 */
double statistics_median(int n, double *x);     /* x is sorted, ascending; n >= 1 */

/* mean, variance and sd with n - 1 (NaN for n < 2), cov = sd / |mean| (NaN for a mean of 0). */
typedef struct {
    double mean, variance, sd, cov;
} Moments;
Moments statistics_moments(int n, const double *x);

typedef struct {
    double low, high;
} Interval;

/* Fewer items or classes have no interval: their resamples are too few different ones, and many lack what is measured.
 */
enum { STATISTICS_LEAST = 5 };

/* 95 % bounds of those of n values (which change places) that are finite: NaN if half of them or more are not. */
Interval statistics_interval(int n, double *x);
/* 95 % percentile bootstrap interval of the mean of n items (Efron 1979), `resamples` resamples; a function of the seed
 * alone. NaN for n < STATISTICS_LEAST. */
Interval statistics_bootstrap_mean(int n, const double *x, int resamples, uint64_t seed);

/* The same for statistics of any data: `resample` draws a resample and computes n_values of it. Runs on all threads. */
typedef void (*Resample)(const void *context, RandomDraws *draws, double *value);
void statistics_bootstrap(int resamples, uint64_t seed, int n_values, Resample resample, const void *context,
                          Interval *interval);
/* The same for a mean over n_clusters clusters of items: sum and count of each; clusters are drawn whole. */
Interval statistics_bootstrap_clusters(int n_clusters, const double *sum, const double *count, int resamples,
                                       uint64_t seed);

/* Wilcoxon's signed-rank test of n differences: those of 0 left out (n of them count), equal sizes share their ranks.
 * plus: the sum of the ranks of differences > 0; z: its normal approximation, corrected for ties; r = |z| / sqrt(n);
 * p: two-sided. NaN if none count. */
typedef struct {
    int n;
    double plus, z, r, p;
} SignedRank;
SignedRank statistics_signed_rank(int n, const double *difference);

#endif
