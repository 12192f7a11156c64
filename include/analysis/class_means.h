/* class_means.h: running sums of hidden states, one per selected token id ("class").
 *
 * Each rank adds the states of its own samples to a step object; class_means_merge folds the steps
 * of all ranks into the totals (methods: "global" statistics). States are constants here: gradients
 * through a mean are the business of the caller. Letters: K classes, D features, N states. */
#ifndef ANALYSIS_CLASS_MEANS_H
#define ANALYSIS_CLASS_MEANS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/real.h"
#include "parallel/comm.h"

typedef struct {
    int n_classes, n_features; /* K, D */
    double *sum;               /* [K, D] sum of the states of each class */
    double *square;            /* [K]    sum of their squared norms */
    double *weight;            /* [K]    number of states, faded if older ones count less */
    int64_t *count;            /* [K]    states added; 0 = class not met yet */
} ClassMeans;                  /* arrays live in the arena given to class_means_init */

void class_means_init(Arena *arena, int n_classes, int n_features, ClassMeans *means);
void class_means_clear(ClassMeans *means);

/* Add N states. Local. x [N, D]; label [N] in [0, K), or -1 to leave the state out. */
void class_means_add(ClassMeans *means, int n, const real *x, const int *label);

/* total = fade * total + the steps of all ranks; step is left with the sum over ranks. fade = 1 keeps
 * everything. Collective, unless comm is NULL (this rank's step alone: Local). Ranks are added in rank
 * order, so total holds the same bits everywhere. */
void class_means_merge(const Comm *comm, double fade, ClassMeans *step, ClassMeans *total);

/* What of a step has to be summed over ranks: this many doubles from means->sum on; then class_means_count reads the
 * counts from the weights (whole numbers in a step), and a merge without comm folds it. Local. */
int64_t class_means_doubles(const ClassMeans *means);
void class_means_count(ClassMeans *means);

/* The same with sums that do not depend on the number of ranks: shard [n_shards] holds the step sums of
 * the shards this rank owns and zeros for the others; they are added in the order of the shards. */
void class_means_merge_shards(const Comm *comm, double fade, int n_shards, ClassMeans *shard, ClassMeans *total);

#endif
