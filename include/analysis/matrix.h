/* matrix.h: the dense symmetric problems behind the measures, by LAPACK on every rank or by ScaLAPACK on a grid of
 * ranks. Matrices come and go whole, in row-major order, the same on all ranks; inside ScaLAPACK they are dealt
 * block-cyclically. Both roads give the same numbers to rounding. Letters: K rows, D columns. */
#ifndef ANALYSIS_MATRIX_H
#define ANALYSIS_MATRIX_H

#include "parallel/comm.h"

typedef enum { ROAD_AUTO, ROAD_LAPACK, ROAD_SCALAPACK } RoadKind;

typedef struct {
    RoadKind kind; /* ROAD_LAPACK or ROAD_SCALAPACK, once opened */
    const Comm *comm;
    int rows, columns;              /* of the grid */
    int context, my_row, my_column; /* BLACS; my_row < 0: this rank is not on the grid */
} Road;

enum { ROAD_LARGE = 1024 };

/* kind = ROAD_AUTO: ScaLAPACK if there are several ranks and a side of at least ROAD_LARGE. grid: "PxQ" with P Q
 * ranks at most, or "" for the squarest one of all ranks. Collective; fails alike on all ranks. */
Status road_open(const Comm *comm, RoadKind kind, const char *grid, int largest_side, Road *road);
void road_close(Road *road); /* Collective */

/* G [K, K] = M M^T, M [K, D]. Collective. Fails on sizes beyond 32-bit indices. */
Status matrix_gram(const Road *road, int k, int d, const double *m, double *g);
/* S [D, D] = M^T M. Collective. */
Status matrix_second_moment(const Road *road, int k, int d, const double *m, double *s);
/* Eigenvalues w [n] of a symmetric A [n, n] in ascending order; row r of vectors [n, n] belongs to w[r]. vectors may
 * be NULL; a is kept. Collective. */
Status matrix_eigen(const Road *road, int n, const double *a, double *w, double *vectors);

#endif
