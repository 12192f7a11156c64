/* comm.h: the ranks of a run, and the few things they do together.
 *
 * Every function here is Collective unless it says Local: all ranks call it, in the same order. A
 * failed MPI call prints one line (rank, host, call, reason) and ends the run with MPI_Abort.
 * Sums are formed in rank order 0, 1, 2, ..., so all ranks hold the same bits, and a second run on
 * as many ranks gives the same bits again. */
#ifndef PARALLEL_COMM_H
#define PARALLEL_COMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/real.h"
#include "base/status.h"

typedef struct {
    int rank, n_ranks;
    int node_ranks;      /* ranks on this machine */
    void *world;         /* MPI_Comm *, owned; io/h5 opens parallel files with it */
    void *chunk;         /* receive buffer of comm_sum, owned */
    void *scratch;       /* requests and counts of a call, owned: no call of a step allocates */
    bool is_patient;     /* waits with pauses, for a thread behind the computation */
    bool may_use_thread; /* MPI may be called by another thread than this one, in turn */
} Comm;

Status comm_init(int *argc, char ***argv, Comm *comm); /* MPI_Init and the shape of the job */
void comm_finalize(Comm *comm);
/* The same ranks with messages and buffers of their own, for one other thread. While that thread is in a call, no
 * other may call MPI (MPI_THREAD_SERIALIZED). */
void comm_twin(const Comm *comm, Comm *twin);
void comm_twin_free(Comm *twin);
/* End all ranks at once with this exit code, without clean-up. Local. */
_Noreturn void comm_abort(const Comm *comm, Status code);
const char *comm_library(void); /* "Open MPI v4.1.4, ..."; also before comm_init. Local. */

/* The status all ranks go on with: that of the lowest rank that failed, its sentence adopted by all. */
Status comm_agree(const Comm *comm, Status local);

typedef enum { COMM_REAL, COMM_F64 } CommNumber;

/* Sum an array over ranks, in place, on all ranks. */
void comm_sum(const Comm *comm, CommNumber kind, void *x, int64_t n);
void comm_sum_real(const Comm *comm, real *x, int64_t n);
void comm_sum_f64(const Comm *comm, double *x, int64_t n);
void comm_sum_i64(const Comm *comm, int64_t *x, int64_t n); /* exact, any order */

/* Elements first .. first + n - 1 of an array. */
typedef struct {
    int64_t first, n;
} Span;

/* The halves of such a sum. part [n_ranks], next to each other: afterwards part[r] holds the sum on rank r only
 * (reduce-scatter), the rest of x is as it was. Then the parts go to all (all-gather), in place. */
void comm_sum_parts(const Comm *comm, CommNumber kind, void *x, const Span *part);
void comm_gather_spans(const Comm *comm, CommNumber kind, void *x, const Span *part);
/* Rank r's n numbers go to part[r] of whole on rank 0 (NULL elsewhere), and back. */
void comm_collect_span(const Comm *comm, const real *mine, const Span *part, real *whole);
void comm_deal_span(const Comm *comm, const real *whole, const Span *part, real *mine);

/* For parallel/tree_sum. A block of `length` numbers is cut into parts of `part` numbers, part r for rank
 * r. comm_exchange_parts: every rank sends part r of each of its n_mine arrays (from `first` on) to rank
 * r; received: the arrays of rank 0, of rank 1, ... one after the other, of_rank[r] of them. Then
 * comm_gather_parts: each rank gives its part, all have the whole. */
int comm_part_length(int length, int part, int rank); /* Local */
void comm_exchange_parts(const Comm *comm, int n_mine, const real *const *array, int64_t first, int length, int part,
                         const int *of_rank, real *received);
void comm_gather_parts(const Comm *comm, const real *mine, int length, int part, real *whole);

void comm_broadcast(const Comm *comm, void *data, int64_t bytes); /* from rank 0 */
/* Rank 0 receives the blocks of all ranks in rank order. bytes may differ. all: rank 0 only, large
 * enough for the sum of bytes. */
void comm_gather(const Comm *comm, const void *mine, int64_t bytes, void *all);
/* The reverse. Rank 0 packs a block for each other rank in turn (one at a time in memory) and sends it. Returns this
 * rank's, owned by the caller; NULL on rank 0, which has everything. pack: returns a block (freed here) and its bytes.
 */
typedef void *(*CommPack)(const void *context, int rank, int64_t *bytes);
void *comm_scatter(const Comm *comm, CommPack pack, const void *context);
void comm_scatter_equal(const Comm *comm, const void *all, void *mine, int64_t bytes); /* reverse, equal blocks */
int64_t comm_prefix_sum(const Comm *comm, int64_t mine); /* sum over the ranks before this one */

typedef struct {
    double min, mean, max;
    int rank_of_min, rank_of_max; /* the first that has it */
} Spread;
Spread comm_spread(const Comm *comm, double value); /* over ranks */

void comm_barrier(const Comm *comm);

#endif
