/* test_not_measured.c: what too few classes, words or items do not say is NaN in every measure, never 0 or 1, and what
 * they do say is right. Oracles: closed forms of two and three classes; the same measure of the classes that are left.
 * ranks: 1 2 */
#include "../harness.h"
#include "analysis/geometry.h"
#include "analysis/statistics.h"
#include "base/random.h"
#include "kernels/gemm.h"

static const Comm *comm;

static Status measure(int k, int d, const double *mean, const double *row, const double *scatter, Geometry *g)
{
    Road road;
    int64_t count[8];
    for (int c = 0; c < k; c++) count[c] = 2;
    const GeometryInput in = {
        .n_classes = k, .n_features = d, .count = count, .mean = mean, .scatter = scatter, .row = row};
    *g = (Geometry){0};
    TRY(road_open(comm, ROAD_LAPACK, "", d, &road));
    Status status = geometry_measure(comm, &road, &in, NULL, g);
    road_close(&road);
    return status;
}

static void statistics(void)
{
    const double x[] = {3, 1, 2, 5, 4}, same[] = {2, 2, 2, 2, 2}, around[] = {-1, 1};
    const Moments none = statistics_moments(0, x), one = statistics_moments(1, x), flat = statistics_moments(5, same),
                  balanced = statistics_moments(2, around);
    check(isnan(statistics_mean(0, x)) && isnan(none.mean) && isnan(none.variance) && isnan(none.sd) && isnan(none.cov),
          "no number: no mean, no deviation");
    check(one.mean == 3 && isnan(one.variance) && isnan(one.sd) && isnan(one.cov), "one number: a mean, no deviation");
    check(flat.mean == 2 && flat.variance == 0 && flat.cov == 0, "five equal numbers: a deviation of 0 that is true");
    check(balanced.mean == 0 && near(balanced.sd, sqrt(2), 1e-15) && isnan(balanced.cov),
          "a mean of 0: no quotient with it");
    for (int n = 0; n < STATISTICS_LEAST; n++) {
        const Interval i = statistics_bootstrap_mean(n, x, 100, 1);
        check(isnan(i.low) && isnan(i.high), "%d items: no interval", n);
    }
    const Interval of_five = statistics_bootstrap_mean(5, x, 1000, 1);
    check(of_five.low > 1 && of_five.low < 3 && of_five.high > 3 && of_five.high < 5, "five items: %.2f to %.2f",
          of_five.low, of_five.high);
}

/* Bounds are those of the numbers that are there, whatever stands between them. */
static void interval_leaves_out(void)
{
    enum { N = 401 };
    double whole[N], holed[2 * N - 1];
    for (int i = 0; i < N; i++) {
        whole[i] = holed[i] = 0.01 * ((i * 37) % N) + 5;
        if (i < N - 1) holed[N + i] = (double)NAN;
    }
    const Interval a = statistics_interval(N, whole), b = statistics_interval(2 * N - 1, holed);
    check(a.low == b.low && a.high == b.high && a.low > 5, "resamples without the measure are left out: %.2f to %.2f",
          b.low, b.high);
    for (int i = 0; i < 10; i++) whole[i] = (double)NAN;
    const Interval few = statistics_interval(19, whole), none = statistics_interval(0, whole);
    check(isnan(few.low) && isnan(few.high) && isnan(none.low), "more resamples without it than with it: no bounds");
}

