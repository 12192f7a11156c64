/* comm_mpi.h: what the files of parallel/ that call MPI share. */
#ifndef PARALLEL_COMM_MPI_H
#define PARALLEL_COMM_MPI_H

#include <mpi.h>

#include "parallel/comm.h"
#include "parallel/pace.h"

enum { COMM_CHUNK_BYTES = 8 << 20 };

/* For one call at a time: a twin has its own. */
typedef struct {
    MPI_Request *request; /* [COMM_REQUESTS + COMM_REQUESTS_PER_RANK * n_ranks] */
    Span *part;           /* [n_ranks] */
    int *count, *place;   /* [n_ranks] */
    Pace pace;
} CommScratch;

enum { COMM_REQUESTS = 64, COMM_REQUESTS_PER_RANK = 32 };

static inline CommScratch *scratch_of(const Comm *comm)
{
    return comm->scratch;
}

/* One line and MPI_Abort if an MPI call has failed. */
void comm_check(int code, const char *call);
#define MPI(call) comm_check((call), #call)

/* Until all are done. Every wait for messages goes through here; communicators are made, MPI-IO and ScaLAPACK wait by
 * calls that block. See comm_wait.c. */
void comm_wait(const Comm *comm, int n, MPI_Request *request);
/* Sleeps of microseconds take no longer than asked for, where the system lets a process ask. */
void comm_wake_sharply(void);

/* A nonblocking MPI call, given all but its request, and the wait for it. */
#define MPI_WAITED(comm, call, ...)                      \
    do {                                                 \
        MPI_Request request_;                            \
        comm_check(call(__VA_ARGS__, &request_), #call); \
        comm_wait(comm, 1, &request_);                   \
    } while (0)

static inline MPI_Comm world_of(const Comm *comm)
{
    return *(MPI_Comm *)comm->world;
}

static inline MPI_Datatype real_type(void)
{
    return sizeof(real) == sizeof(float) ? MPI_FLOAT : MPI_DOUBLE;
}

#endif
