/* scalapack.c: whole matrix -> block-cyclic pieces -> ScaLAPACK -> whole matrix on all ranks. A row-major array [r, c]
 * is a column-major matrix of c rows and r columns: what follows speaks of the latter. */
#include "scalapack.h"

#include <limits.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { BLOCK = 64 };

extern int Csys2blacs_handle(MPI_Comm comm);
extern void Cfree_blacs_system_handle(int handle);
extern void Cblacs_gridinit(int *context, const char *order, int rows, int columns);
extern void Cblacs_gridinfo(int context, int *rows, int *columns, int *row, int *column);
extern void Cblacs_gridexit(int context);
extern int numroc_(const int *n, const int *block, const int *process, const int *first, const int *n_processes);
extern void descinit_(int *desc, const int *m, const int *n, const int *mb, const int *nb, const int *first_row,
                      const int *first_column, const int *context, const int *lld, int *info);
extern void pdsyrk_(const char *uplo, const char *trans, const int *n, const int *k, const double *alpha,
                    const double *a, const int *ia, const int *ja, const int *desca, const double *beta, double *c,
                    const int *ic, const int *jc, const int *descc);
extern void pdsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *ia, const int *ja,
                     const int *desca, double *w, double *z, const int *iz, const int *jz, const int *descz,
                     double *work, const int *lwork, int *iwork, const int *liwork, int *info);

void scalapack_open(Road *r)
{
    int rows, columns;
    r->context = Csys2blacs_handle(*(MPI_Comm *)r->comm->world);
    Cblacs_gridinit(&r->context, "Row", r->rows, r->columns);
    r->my_row = r->my_column = -1;
    if (r->context >= 0) Cblacs_gridinfo(r->context, &rows, &columns, &r->my_row, &r->my_column);
}

void scalapack_close(Road *r)
{
    if (r->my_row >= 0) Cblacs_gridexit(r->context);
}

/* This rank's piece of an m x n matrix. */
typedef struct {
    int m, n, local_m, local_n;
    double *x; /* owned, column-major, leading dimension max(1, local_m) */
    int desc[9];
} Piece;

static bool is_on_grid(const Road *r)
{
    return r->my_row >= 0;
}

static Status piece_make(const Road *r, int m, int n, Piece *p)
{
    const int block = BLOCK, zero = 0;
    *p = (Piece){.m = m, .n = n};
    if (!is_on_grid(r)) return STATUS_OK;
    p->local_m = numroc_(&m, &block, &r->my_row, &zero, &r->rows);
    p->local_n = numroc_(&n, &block, &r->my_column, &zero, &r->columns);
    CHECK((int64_t)p->local_m * p->local_n <= INT_MAX, STATUS_DATA,
          "a matrix of %d x %d leaves %d x %d on a rank: more than ScaLAPACK counts in 32 bits; use more ranks", m, n,
          p->local_m, p->local_n);
    int info;
    const int lld = p->local_m > 1 ? p->local_m : 1;
    descinit_(p->desc, &m, &n, &block, &block, &zero, &zero, &r->context, &lld, &info);
    CHECK(info == 0, STATUS_INTERNAL, "descinit: argument %d is not valid for %d x %d", -info, m, n);
    p->x = memory_alloc((size_t)lld * (size_t)(p->local_n > 1 ? p->local_n : 1), sizeof *p->x);
    return STATUS_OK;
}

static int64_t global_index(int local, int process, int n_processes)
{
    return ((int64_t)(local / BLOCK) * n_processes + process) * BLOCK + local % BLOCK;
}

/* whole (column-major, m x n) to the piece, or the piece into whole. */
static void piece_copy(const Road *r, Piece *p, double *whole, bool to_piece)
{
    for (int j = 0; j < p->local_n; j++)
        for (int i = 0; i < p->local_m; i++) {
            double *mine = &p->x[(size_t)j * (size_t)p->local_m + (size_t)i];
            double *there = &whole[(size_t)global_index(j, r->my_column, r->columns) * (size_t)p->m +
                                   (size_t)global_index(i, r->my_row, r->rows)];
            if (to_piece) *mine = *there;
            else *there = *mine;
        }
}

