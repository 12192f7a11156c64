/* runtime.h: threads and kernels of this process, chosen once. */
#ifndef TRAIN_RUNTIME_H
#define TRAIN_RUNTIME_H

#include <stdbool.h>

#include "parallel/comm.h"

/* Threads per rank (0 = share the cores), instruction set, kernel family; logs what was found and
 * warns of too many threads or of slow kernels. Collective, once per process. */
void runtime_init(const Comm *comm, int threads, bool is_quiet);

#endif
