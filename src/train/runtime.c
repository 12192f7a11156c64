/* runtime.c: cores this process may use, divided by the ranks that share them. */
#define _GNU_SOURCE
#include "train/runtime.h"

#include <omp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "kernels/gemm.h"
#include "kernels/vector.h"

/* The measurement is over after MEASURE_S seconds (QUIET_S in short commands). Threads that got less than BUSY of
 * their cores are told of. */
static const double MEASURE_S = 0.2, QUIET_S = 0.05, BUSY = 0.7;

static int cores_allowed(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    return CPU_COUNT(&set);
}

/* Bound to a part of the machine: those cores are ours alone. Else all ranks of the node share them. */
static int fair_threads(const Comm *comm, int allowed, int online)
{
    const int share = allowed < online ? allowed : allowed / comm->node_ranks;
    return share < 1 ? 1 : share;
}

static const char *plural(int n)
{
    return n == 1 ? "" : "s";
}

static void log_speed(double gflops)
{
    log_line("kernels: %s, family %s, %s %.0f GFLOP/s at 768 x 768 x 768; elementwise %s", gemm_library(),
             gemm_family(), gemm_precision_key(), gflops, vector_kernels->name);
    if (gemm_family_is_fallback())
        log_warning(
            "the kernel family '%s' is not the best for this processor; unset BLIS_ARCH_TYPE, or install a newer BLIS",
            gemm_family());
}

/* Threads of one product wait for each other many times; one that is not running holds up all. */
static void warn_of_waiting(const Comm *comm, int threads, int allowed, int online, double cores)
{
    if (threads > allowed)
        log_warning("%d threads share %d core%s: slow; start with mpirun --bind-to none, or set threads = %d", threads,
                    allowed, plural(allowed), allowed);
    else if (threads > 1 && cores < BUSY * threads)
        log_warning("the machine is busy: %d threads got %.1f cores and wait for each other; threads = 1 may be faster",
                    threads, cores);
    else if (comm->n_ranks == 1 && allowed < online)
        log_warning("this rank may use %d of %d cores; mpirun --bind-to none opens all of them", allowed, online);
}

static Status check_isa(void)
{
    const char *isa = getenv("COLLAPSE_ISA");
    CHECK(!isa || !isa[0] || strcmp(isa, "plain") == 0 || strcmp(isa, "avx2") == 0 || strcmp(isa, "avx512") == 0,
          STATUS_USAGE, "COLLAPSE_ISA = '%s' is not one of: plain avx2 avx512", isa);
    return STATUS_OK;
}

Status runtime_init(const Comm *comm, int threads, const GemmChoice *products, bool is_quiet)
{
    TRY(comm_agree(comm, check_isa()));
    const int online = (int)sysconf(_SC_NPROCESSORS_ONLN), allowed = cores_allowed();
    const char *user = getenv("OMP_NUM_THREADS");
    if (threads == 0 && user) threads = atoi(user);
    if (threads <= 0) threads = fair_threads(comm, allowed, online);
    omp_set_num_threads(threads);
    /* Replicas stay the same only if all ranks compute updates with the same instructions: the lowest level there is.
     */
    const Spread levels = comm_spread(comm, vector_choose(vector_best_level()));
    const int level = vector_choose((int)levels.min);
    if (levels.min != levels.max)
        log_line("the ranks' processors (or COLLAPSE_ISA) differ: all use what rank %d has", levels.rank_of_min);
    gemm_init(level, threads);
    TRY(comm_agree(comm, gemm_choose(products)));
    if (is_quiet && threads == 1) return STATUS_OK;
    const GemmSpeed speed = gemm_measure(768, 768, 768, 5, is_quiet ? QUIET_S : MEASURE_S);
    if (!is_quiet) {
        log_line("%d rank%s x %d thread%s; %d rank%s on this node, %d of its %d cores open to rank 0", comm->n_ranks,
                 plural(comm->n_ranks), threads, plural(threads), comm->node_ranks, plural(comm->node_ranks), allowed,
                 online);
        log_speed(speed.gflops);
    }
    warn_of_waiting(comm, threads, allowed, online, speed.cores);
    return STATUS_OK;
}

Status runtime_begin(const Comm *comm, const RuntimeOptions *options)
{
    const GemmChoice products = {
        .library = (GemmLibrary)options->library, .precision = (Precision)options->precision, .fixed_order = true};
    TRY(runtime_init(comm, (int)options->threads, &products, true));
    if (options->library != GEMM_BLIS || options->precision != PRECISION_FP32)
        log_line("matrix products: %s, %s", gemm_library(), gemm_precision_key());
    return STATUS_OK;
}
