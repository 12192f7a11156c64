/* runtime.h: threads and kernels of this process, chosen once. */
#ifndef TRAIN_RUNTIME_H
#define TRAIN_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>

#include "io/settings.h"
#include "kernels/gemm.h"
#include "parallel/comm.h"

/* The keys of a command that computes with a model but does not train it; `at`: where its RuntimeOptions stands. */
typedef struct {
    int64_t threads;
    int precision, library;
} RuntimeOptions;
#define RUNTIME_LIBRARY_HELP                                                                                  \
    "who computes matrix products: in fp32 BLIS or oneDNN; in bf16 blis means what is fastest here, kernels " \
    "of our own or oneDNN (collapse --version tells the speeds)"
#define RUNTIME_PRECISION_HELP                                                                                    \
    "bf16: operands of matrix products rounded to bfloat16, sums and all else in fp32 (docs/training.md); needs " \
    "oneDNN and AVX512-BF16 or AMX"
#define RUNTIME_KEYS(at)                                                                                               \
    {"threads",                                                                                                        \
     SETTING_INTEGER,                                                                                                  \
     "0",                                                                                                              \
     "",                                                                                                               \
     0,                                                                                                                \
     4096,                                                                                                             \
     (at) + offsetof(RuntimeOptions, threads),                                                                         \
     "per rank; 0 = share the cores"},                                                                                 \
        {"precision",           SETTING_CHOICE, "fp32", "fp32 bf16", 0, 0, (at) + offsetof(RuntimeOptions, precision), \
         RUNTIME_PRECISION_HELP},                                                                                      \
    {                                                                                                                  \
        "gemm-library", SETTING_CHOICE, "blis", "blis onednn", 0, 0, (at) + offsetof(RuntimeOptions, library),         \
            RUNTIME_LIBRARY_HELP                                                                                       \
    }

/* Threads per rank (0 = share the cores), instruction set, library of products and its kernel family; logs what was
 * found and warns of too many threads or of slow kernels. Fails, alike on all ranks, where gemm_choose does on one.
 * Collective, once per process. */
Status runtime_init(const Comm *comm, int threads, const GemmChoice *products, bool is_quiet);
/* The same for a command with RUNTIME_KEYS, quietly; sums have an order that does not depend on the threads.
 * Collective. */
Status runtime_begin(const Comm *comm, const RuntimeOptions *options);

#endif
