/* class_scatter.h: counts, means and within-class scatter of features, class by class, in fp64, over any number of
 * ranks. Local unless it says Collective. Letters: K classes, D features.
 *
 * Two passes: class_scatter_add_sums over all features, class_scatter_finish_sums, then class_scatter_add_squares over
 * the same features, class_scatter_finish_squares. One pass: class_scatter_add_once over all features, then
 * class_scatter_finish_once: running means (Welford 1962), and the merge of Chan, Golub, LeVeque (1983) over ranks.
 * Both are safe when classes are tightly collapsed; E|x|^2 - |mu|^2 is not. */
#ifndef ANALYSIS_CLASS_SCATTER_H
#define ANALYSIS_CLASS_SCATTER_H

#include "base/real.h"
#include "parallel/comm.h"

typedef struct {
    int n_classes, n_features;
    int64_t *count;  /* owned [K] */
    double *mean;    /* owned [K, D]; sums until finished; 0 for a class that was not met */
    double *scatter; /* owned [K] sum of |x - mu_c|^2; NULL without squares */
    double *within;  /* owned [D, D] sum of (x - mu_c)(x - mu_c)^T over all classes */
    int64_t *seen;   /* owned [K]: features of the second pass */
    double *row;     /* owned [rows, D] scratch of the outer products */
    int n_rows;
} ClassScatter;

/* squares: also scatter and within. */
void class_scatter_open(int n_classes, int n_features, bool squares, ClassScatter *s);
void class_scatter_close(ClassScatter *s);

/* n features x [n, D] with their class in label [n], or -1 to leave one out. */
void class_scatter_add_sums(ClassScatter *s, int n, const real *x, const int *label);
void class_scatter_finish_sums(const Comm *comm, ClassScatter *s); /* Collective */
void class_scatter_add_squares(ClassScatter *s, int n, const real *x, const int *label);
/* Collective. Fails if the second pass did not meet what the first counted. */
Status class_scatter_finish_squares(const Comm *comm, ClassScatter *s);

void class_scatter_add_once(ClassScatter *s, int n, const real *x, const int *label);
void class_scatter_finish_once(const Comm *comm, ClassScatter *s); /* Collective */

#endif
