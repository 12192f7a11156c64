/* comm_sum.c: sums in rank order. Every rank owns a part of the array: it receives that part from all others, adds
 * in rank order, and, if asked, all gather the sums. Each element crosses the network twice, however many ranks
 * there are; nothing is copied within a rank. */
#include <string.h>

#include "comm_mpi.h"
#include "parallel/partition.h"

enum { SUM_TAG = 2, ADD_BLOCK = 2048, LONGEST_COUNT = 1 << 30 };

static size_t size_of(CommNumber kind)
{
    return kind == COMM_REAL ? sizeof(real) : sizeof(double);
}

static MPI_Datatype type_of(CommNumber kind)
{
    return kind == COMM_REAL ? real_type() : MPI_DOUBLE;
}

#define DEFINE_ADD(name, number)                                                                             \
    static void name(int n_ranks, int own_rank, int64_t n, const void *received, int64_t stride, void *own)  \
    {                                                                                                        \
        number sum[ADD_BLOCK];                                                                               \
        for (int64_t first = 0; first < n; first += ADD_BLOCK) {                                             \
            const int length = n - first < ADD_BLOCK ? (int)(n - first) : ADD_BLOCK;                         \
            number *mine = (number *)own + first;                                                            \
            for (int r = 0, slot = 0; r < n_ranks; r++) {                                                    \
                const number *x = r == own_rank ? mine : (const number *)received + stride * slot++ + first; \
                if (r == 0) memcpy(sum, x, (size_t)length * sizeof *sum);                                    \
                else                                                                                         \
                    for (int i = 0; i < length; i++) sum[i] += x[i];                                         \
            }                                                                                                \
            memcpy(mine, sum, (size_t)length * sizeof *sum);                                                 \
        }                                                                                                    \
    }
DEFINE_ADD(add_real, real)
DEFINE_ADD(add_f64, double)

static int64_t piece_of(Span part, int64_t first, int64_t step)
{
    return part.n <= first ? 0 : part.n - first < step ? part.n - first : step;
}

typedef struct {
    const Comm *comm;
    CommNumber kind;
    char *x;
    const Span *part;
    int64_t step;         /* elements of every part that cross the network at once */
    MPI_Request *request; /* [2][2 (ranks - 1)] */
    int n_requests[2];
} Exchange;

static char *buffer_of(const Exchange *e, int64_t round)
{
    return (char *)e->comm->chunk + (round % 2) * (COMM_CHUNK_BYTES / 2);
}

static void begin_round(Exchange *e, int64_t round)
{
    const int ranks = e->comm->n_ranks, me = e->comm->rank;
    const int64_t first = round * e->step, mine = piece_of(e->part[me], first, e->step);
    const size_t size = size_of(e->kind);
    MPI_Request *request = e->request + (round % 2) * 2 * (ranks - 1);
    int n = 0, slot = 0;
    for (int r = 0; r < ranks; r++) {
        if (r == me) continue;
        char *to = buffer_of(e, round) + (size_t)(e->step * slot++) * size;
        if (mine) MPI(MPI_Irecv(to, (int)mine, type_of(e->kind), r, SUM_TAG, world_of(e->comm), &request[n++]));
    }
    for (int step = 1; step < ranks; step++) { /* not all to rank 0 first */
        const int r = (me + step) % ranks;
        const int64_t theirs = piece_of(e->part[r], first, e->step);
        char *from = e->x + (size_t)(e->part[r].first + first) * size;
        if (theirs) MPI(MPI_Isend(from, (int)theirs, type_of(e->kind), r, SUM_TAG, world_of(e->comm), &request[n++]));
    }
    e->n_requests[round % 2] = n;
}

static void end_round(Exchange *e, int64_t round)
{
    const int ranks = e->comm->n_ranks, me = e->comm->rank;
    const int64_t first = round * e->step, mine = piece_of(e->part[me], first, e->step);
    comm_wait(e->comm, e->n_requests[round % 2], e->request + (round % 2) * 2 * (ranks - 1));
    char *own = e->x + (size_t)(e->part[me].first + first) * size_of(e->kind);
    (e->kind == COMM_REAL ? add_real : add_f64)(ranks, me, mine, buffer_of(e, round), e->step, own);
}

