/* geometry_scale: all measures for K classes of random states, as large as a vocabulary, and the statistics pass
 * against the published way (a one-hot matrix times the states). For docs/geometry.md.
 *
 *   mpirun -n 2 geometry_scale [K] [D] [samples per class]
 */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/class_scatter.h"
#include "analysis/geometry.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/timer.h"
#include "kernels/gemm.h"
#include "kernels/vector.h"

enum { ROWS = 2048 };

static void fill(int k, int d, int64_t first, int n, int *label, real *x)
{
    for (int i = 0; i < n; i++) {
        label[i] = (int)((first + i) % k);
        const RandomKey own = random_key(1, RANDOM_TEST, 0, 1, (uint32_t)(first + i)),
                        common = random_key(1, RANDOM_TEST, 0, 2, (uint32_t)label[i]);
        for (int j = 0; j < d; j += 4) {
            uint32_t a[4], b[4];
            random_words(&own, (uint32_t)j, a);
            random_words(&common, (uint32_t)j, b);
            for (int m = 0; m < 4 && j + m < d; m++)
                x[(size_t)i * (size_t)d + (size_t)(j + m)] =
                    (real)(random_unit(b[m]) - 0.5 + 0.5 * (random_unit(a[m]) - 0.5));
        }
    }
}

/* Seconds per block: ours, and a dense one-hot product of the same block. */
static void compare_statistics(int k, int d)
{
    real *x = memory_alloc((size_t)ROWS * (size_t)d, sizeof *x),
         *hot = memory_alloc((size_t)ROWS * (size_t)k, sizeof *hot);
    real *sums = memory_alloc((size_t)k * (size_t)d, sizeof *sums);
    int label[ROWS];
    ClassScatter s;
    class_scatter_open(k, d, false, &s);
    fill(k, d, 0, ROWS, label, x);
    double ours = HUGE_VAL, dense = HUGE_VAL;
    for (int round = 0; round < 5; round++) {
        double began_s = timer_now();
        class_scatter_add_sums(&s, ROWS, x, label);
        const double a = timer_now() - began_s;
        began_s = timer_now();
        memset(hot, 0, (size_t)ROWS * (size_t)k * sizeof *hot);
        for (int i = 0; i < ROWS; i++) hot[(size_t)i * (size_t)k + (size_t)label[i]] = 1;
        gemm(TRANSPOSED, PLAIN, k, d, ROWS, 1, hot, k, x, d, 1, sums, d);
        const double b = timer_now() - began_s;
        ours = a < ours ? a : ours, dense = b < dense ? b : dense;
    }
    log_line("sums of %d states, K = %d, D = %d: scatter %.2f ms, one-hot product %.1f ms: %.0f times", ROWS, k, d,
             1e3 * ours, 1e3 * dense, dense / ours);
    class_scatter_close(&s);
    free(x), free(hot), free(sums);
}

static void progress(double share)
{
    log_status("pairs: %.0f %%", 100 * share);
}

int main(int argc, char **argv)
{
    Comm comm;
    if (comm_init(&argc, &argv, &comm)) return 1;
    log_init(comm.rank == 0);
    const int k = argc > 1 ? atoi(argv[1]) : 30522, d = argc > 2 ? atoi(argv[2]) : 384,
              each = argc > 3 ? atoi(argv[3]) : 4;
    omp_set_num_threads(1);
    gemm_init(vector_choose(vector_best_level()), 1);
    compare_statistics(k, d);

    const double began_s = timer_now();
    real *x = memory_alloc((size_t)ROWS * (size_t)d, sizeof *x);
    double *row = memory_alloc((size_t)k * (size_t)d, sizeof *row);
    int label[ROWS];
    ClassScatter s;
    class_scatter_open(k, d, true, &s);
    double statistics_s = 0;
    const int64_t states = (int64_t)k * each, blocks = (states + ROWS - 1) / ROWS;
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t b = comm.rank; b < blocks; b += comm.n_ranks) {
            const int n = states - b * ROWS < ROWS ? (int)(states - b * ROWS) : ROWS;
            fill(k, d, b * ROWS, n, label, x);
            const double start_s = timer_now();
            if (pass == 0) class_scatter_add_sums(&s, n, x, label);
            else class_scatter_add_squares(&s, n, x, label);
            statistics_s += timer_now() - start_s;
        }
        if (pass == 0) class_scatter_finish_sums(&comm, &s);
        else if (class_scatter_finish_squares(&comm, &s)) return 1;
    }
    for (size_t i = 0; i < (size_t)k * (size_t)d; i++) row[i] = s.mean[i];
    const GeometryInput in = {.n_classes = k,
                              .n_features = d,
                              .count = s.count,
                              .mean = s.mean,
                              .scatter = s.scatter,
                              .within = s.within,
                              .row = row};
    Geometry g;
    Road road;
    const double start_s = timer_now();
    Status status = road_open(&comm, ROAD_SCALAPACK, "", d, &road);
    if (!status) status = geometry_measure(&comm, &road, &in, progress, &g);
    if (status) printf("%s\n", status_message());
    log_status("%s", "");
    const double pairs_s = timer_now() - start_s,
                 peak = comm_spread(&comm, 1e-6 * (double)memory_peak_bytes()).mean * comm.n_ranks;
    log_line("K = %d, D = %d, %lld states, %d ranks: statistics %.1f s, spectra and all %.1f M pairs %.1f s (%.2f ms "
             "per class), whole %.1f s; "
             "%.0f MB on all ranks",
             k, d, (long long)states, comm.n_ranks, statistics_s, 0.5e-6 * k * (k - 1.0), pairs_s, 1e3 * pairs_s / k,
             timer_now() - began_s, peak);
    log_line("cos_mean %.3e, cos_var %.4e, etf_error %.6f, nc1_pinv %.6f, cdnv_p1 %.6f",
             g.pairs.measure[PAIR_COSINE].mean, g.pairs.measure[PAIR_COSINE].variance, g.pairs.etf_error, g.nc1_pinv,
             g.pairs.measure[PAIR_CDNV_1].mean);
    comm_finalize(&comm);
    return (int)status;
}
