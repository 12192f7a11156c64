/* compare.h: evaluate --compare: how far two models differ on the same items, metric by metric. Local, rank 0.
 *
 * A metric that can be compared is a function of sums over items: a mean is (sum x) / (sum 1). Both models are
 * resampled together, whole units at a time (a sentence pair, the sentences of a template), so that what is hard for
 * both does not widen the interval: the paired percentile bootstrap (Efron and Tibshirani 1993, chapters 8 and 15). */
#ifndef EVALUATE_COMPARE_H
#define EVALUATE_COMPARE_H

#include "evaluate/result.h"

/* The metric from its sums; NaN where it is not measured. */
typedef double (*MeasureOf)(const double *sum);

enum { MEASURE_SUMS = 6, COMPARE_RESAMPLES = 10000, COMPARE_SEED = 1 };

typedef struct {
    char *name; /* owned: of the metric */
    MeasureOf of;
    int n_sums;
    double *x[MEASURE_SUMS]; /* owned [n_rows]: what a row adds to each sum; NaN: the model did not measure the row */
} Measure;

typedef struct {
    int64_t n_rows;
    Measure *measure; /* owned [n] */
    size_t n, capacity;
    const char *unit;  /* borrowed: what is resampled, for the reader */
    int *unit_of;      /* owned [n_rows]: units by number, from 0 */
    int *group_of;     /* owned [n_rows]: groups of units by number, from 0; all rows of a unit have one */
    bool draws_groups; /* groups are drawn, then units within each (two stages); else units within every group */
} Measures;

/* A measure whose rows add nothing yet; fill x. */
Measure *measures_add(Measures *measures, const char *name, int n_sums, MeasureOf of);
/* sum[0] / sum[1] */
double measure_ratio(const double *sum);
/* The mean of x [n_rows] over the rows where it is not NaN. */
void measures_add_mean(Measures *measures, const char *name, const double *x);
/* Rows of the same text are one unit; without a call every row is one. what: "template". */
void measures_set_units(Measures *measures, const char *what, char *const *text);
/* Rows of the same text are one group. drawn: groups are drawn too. */
void measures_set_groups(Measures *measures, char *const *text, bool drawn);

/* One metric of both models, over the rows that both measured. */
typedef struct {
    char *name; /* owned */
    double here, there, difference, low, high, p;
    int64_t n_units; /* that count */
} Difference;

typedef struct Comparison {
    const char *other; /* borrowed: the scores file */
    char *model;       /* owned: whose scores it holds */
    const char *unit;
    Difference *difference; /* owned [n] */
    size_t n;
    int64_t n_left_out; /* rows that one of the two did not score */
} Comparison;

/* How a task's metrics follow from its items: measures->n_rows and ->unit ("item") are set. */
typedef void (*MeasuresOf)(const EvaluationResult *items, Measures *measures);

/* Can result's model be compared with the scores of path? It is asked before the work: a scores file of this task and
 * these keys, with items, of data with this hash. result: task, data, data_hash and keys are there. */
Status compare_check(const EvaluationResult *result, const char *path);
/* Sets result->comparison. p: twice the smaller share of resamples on one side of 0, with one added to each (Davison
 * and Hinkley 1997): it is below 0.05 where the interval leaves 0 out. Interval and p are NaN for fewer than
 * STATISTICS_LEAST units. */
Status compare_results(MeasuresOf measures, const char *path, EvaluationResult *result);
void comparison_free(Comparison *comparison);

#endif