/* Two classes: what is so by construction, what is measured, what one pair does not say. */
static void two_classes(void)
{
    const double mean[] = {1, 2, 4, 6}, row[] = {3, 4, -1, 0}, scatter[] = {2, 6};
    Geometry g;
    check(measure(2, 2, mean, row, scatter, &g) == STATUS_OK, "two classes are measured");
    const PairSummary *p = g.pairs.measure;
    const double u[] = {-0.6, -0.8}; /* (1, 2) - (4, 6), of length 5 */
    check(near(g.cosine[0], (3 * u[0] + 4 * u[1]) / 5, 1e-15) && near(g.cosine[1], u[0], 1e-15) && g.n_zero == 0,
          "their cosines");
    check(near(p[PAIR_COSINE].mean, -1, 1e-15) && near(g.pairs.etf_error, 0, 1e-15) &&
              near(p[PAIR_CDNV_1].mean, 2.0 / 25, 1e-15),
          "cosine -1 and an ETF by construction, cdnv measured");
    bool gap = true;
    for (int m = 0; m < N_PAIR_MEASURES; m++) gap = gap && p[m].n == 1 && isnan(p[m].variance) && isfinite(p[m].mean);
    check(gap, "one pair: a mean of each measure, no variance");
    check(isfinite(g.principal[0]) && isfinite(g.principal[1]) && isnan(g.principal[2]) && isnan(g.principal[5]),
          "two dimensions have no third axis");
    check(isnan(g.nc1_pinv) && isnan(g.nc1_quotient), "no covariance, no nc1");
    geometry_free(&g);
}

/* A mean at the centre, and an embedding of 0, have no direction. */
static void without_direction(void)
{
    const double mean[] = {1, 0, -1, 0, 0, 0}, row[] = {1, 1, 0, 0, 2, 1};
    Geometry g;
    check(measure(3, 2, mean, row, NULL, &g) == STATUS_OK && g.n_zero == 2,
          "two of three classes without one are counted");
    check(near(g.cosine[0], sqrt(0.5), 1e-15) && isnan(g.cosine[1]) && isnan(g.cosine[2]) && isnan(g.distance[2]),
          "their cosines are not measured");
    check(g.pairs.measure[PAIR_COSINE].n == 1 && g.pairs.measure[PAIR_COSINE].mean == -1,
          "the pairs with one are left out");
    check(isnan(g.variance[0]) && isnan(g.pairs.measure[PAIR_CDNV_1].mean) && isnan(g.pairs.measure[PAIR_CDNV_1].max) &&
              isnan(g.pairs.measure[PAIR_LOG_CDNV_2].mean),
          "no spread within classes, no cdnv, nor its largest");
    geometry_free(&g);
    const double zero[6] = {0};
    check(measure(3, 2, mean, zero, NULL, &g) == STATUS_OK && g.n_zero == 3 && isnan(g.pairs.duality_error) &&
              isfinite(g.pairs.etf_error),
          "embeddings of 0: no cosine, no duality error; the means are measured");
    geometry_free(&g);
    const double across[] = {0, 1, 0, -2, 0, 1};
    check(measure(3, 2, mean, across, NULL, &g) == STATUS_OK && near(g.cosine[0], 0, 1e-15) &&
              isnan(g.pairs.duality_error),
          "embeddings across all means: cosines of 0 that are true, no form to compare with an ETF");
    geometry_free(&g);
}

/* Means that differ by the rounding of fp32 are one point; ten times as much is a distance. */
static void rounding_is_no_direction(void)
{
    enum { D = 8 };
    double mean[3 * D], row[3 * D], scatter[] = {1, 1, 1};
    const double step = ldexp(1, -24);
    for (int i = 0; i < 3 * D; i++) mean[i] = 1 + step * ((i * 5) % 3 - 1), row[i] = 1 + i % 4;
    Geometry g;
    check(measure(3, D, mean, row, scatter, &g) == STATUS_DATA && strstr(status_message(), "one point"),
          "means apart by rounding: %s", status_message());
    for (int i = 0; i < D; i++) mean[i] += 1;
    check(measure(3, D, mean, row, scatter, &g) == STATUS_OK && g.pairs.n_equal == 1 &&
              g.pairs.measure[PAIR_CDNV_1].n == 2,
          "a pair apart by rounding is a pair of equal means");
    check(g.pairs.measure[PAIR_LOG_KERNEL].n == 2 && g.pairs.measure[PAIR_LOG_KERNEL].max < 1,
          "and has no logarithm of its distance");
    check(g.pairs.measure[PAIR_LOG_KERNEL_UNCENTRED].n == 0 && isnan(g.pairs.measure[PAIR_LOG_KERNEL_UNCENTRED].mean) &&
              isnan(g.pairs.measure[PAIR_LOG_KERNEL_UNCENTRED].max),
          "uncentred all three point the same way but for rounding: nothing to take a logarithm of");
    geometry_free(&g);
    for (int i = 0; i < 3 * D; i++) mean[i] = 1 + 30 * step * ((i * 5) % 3 - 1);
    check(measure(3, D, mean, row, scatter, &g) == STATUS_OK && g.n_zero == 0, "thirty times that is measured");
    geometry_free(&g);
}

