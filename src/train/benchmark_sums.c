/* benchmark_sums.c: sums over ranks by size, and the straight line through them. */
#include <stdlib.h>
#include <string.h>

#include "analysis/statistics.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/timer.h"
#include "train/benchmark.h"

enum { SMALLEST = 1 << 10, LARGEST = 1 << 25, REPEATS = 7 };

/* Median time of a sum of n numbers, as the slowest rank has it. Collective. */
static double time_sum(const Comm *comm, real *x, int64_t n)
{
    double time_s[REPEATS];
    for (int i = -1; i < REPEATS; i++) {
        comm_barrier(comm);
        const double began_s = timer_now();
        comm_sum_real(comm, x, n);
        const double took_s = comm_spread(comm, timer_now() - began_s).max;
        if (i >= 0) time_s[i] = took_s;
    }
    return statistics_median(REPEATS, time_s);
}

void benchmark_sums(const Comm *comm, SumsResult *r)
{
    real *x = memory_alloc(LARGEST, sizeof *x);
    double one = 0, bytes = 0, time = 0, bytes2 = 0,
           bytes_time = 0; /* sums of the fit, each point weighted by 1 / time^2 */
    *r = (SumsResult){.ranks = comm->n_ranks};
    for (int64_t i = 0; i < LARGEST; i++) x[i] = (real)(i % 3);
    log_line("%12s %12s %12s", "MB", "ms", "GB/s");
    for (int64_t n = SMALLEST; n <= LARGEST; n *= 4) {
        const double took_s = time_sum(comm, x, n), b = (double)n * (double)sizeof *x, weight = 1 / (took_s * took_s);
        memset(x, 0, (size_t)n * sizeof *x);
        log_line("%12.3f %12.3f %12.2f", 1e-6 * b, 1e3 * took_s, 1e-9 * b / took_s);
        one += weight, bytes += weight * b, time += weight * took_s, bytes2 += weight * b * b;
        bytes_time += weight * b * took_s;
    }
    const double slope = (one * bytes_time - bytes * time) / (one * bytes2 - bytes * bytes);
    r->latency_s = (time - slope * bytes) / one;
    r->bytes_per_s = 1 / slope;
    free(x);
}
