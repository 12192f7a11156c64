/* scalapack.h: the same problems on a grid of ranks; see analysis/matrix.h. Collective. */
#ifndef ANALYSIS_SCALAPACK_H
#define ANALYSIS_SCALAPACK_H

#include "analysis/matrix.h"

void scalapack_open(Road *road);
void scalapack_close(Road *road);
/* of_rows: out [K, K] = M M^T; else out [D, D] = M^T M. */
Status scalapack_syrk(const Road *road, bool of_rows, int k, int d, const double *m, double *out);
Status scalapack_eigen(const Road *road, int n, const double *a, double *w, double *vectors);

#endif