static bool all_nan(SubsetMeasures m)
{
    return isnan(m.nc3) && isnan(m.unc3) && isnan(m.norm_cov) && isnan(m.cos_mean);
}

static void subsets(void)
{
    enum { D = 3 };
    const double mean[] = {0.1, 0.7, 0.3, 0.9, 0.2, 0.5, 0.4, 0.8, 0.6}, centre[] = {0.2, 0.2, 0.2};
    double row[] = {1, 0.3, 0, 0.1, 1, 0.2, 0.5, 0, 0.9};
    const int none[] = {0}, first[] = {0, 0, 0}, pair[] = {0, 2, 0}, both[] = {0, 2};
    check(all_nan(geometry_of_subset(0, none, D, mean, row, NULL, 0)), "no class: nothing");
    check(all_nan(geometry_of_subset(1, first, D, mean, row, NULL, 0)) &&
              all_nan(geometry_of_subset(3, first, D, mean, row, NULL, 0)),
          "one class, also three times over: nothing about its own centre");
    const SubsetMeasures alone = geometry_of_subset(1, first, D, mean, row, centre, 0);
    double dot = 0, norm = 0, length = 0;
    for (int j = 0; j < D; j++) {
        dot += (mean[j] - centre[j]) * row[j];
        norm += (mean[j] - centre[j]) * (mean[j] - centre[j]);
        length += row[j] * row[j];
    }
    check(near(alone.nc3, dot / sqrt(norm * length), 1e-15) && isnan(alone.unc3) && isnan(alone.norm_cov) &&
              isnan(alone.cos_mean),
          "a group of one word: its cosine about the common centre, no deviation, no pair");
    check(isnan(geometry_of_subset(3, first, D, mean, row, centre, 0).unc3),
          "one word three times has no deviation either");
    const SubsetMeasures drawn = geometry_of_subset(3, pair, D, mean, row, NULL, 0),
                         two = geometry_of_subset(2, both, D, mean, row, NULL, 0);
    check(near(two.cos_mean, -1, 1e-14) && near(drawn.cos_mean, -1, 1e-14) && isfinite(drawn.unc3) &&
              drawn.norm_cov > 0.1 && near(two.norm_cov, 0, 1e-14),
          "two classes, one twice: opposite, at lengths of 1 to 2");
    for (int j = 0; j < D; j++) row[j] = 0;
    const SubsetMeasures left = geometry_of_subset(2, both, D, mean, row, NULL, 0);
    check(isfinite(left.nc3) && isnan(left.unc3) && isfinite(left.norm_cov) && near(left.cos_mean, -1, 1e-14),
          "an embedding of 0: its class still has a length and a pair");
}

int main(int argc, char **argv)
{
    Comm world;
    if (comm_init(&argc, &argv, &world)) return 1;
    comm = &world;
    harness_speaks = world.rank == 0;
    gemm_init(0, 1);
    statistics();
    interval_leaves_out();
    two_classes();
    without_direction();
    rounding_is_no_direction();
    subsets();
    int64_t failures = harness_failures;
    comm_sum_i64(comm, &failures, 1);
    harness_failures = (int)failures;
    const int code = harness_done();
    comm_finalize(&world);
    return code;
}