void comm_sum_parts(const Comm *comm, CommNumber kind, void *x, const Span *part)
{
    const int ranks = comm->n_ranks;
    if (ranks == 1) return;
    int64_t longest = 0;
    for (int r = 0; r < ranks; r++) longest = part[r].n > longest ? part[r].n : longest;
    Exchange e = {.comm = comm, .kind = kind, .x = x, .part = part};
    e.step = COMM_CHUNK_BYTES / 2 / (int64_t)size_of(kind) / (ranks - 1);
    e.request = scratch_of(comm)->request;
    const int64_t rounds = (longest + e.step - 1) / e.step;
    for (int64_t round = 0; round < rounds; round++) {
        begin_round(&e, round);
        if (round > 0) end_round(&e, round - 1);
    }
    if (rounds > 0) end_round(&e, rounds - 1);
}

/* Counts and places of spans relative to the first of them, as MPI wants them. */
static int64_t ints_of(int n_ranks, const Span *part, int *count, int *place)
{
    int64_t base = INT64_MAX;
    for (int r = 0; r < n_ranks; r++) base = part[r].first < base ? part[r].first : base;
    for (int r = 0; r < n_ranks; r++) count[r] = (int)part[r].n, place[r] = (int)(part[r].first - base);
    return base;
}

void comm_gather_spans(const Comm *comm, CommNumber kind, void *x, const Span *part)
{
    const int ranks = comm->n_ranks;
    if (ranks == 1) return;
    int *count = scratch_of(comm)->count, *place = scratch_of(comm)->place;
    const int64_t base = ints_of(ranks, part, count, place);
    MPI_WAITED(comm, MPI_Iallgatherv, MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, (char *)x + (size_t)base * size_of(kind),
               count, place, type_of(kind), world_of(comm));
}

void comm_collect_span(const Comm *comm, const real *mine, const Span *part, real *whole)
{
    const int ranks = comm->n_ranks;
    int *count = scratch_of(comm)->count, *place = scratch_of(comm)->place;
    const int64_t base = ints_of(ranks, part, count, place);
    MPI_WAITED(comm, MPI_Igatherv, mine, count[comm->rank], real_type(), whole ? whole + base : NULL, count, place,
               real_type(), 0, world_of(comm));
}

void comm_deal_span(const Comm *comm, const real *whole, const Span *part, real *mine)
{
    const int ranks = comm->n_ranks;
    int *count = scratch_of(comm)->count, *place = scratch_of(comm)->place;
    const int64_t base = ints_of(ranks, part, count, place);
    MPI_WAITED(comm, MPI_Iscatterv, whole ? whole + base : NULL, count, place, real_type(), mine, count[comm->rank],
               real_type(), 0, world_of(comm));
}

/* A few numbers: all ranks receive all and add them in rank order, in one call. */
static bool sum_small(const Comm *comm, CommNumber kind, void *x, int64_t n)
{
    const size_t bytes = (size_t)n * size_of(kind);
    if (bytes * (size_t)comm->n_ranks > COMM_CHUNK_BYTES / 64) return false;
    MPI_WAITED(comm, MPI_Iallgather, x, (int)n, type_of(kind), comm->chunk, (int)n, type_of(kind), world_of(comm));
    for (int r = 0; r < comm->n_ranks; r++) { /* x itself, first, then the others as if it lay among them */
        const char *from = (const char *)comm->chunk + (size_t)r * bytes;
        if (r == 0) memcpy(x, from, bytes);
        else if (kind == COMM_REAL)
            for (int64_t i = 0; i < n; i++) ((real *)x)[i] += ((const real *)(const void *)from)[i];
        else
            for (int64_t i = 0; i < n; i++) ((double *)x)[i] += ((const double *)(const void *)from)[i];
    }
    return true;
}

void comm_sum(const Comm *comm, CommNumber kind, void *x, int64_t n)
{
    if (comm->n_ranks == 1 || n == 0 || sum_small(comm, kind, x, n)) return;
    Span *part = scratch_of(comm)->part;
    for (int64_t first = 0; first < n; first += LONGEST_COUNT) {
        const int length = n - first < LONGEST_COUNT ? (int)(n - first) : LONGEST_COUNT;
        for (int r = 0; r < comm->n_ranks; r++) {
            const Part p = partition_even(length, r, comm->n_ranks);
            part[r] = (Span){first + p.first, p.n};
        }
        comm_sum_parts(comm, kind, x, part);
        comm_gather_spans(comm, kind, x, part);
    }
}

void comm_sum_real(const Comm *comm, real *x, int64_t n)
{
    comm_sum(comm, COMM_REAL, x, n);
}

void comm_sum_f64(const Comm *comm, double *x, int64_t n)
{
    comm_sum(comm, COMM_F64, x, n);
}

void comm_sum_i64(const Comm *comm, int64_t *x, int64_t n)
{
    MPI_WAITED(comm, MPI_Iallreduce, MPI_IN_PLACE, x, (int)n, MPI_INT64_T, MPI_SUM, world_of(comm));
}
