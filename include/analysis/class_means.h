/* class_means.h: running sums of hidden states, one per selected token id ("class").
 *
 * Each rank adds the states of its own samples to a step object; class_means_fold adds what all
 * ranks have met in a step to the totals (methods: "global" statistics). States are constants here: gradients
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
    int64_t *count;            /* [K]    states added; 0 = class not met yet; NULL: the weights are whole and tell */
} ClassMeans;                  /* arrays live in the arena given to class_means_init */

void class_means_init(Arena *arena, int n_classes, int n_features, ClassMeans *means);
void class_means_clear(ClassMeans *means);

/* Add N states. Local. x [N, D]; label [N] in [0, K), or -1 to leave the state out. */
void class_means_add(ClassMeans *means, int n, const real *x, const int *label);

/* The sums of a step need no counts: they are this many doubles, which somebody else keeps, clears and sums over ranks.
 */
int64_t class_means_doubles(int n_classes, int n_features);
ClassMeans class_means_of(double *doubles, int n_classes, int n_features);
/* total = fade * total + step; fade = 1 keeps everything. Local. */
void class_means_fold(double fade, const ClassMeans *step, ClassMeans *total);

#endif
