/* comm_mpi.h: what the files of parallel/ that call MPI share. */
#ifndef PARALLEL_COMM_MPI_H
#define PARALLEL_COMM_MPI_H

#include <mpi.h>

#include "parallel/comm.h"

enum { COMM_CHUNK_BYTES = 8 << 20 };

/* For one call at a time: a twin has its own. */
typedef struct {
    MPI_Request *request; /* [COMM_REQUESTS + COMM_REQUESTS_PER_RANK * n_ranks] */
    Span *part;           /* [n_ranks] */
    int *count, *place;   /* [n_ranks] */
} CommScratch;

enum { COMM_REQUESTS = 64, COMM_REQUESTS_PER_RANK = 32 };

static inline CommScratch *scratch_of(const Comm *comm)
{
    return comm->scratch;
}

/* One line and MPI_Abort if an MPI call has failed. */
void comm_check(int code, const char *call);
#define MPI(call) comm_check((call), #call)

/* Request by request: gcc takes MPI_STATUSES_IGNORE of the calls for many, in MPICH's header, for an array. */
static inline void wait_for(int n, MPI_Request *request)
{
    for (int i = 0; i < n; i++) MPI(MPI_Wait(&request[i], MPI_STATUS_IGNORE));
}

static inline int all_done(int n, MPI_Request *request)
{
    int done = 1;
    for (int i = 0; i < n && done; i++) MPI(MPI_Test(&request[i], &done, MPI_STATUS_IGNORE));
    return done;
}

static inline MPI_Comm world_of(const Comm *comm)
{
    return *(MPI_Comm *)comm->world;
}

static inline MPI_Datatype real_type(void)
{
    return sizeof(real) == sizeof(float) ? MPI_FLOAT : MPI_DOUBLE;
}

#endif
