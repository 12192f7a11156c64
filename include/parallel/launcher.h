/* launcher.h: what started this process, as far as the environment tells. Local. */
#ifndef PARALLEL_LAUNCHER_H
#define PARALLEL_LAUNCHER_H

#include <stdbool.h>

#include "base/status.h"

/* Was this process started as one of several tasks, while MPI sees one rank? Then each of them would be a run of its
 * own: srun without the right --mpi, or the launcher of another MPI. n_ranks: of MPI; library: its name. A program that
 * is alone in a job of several tasks (a batch script, mpirun -n 1) is in order. */
Status launcher_check(int n_ranks, const char *library);

/* Did anything start this process that could have started others beside it? A batch script of Slurm counts: in doubt,
 * yes. Asked before MPI begins. */
bool launcher_is_there(void);

#endif