/* All pieces on all ranks: one rank's number and zeros, so exact. */
static void piece_share(const Road *r, Piece *p, double *whole)
{
    memset(whole, 0, (size_t)p->m * (size_t)p->n * sizeof *whole);
    piece_copy(r, p, whole, false);
    comm_sum_f64(r->comm, whole, (int64_t)p->m * p->n);
}

Status scalapack_syrk(const Road *r, bool of_rows, int k, int d, const double *m, double *out)
{
    const int side = of_rows ? k : d, inner = of_rows ? d : k, one = 1;
    const double alpha = 1, beta = 0;
    Piece a = {0}, c = {0};
    Status status = piece_make(r, d, k, &a); /* A = M^T as a column-major matrix */
    if (!status) status = piece_make(r, side, side, &c);
    status = comm_agree(r->comm, status);
    if (!status) {
        piece_copy(r, &a, (double *)(uintptr_t)m, true);
        if (is_on_grid(r))
            pdsyrk_("L", of_rows ? "T" : "N", &side, &inner, &alpha, a.x, &one, &one, a.desc, &beta, c.x, &one, &one,
                    c.desc);
        piece_share(r, &c, out);
        for (int j = 0; j < side; j++) /* column j holds rows i >= j */
            for (int i = j + 1; i < side; i++)
                out[(size_t)i * (size_t)side + (size_t)j] = out[(size_t)j * (size_t)side + (size_t)i];
    }
    free(a.x);
    free(c.x);
    return status;
}

/* Workspace as asked for, with a margin: the answer of ScaLAPACK 2.2 leaves out what pdormtr, called inside, needs,
 * max(b (b - 1) / 2, 2 n_local b) + b^2 numbers for blocks of b; short of that it only prints a line. */
static Status solve(const Road *r, int n, Piece *a, Piece *z, double *w)
{
    const int one = 1, ask = -1;
    int info = 0, isize = 0;
    double size = 0;
    pdsyevd_("V", "L", &n, a->x, &one, &one, a->desc, w, z->x, &one, &one, z->desc, &size, &ask, &isize, &ask, &info);
    CHECK(info == 0, STATUS_INTERNAL, "pdsyevd: argument %d is not valid", -info);
    const double wanted = size * 1.2 + 8.0 * n + 2.0 * BLOCK * BLOCK + 2.0 * BLOCK * (a->local_m + a->local_n + BLOCK);
    CHECK(wanted < INT_MAX, STATUS_DATA,
          "pdsyevd: side %d needs %.0f numbers of workspace, more than 32 bits count; use more ranks", n, wanted);
    const int length = (int)wanted, ilength = isize + 8 * n + 4096;
    double *work = memory_alloc((size_t)length, sizeof *work);
    int *iwork = memory_alloc((size_t)ilength, sizeof *iwork);
    pdsyevd_("V", "L", &n, a->x, &one, &one, a->desc, w, z->x, &one, &one, z->desc, work, &length, iwork, &ilength,
             &info);
    free(work);
    free(iwork);
    CHECK(info >= 0, STATUS_INTERNAL, "pdsyevd: argument %d is not valid", -info);
    CHECK(info == 0, STATUS_DATA,
          "pdsyevd: eigenvalue %d of a matrix of side %d did not converge on a %d x %d grid; are its numbers finite?",
          info, n, r->rows, r->columns);
    return STATUS_OK;
}

Status scalapack_eigen(const Road *r, int n, const double *a, double *w, double *vectors)
{
    Piece piece = {0}, z = {0};
    Status status = piece_make(r, n, n, &piece);
    if (!status) status = piece_make(r, n, n, &z);
    status = comm_agree(r->comm, status);
    if (!status) {
        piece_copy(r, &piece, (double *)(uintptr_t)a, true);
        status = comm_agree(r->comm, is_on_grid(r) ? solve(r, n, &piece, &z, w) : STATUS_OK);
    }
    if (!status) {
        if (vectors) piece_share(r, &z, vectors);
        comm_broadcast(r->comm, w, n * (int64_t)sizeof *w); /* rank 0 is on every grid */
    }
    free(piece.x);
    free(z.x);
    return status;
}
