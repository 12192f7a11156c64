/* matrix.c: the roads, and LAPACK's. */
#include "analysis/matrix.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kernels/gemm.h"
#include "scalapack.h"

extern void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w,
                    double *work, const int *lwork, int *iwork, const int *liwork, int *info);

enum { LONGEST_SIDE = 32767 /* 2 n^2 + 6 n + 1 numbers of workspace are counted in 32 bits */ };

static Status parse_grid(const char *grid, int n_ranks, int *rows, int *columns)
{
    int used = 0;
    if (!grid[0]) { /* the squarest: rows <= columns */
        for (*rows = 1; (*rows + 1) * (*rows + 1) <= n_ranks; ++*rows) {
        }
        while (n_ranks % *rows) --*rows;
        *columns = n_ranks / *rows;
        return STATUS_OK;
    }
    const bool is_grid =
        sscanf(grid, "%5dx%5d%n", rows, columns, &used) == 2 && grid[used] == '\0' && *rows > 0 && *columns > 0;
    CHECK(is_grid, STATUS_USAGE, "grid = '%s' is not ROWSxCOLUMNS, such as 1x2", grid);
    CHECK((int64_t)*rows * *columns <= n_ranks, STATUS_USAGE, "grid = %s needs %lld ranks, but there are %d", grid,
          (long long)*rows * *columns, n_ranks);
    return STATUS_OK;
}

Status road_open(const Comm *comm, RoadKind kind, const char *grid, int largest_side, Road *road)
{
    *road = (Road){.kind = kind, .comm = comm};
    if (kind == ROAD_AUTO) road->kind = comm->n_ranks > 1 && largest_side >= ROAD_LARGE ? ROAD_SCALAPACK : ROAD_LAPACK;
    TRY(parse_grid(grid, comm->n_ranks, &road->rows, &road->columns));
    if (road->kind == ROAD_SCALAPACK) scalapack_open(road);
    return STATUS_OK;
}

void road_close(Road *road)
{
    if (road->kind == ROAD_SCALAPACK) scalapack_close(road);
    *road = (Road){0};
}

static Status check_side(const char *what, int64_t side)
{
    CHECK(side <= LONGEST_SIDE, STATUS_DATA,
          "%s of side %lld: more numbers than LAPACK counts in 32 bits (side %d at most); take fewer classes", what,
          (long long)side, LONGEST_SIDE);
    return STATUS_OK;
}

/* Both libraries update a matrix of this side, or a rank's piece of it, with 32 and more columns at a time; fp64 takes
 * twice as long. */
static void choose_threads(const Road *road, double side)
{
    const int pieces = road->kind == ROAD_SCALAPACK ? road->rows * road->columns : 1;
    gemm_threads_of_lapack(2 * 2 * 32 * side * side / pieces);
}

Status matrix_gram(const Road *road, int k, int d, const double *m, double *g)
{
    TRY(check_side("a Gram matrix", k));
    choose_threads(road, k);
    if (road->kind == ROAD_SCALAPACK) return scalapack_syrk(road, true, k, d, m, g);
    gemm_f64(PLAIN, TRANSPOSED, k, k, d, 1, m, d, m, d, 0, g, k);
    return STATUS_OK;
}

Status matrix_second_moment(const Road *road, int k, int d, const double *m, double *s)
{
    TRY(check_side("a second moment", d));
    choose_threads(road, d);
    if (road->kind == ROAD_SCALAPACK) return scalapack_syrk(road, false, k, d, m, s);
    gemm_f64(TRANSPOSED, PLAIN, d, d, k, 1, m, d, m, d, 0, s, d);
    return STATUS_OK;
}

/* A symmetric matrix is the same in row- and column-major order; LAPACK's eigenvectors are columns, our rows. */
static Status eigen_here(int n, const double *a, double *w, double *vectors)
{
    double *z = vectors ? vectors : memory_alloc((size_t)n * (size_t)n, sizeof *z);
    const char *job = vectors ? "V" : "N";
    double size;
    int isize, info, ask = -1;
    memcpy(z, a, (size_t)n * (size_t)n * sizeof *z);
    dsyevd_(job, "L", &n, z, &n, w, &size, &ask, &isize, &ask, &info);
    int length = (int)size, ilength = isize;
    double *work = memory_alloc((size_t)length + 1, sizeof *work);
    int *iwork = memory_alloc((size_t)ilength + 1, sizeof *iwork);
    if (!info) dsyevd_(job, "L", &n, z, &n, w, work, &length, iwork, &ilength, &info);
    free(work);
    free(iwork);
    if (!vectors) free(z);
    CHECK(info >= 0, STATUS_INTERNAL, "dsyevd: argument %d is not valid", -info);
    CHECK(info == 0, STATUS_DATA,
          "dsyevd: the eigenvalues of a matrix of side %d did not converge (info = %d); are its numbers finite?", n,
          info);
    return STATUS_OK;
}

/* |A q - w q| of one pair: a library that fails without saying so must not go unnoticed. */
static Status check_pair(int n, const double *a, const double *w, const double *vectors, int pair)
{
    const double *q = vectors + (size_t)pair * (size_t)n;
    double square = 0, length = 0;
    for (int i = 0; i < n; i++) {
        double sum = -w[pair] * q[i];
        for (int j = 0; j < n; j++) sum += a[(size_t)i * (size_t)n + (size_t)j] * q[j];
        square += sum * sum;
        length += q[i] * q[i];
    }
    const double scale = fmax(fabs(w[0]), fabs(w[n - 1]));
    CHECK(fabs(length - 1) < 1e-8 && sqrt(square) <= 1e-9 * scale, STATUS_INTERNAL,
          "eigenpair %d of a matrix of side %d is not one (residual %.1e of %.1e): a fault of the LAPACK or ScaLAPACK "
          "in use",
          pair, n, sqrt(square), scale);
    return STATUS_OK;
}

Status matrix_eigen(const Road *road, int n, const double *a, double *w, double *vectors)
{
    TRY(check_side("an eigenproblem", n));
    choose_threads(road, n);
    if (road->kind == ROAD_SCALAPACK) TRY(scalapack_eigen(road, n, a, w, vectors));
    else TRY(eigen_here(n, a, w, vectors));
    for (int pair = 0; vectors && pair<n; pair += n> 1 ? n - 1 : 1) TRY(check_pair(n, a, w, vectors, pair));
    return STATUS_OK;
}
