/* comm.c: MPI behind a dozen calls. The only file that names MPI_COMM_WORLD; sums are in comm_sum.c. */
#include "parallel/comm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "comm_mpi.h"
#include "parallel/launcher.h"

enum { MESSAGE_BYTES = 1 << 30 };

/* A launcher that is told to end all may drop what it has not read yet: the sentence that says why. */
static void abort_all(MPI_Comm comm, Status code)
{
    nanosleep(&(struct timespec){0, 200000000}, NULL);
    MPI_Abort(comm, (int)code);
}

void comm_check(int code, const char *call)
{
    if (code == MPI_SUCCESS) return;
    char reason[MPI_MAX_ERROR_STRING], host[MPI_MAX_PROCESSOR_NAME];
    int length, rank;
    MPI_Error_string(code, reason, &length);
    MPI_Get_processor_name(host, &length);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    fprintf(stderr, "collapse: rank %d on %s: %s failed: %s\n", rank, host, call, reason);
    abort_all(MPI_COMM_WORLD, STATUS_INTERNAL);
}

static void open_buffers(Comm *comm)
{
    const size_t ranks = (size_t)comm->n_ranks;
    CommScratch *s = memory_alloc(1, sizeof *s);
    s->request = memory_alloc(COMM_REQUESTS + COMM_REQUESTS_PER_RANK * ranks, sizeof *s->request);
    s->part = memory_alloc(ranks, sizeof *s->part);
    s->count = memory_alloc(2 * ranks, sizeof *s->count);
    s->place = s->count + ranks;
    comm->scratch = s;
    comm->chunk = memory_alloc(COMM_CHUNK_BYTES, 1);
}

static void close_buffers(Comm *comm)
{
    CommScratch *s = comm->scratch;
    free(s->request);
    free(s->part);
    free(s->count);
    free(s);
    free(comm->chunk);
}

/* What ends one process for a reason of its own must end the others, which would wait for it. */
static void end_all(Status code)
{
    abort_all(MPI_COMM_WORLD, code);
}

/* A process that nothing launched has nobody to talk to. Open MPI would start a daemon (up to 4) and look for networks
 * all the same, for most of the start of a short command. Without the daemon all such processes would keep their files
 * in one folder, which the first to end removes from under the others as they begin: no files. What the user has set
 * stays. */
static void begin_alone(void)
{
    setenv("OMPI_MCA_ess_singleton_isolated", "1", 0);
    setenv("OMPI_MCA_orte_create_session_dirs", "0", 0);
    setenv("OMPI_MCA_pml", "ob1", 0);
    setenv("OMPI_MCA_btl", "self", 0);
}

Status comm_init(int *argc, char ***argv, Comm *comm)
{
    int provided;
    *comm = (Comm){0};
    /* Open MPI 4's other ways to share a file pointer, which nobody here does, write the path into 256 bytes. */
    setenv("OMPI_MCA_sharedfp", "individual", 0);
    if (!launcher_is_there()) begin_alone();
    comm_wake_sharply();
    MPI(MPI_Init_thread(argc, argv, MPI_THREAD_SERIALIZED, &provided));
    CHECK(provided >= MPI_THREAD_FUNNELED, STATUS_INTERNAL, "this MPI offers no thread support (MPI_THREAD_FUNNELED)");
    status_set_end(end_all);
    comm->may_use_thread = provided >= MPI_THREAD_SERIALIZED;
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
    open_buffers(comm);
    return STATUS_OK;
}

void comm_twin(const Comm *comm, Comm *twin)
{
    *twin = *comm;
    twin->is_patient = true;
    twin->world = memory_alloc(1, sizeof(MPI_Comm));
    MPI(MPI_Comm_dup(world_of(comm), twin->world));
    open_buffers(twin);
}

void comm_twin_free(Comm *twin)
{
    if (!twin->world) return;
    MPI(MPI_Comm_free(twin->world));
    free(twin->world);
    close_buffers(twin);
    *twin = (Comm){0};
}

void comm_finalize(Comm *comm)
{
    if (!comm->world) return;
    MPI(MPI_Comm_free(comm->world));
    free(comm->world);
    close_buffers(comm);
    *comm = (Comm){0};
    status_set_end(NULL);
    MPI_Finalize();
}

Status comm_agree(const Comm *comm, Status local)
{
    int failed = local ? comm->rank : comm->n_ranks, lowest;
    MPI_WAITED(comm, MPI_Iallreduce, &failed, &lowest, 1, MPI_INT, MPI_MIN, world_of(comm));
    if (lowest == comm->n_ranks) return STATUS_OK;
    struct {
        int code;
        char message[STATUS_MESSAGE];
    } report = {.code = (int)local};
    /* What rank 0 finds is often its task alone; what another finds and rank 0 does not, is of that rank's machine. */
    char host[64] = "";
    if (comm->rank > 0) gethostname(host, sizeof host - 1);
    if (comm->rank > 0)
        snprintf(report.message, sizeof report.message, "%.*s (rank %d on %s)", STATUS_MESSAGE - 128, status_message(),
                 comm->rank, host);
    else snprintf(report.message, sizeof report.message, "%s", status_message());
    MPI_WAITED(comm, MPI_Ibcast, &report, sizeof report, MPI_BYTE, lowest, world_of(comm));
    status_adopt(report.message);
    return (Status)report.code;
}

