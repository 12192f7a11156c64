/* statistics.h: summaries of per-item scores. Local. */
#ifndef ANALYSIS_STATISTICS_H
#define ANALYSIS_STATISTICS_H

#include <stdint.h>

double statistics_mean(int n, const double *x);
double statistics_median(int n, double *x); /* x is sorted, ascending; n >= 1 */

/* mean, variance and sd with n - 1 (0 for n < 2), cov = sd / |mean|. */
typedef struct {
    double mean, variance, sd, cov;
} Moments;
Moments statistics_moments(int n, const double *x);

typedef struct {
    double low, high;
} Interval;

/* 95 % percentile bootstrap interval of the mean of n items (Efron 1979), `resamples` resamples; a
 * function of the seed alone. {0, 0} for n = 0. */
Interval statistics_interval(int n, double *x); /* the same bounds of n values, which are sorted */
Interval statistics_bootstrap_mean(int n, const double *x, int resamples, uint64_t seed);

#endif
