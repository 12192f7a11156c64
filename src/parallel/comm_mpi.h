/* comm_mpi.h: what the files of parallel/ that call MPI share. */
#ifndef PARALLEL_COMM_MPI_H
#define PARALLEL_COMM_MPI_H

#include <mpi.h>

#include "parallel/comm.h"

enum { COMM_CHUNK_BYTES = 8 << 20 };

/* One line and MPI_Abort if an MPI call has failed. */
void comm_check(int code, const char *call);
#define MPI(call) comm_check((call), #call)

static inline MPI_Comm world_of(const Comm *comm)
{
    return *(MPI_Comm *)comm->world;
}

static inline MPI_Datatype real_type(void)
{
    return sizeof(real) == sizeof(float) ? MPI_FLOAT : MPI_DOUBLE;
}

#endif
