/* comm.c: MPI behind a dozen calls. The only file that names MPI_COMM_WORLD. */
#include "parallel/comm.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

enum { CHUNK_BYTES = 8 << 20, BROADCAST_BYTES = 1 << 30 };

static MPI_Comm world_of(const Comm *comm)
{
    return *(MPI_Comm *)comm->world;
}

static void check(int code, const char *call)
{
    if (code == MPI_SUCCESS) return;
    char reason[MPI_MAX_ERROR_STRING], host[MPI_MAX_PROCESSOR_NAME];
    int length, rank;
    MPI_Error_string(code, reason, &length);
    MPI_Get_processor_name(host, &length);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    fprintf(stderr, "collapse: rank %d on %s: %s failed: %s\n", rank, host, call, reason);
    MPI_Abort(MPI_COMM_WORLD, STATUS_INTERNAL);
}

#define MPI(call) check((call), #call)

Status comm_init(int *argc, char ***argv, Comm *comm)
{
    int provided;
    *comm = (Comm){0};
    MPI(MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided));
    CHECK(provided >= MPI_THREAD_FUNNELED, STATUS_INTERNAL, "this MPI offers no thread support (MPI_THREAD_FUNNELED)");
    MPI_Comm *world = memory_alloc(1, sizeof *world);
    MPI(MPI_Comm_dup(MPI_COMM_WORLD, world));
    MPI(MPI_Comm_set_errhandler(*world, MPI_ERRORS_RETURN));
    MPI(MPI_Comm_rank(*world, &comm->rank));
    MPI(MPI_Comm_size(*world, &comm->n_ranks));
    MPI_Comm node;
    MPI(MPI_Comm_split_type(*world, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node));
    MPI(MPI_Comm_size(node, &comm->node_ranks));
    MPI(MPI_Comm_free(&node));
    comm->world = world;
    comm->chunk = memory_alloc(CHUNK_BYTES, 1);
    return STATUS_OK;
}

void comm_finalize(Comm *comm)
{
    if (!comm->world) return;
    MPI(MPI_Comm_free(comm->world));
    free(comm->world);
    free(comm->chunk);
    *comm = (Comm){0};
    MPI_Finalize();
}

Status comm_agree(const Comm *comm, Status local)
{
    int failed = local ? comm->rank : comm->n_ranks, lowest;
    MPI(MPI_Allreduce(&failed, &lowest, 1, MPI_INT, MPI_MIN, world_of(comm)));
    if (lowest == comm->n_ranks) return STATUS_OK;
    struct {
        int code;
        char message[1020];
    } report = {.code = (int)local};
    snprintf(report.message, sizeof report.message, "%s", status_message());
    MPI(MPI_Bcast(&report, sizeof report, MPI_BYTE, lowest, world_of(comm)));
    status_adopt(report.message);
    return (Status)report.code;
}

_Noreturn void comm_abort(const Comm *comm, Status code)
{
    MPI_Abort(world_of(comm), (int)code);
    _exit((int)code);
}

/* Where the parts of a block of n elements begin, one part per rank. */
static void cut_parts(const Comm *comm, int n, int *count, int *start)
{
    const int part = (n + comm->n_ranks - 1) / comm->n_ranks;
    for (int r = 0; r < comm->n_ranks; r++) {
        start[r] = r * part < n ? r * part : n;
        count[r] = (r + 1) * part < n ? part : n - start[r];
    }
}

typedef void (*AddParts)(int n_parts, int n, void *parts);

static void add_real(int n_parts, int n, void *parts)
{
    real *sum = parts;
    for (int r = 1; r < n_parts; r++)
        for (int i = 0; i < n; i++) sum[i] += sum[(size_t)r * (size_t)n + (size_t)i];
}

static void add_f64(int n_parts, int n, void *parts)
{
    double *sum = parts;
    for (int r = 1; r < n_parts; r++)
        for (int i = 0; i < n; i++) sum[i] += sum[(size_t)r * (size_t)n + (size_t)i];
}

/* Sum an array over ranks, block by block: rank r receives part r of the block from every rank, adds
 * them in rank order, and all ranks gather the sums. Each element crosses the network twice,
 * however many ranks there are. */
static void sum_in_rank_order(const Comm *comm, void *x, int64_t n, int size, MPI_Datatype type, AddParts add)
{
    if (comm->n_ranks == 1) return;
    const int ranks = comm->n_ranks;
    int *count = memory_alloc(4 * (size_t)ranks, sizeof *count);
    int *start = count + ranks, *received = start + ranks, *place = received + ranks;
    const int block = CHUNK_BYTES / size - ranks; /* n_ranks parts of it fit in chunk */
    for (int64_t first = 0; first < n; first += block) {
        const int length = n - first < block ? (int)(n - first) : block;
        char *at = (char *)x + first * size;
        cut_parts(comm, length, count, start);
        const int mine = count[comm->rank];
        for (int r = 0; r < ranks; r++) received[r] = mine, place[r] = r * mine;
        MPI(MPI_Alltoallv(at, count, start, type, comm->chunk, received, place, type, world_of(comm)));
        add(ranks, mine, comm->chunk);
        MPI(MPI_Allgatherv(comm->chunk, mine, type, at, count, start, type, world_of(comm)));
    }
    free(count);
}