_Noreturn void comm_abort(const Comm *comm, Status code)
{
    abort_all(world_of(comm), code);
    _exit((int)code);
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
    MPI_Request *request = scratch_of(comm)->request;
    int n = 0;
    real *at = received;
    for (int r = 0; r < ranks; r++)
        for (int i = 0; i < of_rank[r]; i++, at += mine)
            MPI(MPI_Irecv(at, mine, real_type(), r, i, world_of(comm), &request[n++]));
    for (int r = 0; r < ranks; r++)
        for (int i = 0; i < n_mine; i++)
            MPI(MPI_Isend(array[i] + first + (int64_t)r * part, comm_part_length(length, part, r), real_type(), r, i,
                          world_of(comm), &request[n++]));
    comm_wait(comm, n, request);
}

void comm_gather_parts(const Comm *comm, const real *mine, int length, int part, real *whole)
{
    const int ranks = comm->n_ranks;
    int *count = scratch_of(comm)->count, *start = scratch_of(comm)->place;
    for (int r = 0; r < ranks; r++) {
        count[r] = comm_part_length(length, part, r);
        start[r] = r * part < length ? r * part : length;
    }
    MPI_WAITED(comm, MPI_Iallgatherv, mine, count[comm->rank], real_type(), whole, count, start, real_type(),
               world_of(comm));
}

void comm_broadcast(const Comm *comm, void *data, int64_t bytes)
{
    for (int64_t at = 0; at < bytes; at += MESSAGE_BYTES) {
        const int64_t left = bytes - at;
        const int length = left < MESSAGE_BYTES ? (int)left : MESSAGE_BYTES;
        MPI_WAITED(comm, MPI_Ibcast, (char *)data + at, length, MPI_BYTE, 0, world_of(comm));
    }
}

enum { BLOCK_TAG = 1 };

/* A block of any size, its length first. */
static void send_block(const Comm *comm, int to, const void *block, int64_t bytes)
{
    MPI_WAITED(comm, MPI_Isend, &bytes, 1, MPI_INT64_T, to, BLOCK_TAG, world_of(comm));
    for (int64_t at = 0; at < bytes; at += MESSAGE_BYTES) {
        const int length = bytes - at < MESSAGE_BYTES ? (int)(bytes - at) : MESSAGE_BYTES;
        MPI_WAITED(comm, MPI_Isend, (const char *)block + at, length, MPI_BYTE, to, BLOCK_TAG, world_of(comm));
    }
}

static int64_t receive_length(const Comm *comm, int from)
{
    int64_t bytes;
    MPI_WAITED(comm, MPI_Irecv, &bytes, 1, MPI_INT64_T, from, BLOCK_TAG, world_of(comm));
    return bytes;
}

static void receive_block(const Comm *comm, int from, void *block, int64_t bytes)
{
    for (int64_t at = 0; at < bytes; at += MESSAGE_BYTES) {
        const int length = bytes - at < MESSAGE_BYTES ? (int)(bytes - at) : MESSAGE_BYTES;
        MPI_WAITED(comm, MPI_Irecv, (char *)block + at, length, MPI_BYTE, from, BLOCK_TAG, world_of(comm));
    }
}

void comm_gather(const Comm *comm, const void *mine, int64_t bytes, void *all)
{
    if (comm->rank > 0) {
        send_block(comm, 0, mine, bytes);
        return;
    }
    char *at = all;
    if (bytes) memcpy(at, mine, (size_t)bytes);
    at += bytes;
    for (int r = 1; r < comm->n_ranks; r++) {
        const int64_t length = receive_length(comm, r);
        receive_block(comm, r, at, length);
        at += length;
    }
}

void *comm_scatter(const Comm *comm, CommPack pack, const void *context)
{
    if (comm->rank > 0) {
        const int64_t length = receive_length(comm, 0);
        void *mine = memory_alloc((size_t)length + 1, 1);
        receive_block(comm, 0, mine, length);
        return mine;
    }
    for (int r = 1; r < comm->n_ranks; r++) {
        int64_t bytes;
        void *block = pack(context, r, &bytes);
        send_block(comm, r, block, bytes);
        free(block);
    }
    return NULL;
}

void comm_scatter_equal(const Comm *comm, const void *all, void *mine, int64_t bytes)
{
    MPI_WAITED(comm, MPI_Iscatter, all, (int)bytes, MPI_BYTE, mine, (int)bytes, MPI_BYTE, 0, world_of(comm));
}

int64_t comm_prefix_sum(const Comm *comm, int64_t mine)
{
    int64_t before = 0;
    MPI_WAITED(comm, MPI_Iexscan, &mine, &before, 1, MPI_INT64_T, MPI_SUM, world_of(comm));
    return comm->rank == 0 ? 0 : before;
}

Spread comm_spread(const Comm *comm, double value)
{
    struct {
        double value;
        int rank;
    } mine = {value, comm->rank}, smallest, largest; /* MPI_DOUBLE_INT */
    double sum;
    MPI_WAITED(comm, MPI_Iallreduce, &mine, &smallest, 1, MPI_DOUBLE_INT, MPI_MINLOC, world_of(comm));
    MPI_WAITED(comm, MPI_Iallreduce, &mine, &largest, 1, MPI_DOUBLE_INT, MPI_MAXLOC, world_of(comm));
    MPI_WAITED(comm, MPI_Iallreduce, &value, &sum, 1, MPI_DOUBLE, MPI_SUM, world_of(comm));
    return (Spread){smallest.value, sum / comm->n_ranks, largest.value, smallest.rank, largest.rank};
}

void comm_barrier(const Comm *comm)
{
    MPI_WAITED(comm, MPI_Ibarrier, world_of(comm));
}

const char *comm_library(void)
{
    static char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int length;
    MPI_Get_library_version(text, &length);
    text[strcspn(text, ",\n")] = '\0';
    return text;
}
