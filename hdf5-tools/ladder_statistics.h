/* ladder_statistics.h: does a score follow the planted skew? Seeds are the units of all that is said here: models of
 * one seed share their first weights and the draws of their text. What cannot be measured is NaN. */
#ifndef HDF5_TOOLS_LADDER_STATISTICS_H
#define HDF5_TOOLS_LADDER_STATISTICS_H

#include "ladder_data.h"

/* A mean over seeds with its 95 % interval by Student's t, and the p of a mean of `centre` (two-sided); n - 1 degrees
 * of freedom, NaN below two. */
typedef struct {
    double mean, low, high, p;
    int n;
} LadderMean;
LadderMean ladder_mean(int n, const double *x, double centre);

/* P(|T| > t) of Student's t, whole degrees of freedom >= 1 (Abramowitz and Stegun 26.7.3 and 26.7.4); and the t whose
 * P it is. */
double student_tail(double t, int freedom);
double student_quantile(double tail, int freedom);

/* Spearman's rank correlation of level and value over the models that have one; equal ones share the mean of their
 * ranks. NaN: fewer than two models, or all values or all levels are equal. */
double ladder_correlation(const Ladder *ladder, const double *value);
/* The largest that ladder_correlation can be with these levels and seeds where no two values are equal. */
double ladder_largest_correlation(const Ladder *ladder);

typedef struct {
    LadderMean at_fair;   /* at level 0; p: of the fair value */
    double p_adjusted;    /* Holm's, over all scores with a fair value */
    int n_own, n_outside; /* models of level 0 with an interval of their own; whose leaves the fair value out */
    double rho, rho_low,
        rho_high; /* 95 %, jackknife over seeds; NaN below three, or where all of them order a score alike */
    LadderMean *at, *difference; /* owned [n_levels] each: of the level; less level 0 of the same seed */
    int told;                    /* number of the smallest level from which on every level differs from level 0 in one
                                    direction, each by its interval of 95 %; n_levels: there is none */
    int direction;               /* of these differences: 1 or -1 */
} LadderResult;

enum { LADDER_LEAST = 3 /* seeds for the interval of a rank correlation */ };

/* result [n_scores], to be freed by ladder_results_free. */
LadderResult *ladder_results(const Ladder *ladder);
void ladder_results_free(LadderResult *result, int n);

/* Listed scores with a fair value; those that differ from it at p < 0.05, and after Holm's correction. */
typedef struct {
    int n, n_differ, n_adjusted;
} LadderFair;
LadderFair ladder_count_fair(const Ladder *ladder, const LadderResult *result);

#endif