static MPI_Datatype real_type(void)
{
    return sizeof(real) == sizeof(float) ? MPI_FLOAT : MPI_DOUBLE;
}

void comm_sum_real(const Comm *comm, real *x, int64_t n)
{
    sum_in_rank_order(comm, x, n, sizeof *x, real_type(), add_real);
}

void comm_sum_f64(const Comm *comm, double *x, int64_t n)
{
    sum_in_rank_order(comm, x, n, sizeof *x, MPI_DOUBLE, add_f64);
}

void comm_sum_i64(const Comm *comm, int64_t *x, int64_t n)
{
    MPI(MPI_Allreduce(MPI_IN_PLACE, x, (int)n, MPI_INT64_T, MPI_SUM, world_of(comm)));
}

int comm_part_length(int length, int part, int rank)
{
    const int start = rank * part < length ? rank * part : length;
    return length - start < part ? length - start : part;
}

void comm_exchange_parts(const Comm *comm, int n_mine, const real *const *array, int64_t first, int length, int part,
                         const int *of_rank, real *received)
{
    const int ranks = comm->n_ranks, mine = comm_part_length(length, part, comm->rank);
    int n_all = 0, n = 0;
    for (int r = 0; r < ranks; r++) n_all += of_rank[r];
    MPI_Request *request = memory_alloc((size_t)(n_all + n_mine * ranks), sizeof *request);
    real *at = received;
    for (int r = 0; r < ranks; r++)
        for (int i = 0; i < of_rank[r]; i++, at += mine)
            MPI(MPI_Irecv(at, mine, real_type(), r, i, world_of(comm), &request[n++]));
    for (int r = 0; r < ranks; r++)
        for (int i = 0; i < n_mine; i++)
            MPI(MPI_Isend(array[i] + first + (int64_t)r * part, comm_part_length(length, part, r), real_type(), r, i,
                          world_of(comm), &request[n++]));
    MPI(MPI_Waitall(n, request, MPI_STATUSES_IGNORE));
    free(request);
}

void comm_gather_parts(const Comm *comm, const real *mine, int length, int part, real *whole)
{
    const int ranks = comm->n_ranks;
    int *count = memory_alloc(2 * (size_t)ranks, sizeof *count), *start = count + ranks;
    for (int r = 0; r < ranks; r++) {
        count[r] = comm_part_length(length, part, r);
        start[r] = r * part < length ? r * part : length;
    }
    MPI(MPI_Allgatherv(mine, count[comm->rank], real_type(), whole, count, start, real_type(), world_of(comm)));
    free(count);
}

void comm_broadcast(const Comm *comm, void *data, int64_t bytes)
{
    for (int64_t at = 0; at < bytes; at += BROADCAST_BYTES) {
        const int64_t left = bytes - at;
        const int length = left < BROADCAST_BYTES ? (int)left : BROADCAST_BYTES;
        MPI(MPI_Bcast((char *)data + at, length, MPI_BYTE, 0, world_of(comm)));
    }
}

enum { GATHER_TAG = 1 };

void comm_gather(const Comm *comm, const void *mine, int64_t bytes, void *all)
{
    if (comm->rank > 0) {
        MPI(MPI_Send(&bytes, 1, MPI_INT64_T, 0, GATHER_TAG, world_of(comm)));
        MPI(MPI_Send(mine, (int)bytes, MPI_BYTE, 0, GATHER_TAG, world_of(comm)));
        return;
    }
    char *at = all;
    if (bytes) memcpy(at, mine, (size_t)bytes);
    at += bytes;
    for (int r = 1; r < comm->n_ranks; r++) {
        int64_t length;
        MPI(MPI_Recv(&length, 1, MPI_INT64_T, r, GATHER_TAG, world_of(comm), MPI_STATUS_IGNORE));
        MPI(MPI_Recv(at, (int)length, MPI_BYTE, r, GATHER_TAG, world_of(comm), MPI_STATUS_IGNORE));
        at += length;
    }
}

void comm_scatter_equal(const Comm *comm, const void *all, void *mine, int64_t bytes)
{
    MPI(MPI_Scatter(all, (int)bytes, MPI_BYTE, mine, (int)bytes, MPI_BYTE, 0, world_of(comm)));
}

int64_t comm_prefix_sum(const Comm *comm, int64_t mine)
{
    int64_t before = 0;
    MPI(MPI_Exscan(&mine, &before, 1, MPI_INT64_T, MPI_SUM, world_of(comm)));
    return comm->rank == 0 ? 0 : before;
}

Spread comm_spread(const Comm *comm, double value)
{
    double smallest, largest, sum;
    MPI(MPI_Allreduce(&value, &smallest, 1, MPI_DOUBLE, MPI_MIN, world_of(comm)));
    MPI(MPI_Allreduce(&value, &largest, 1, MPI_DOUBLE, MPI_MAX, world_of(comm)));
    MPI(MPI_Allreduce(&value, &sum, 1, MPI_DOUBLE, MPI_SUM, world_of(comm)));
    return (Spread){smallest, sum / comm->n_ranks, largest};
}

void comm_barrier(const Comm *comm)
{
    MPI(MPI_Barrier(world_of(comm)));
}

const char *comm_library(void)
{
    static char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int length;
    MPI_Get_library_version(text, &length);
    text[strcspn(text, ",\n")] = '\0';
    return text;
}
