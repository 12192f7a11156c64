/* seat_measure.h: effect size and permutation test of WEAT (Caliskan, Bryson and Narayanan 2017, Science) from the
 * associations of targets: s [n_x + n_y], those of X first. Local. */
#ifndef EVALUATE_SEAT_MEASURE_H
#define EVALUATE_SEAT_MEASURE_H

#include <stdint.h>

#include "analysis/statistics.h"

/* (mean of X - mean of Y) / standard deviation of all, with n - 1. NaN for fewer than two targets, or no spread. */
double seat_effect(int n_x, int n_y, const double *s);
/* 95 % percentile bootstrap: targets drawn within X and within Y; NaN if a set has fewer than STATISTICS_LEAST. */
Interval seat_interval(int n_x, int n_y, const double *s, int resamples, uint64_t seed);

enum { SEAT_EXACT = 100000 /* splits, at most: all of them are counted */ };
/* One-sided: the share of equal splits of the 2 n targets whose first half has at least X's sum (ties within 1e-12
 * count). All splits, or `draws` random ones and X itself: (1 + count) / (1 + draws). */
double seat_p(int n, const double *s, int draws, uint64_t seed);

#endif
