/* runtime.h: threads and kernels of this process, chosen once. */
#ifndef TRAIN_RUNTIME_H
#define TRAIN_RUNTIME_H

#include <stdbool.h>

#include "kernels/gemm.h"
#include "parallel/comm.h"

/* Threads per rank (0 = share the cores), instruction set, library of products and its kernel family; logs what was
 * found and warns of too many threads or of slow kernels. Fails, alike on all ranks, where gemm_choose does on one.
 * Collective, once per process. */
Status runtime_init(const Comm *comm, int threads, const GemmChoice *products, bool is_quiet);

#endif
