/* test_geometry_f64.c: the measures. Oracles: the worked example of the specification (evaluations.md 10.10), to 1e-12;
 * naive loops over all pairs; LAPACK against ScaLAPACK on every grid; two passes against one; a perfect simplex.
 * ranks: 1 2 3 4 5 */
#include <float.h>

#include "../harness.h"
#include "analysis/class_scatter.h"
#include "analysis/geometry.h"
#include "analysis/statistics.h"
#include "base/random.h"
#include "kernels/gemm.h"

static const Comm *comm;

static void close_to(const char *name, double value, double expected, double tolerance)
{
    const double error = fabs(value - expected) / fmax(1, fabs(expected));
    check(error <= tolerance, "%s = %.16g, expected %.16g (%.1e)", name, value, expected, error);
}

static void uniform(uint32_t stream, int n, double *x)
{
    const RandomKey key = random_key(7, RANDOM_TEST, 0, 0, stream);
    for (int i = 0; i < n; i++) {
        uint32_t word[4];
        random_words(&key, (uint32_t)i, word);
        x[i] = 2 * random_unit(word[0]) - 1;
    }
}

/* All of one dataset through both forms, samples dealt to the ranks one by one. */
static void scatter_of(int k, int d, int n, const real *x, const int *label, bool once, ClassScatter *s)
{
    class_scatter_open(k, d, true, s);
    for (int pass = 0; pass < (once ? 1 : 2); pass++) {
        for (int i = comm->rank; i < n; i += comm->n_ranks) {
            if (once) class_scatter_add_once(s, 1, x + (size_t)(i * d), label + i);
            else if (pass == 0) class_scatter_add_sums(s, 1, x + (size_t)(i * d), label + i);
            else class_scatter_add_squares(s, 1, x + (size_t)(i * d), label + i);
        }
        if (once) class_scatter_finish_once(comm, s);
        else if (pass == 0) class_scatter_finish_sums(comm, s);
        else check(class_scatter_finish_squares(comm, s) == STATUS_OK, "both passes met the same samples");
    }
}

static Geometry measure(const ClassScatter *s, const double *row, RoadKind kind, const char *grid)
{
    Geometry g = {0};
    Road road;
    const GeometryInput in = {.n_classes = s->n_classes,
                              .n_features = s->n_features,
                              .count = s->count,
                              .mean = s->mean,
                              .scatter = s->scatter,
                              .within = s->within,
                              .row = row};
    Status status = road_open(comm, kind, grid, s->n_features, &road);
    if (!status) status = geometry_measure(comm, &road, &in, NULL, &g);
    check(status == STATUS_OK, "measured%s%s", status ? ": " : "", status ? status_message() : "");
    road_close(&road);
    return g;
}

static void worked_example(RoadKind kind, bool once)
{
    const real x[] = {2, 0, 2, 1, 0, 2, 1, 2, -1, -1, -2, -1, -1, -2};
    const int label[] = {0, 0, 1, 1, 2, 2, 2};
    const double row[] = {1, 0.2, 0.1, 1, -1, -0.8};
    ClassScatter s;
    scatter_of(3, 2, 7, x, label, once, &s);
    Geometry g = measure(&s, row, kind, "");
    const PairSummary *p = g.pairs.measure;
    const Moments r = statistics_moments(3, g.norm), c = statistics_moments(3, g.cosine);
    double log_norm[3];
    for (int i = 0; i < 3; i++) log_norm[i] = log(g.norm[i]);
    const Moments l = statistics_moments(3, log_norm);
    check(s.count[0] == 2 && s.count[1] == 2 && s.count[2] == 3, "counts 2, 2, 3");
    close_to("mu_G", g.centre[0], 7.0 / 18, 1e-15);
    close_to("v_3", s.scatter[2], 4.0 / 3, 1e-14);
    close_to("nc1_pinv", g.nc1_pinv, 0.10861701600515335, 1e-12);
    close_to("nc1_quotient", g.nc1_quotient, 0.08970099667774087, 1e-12);
    close_to("cdnv_p1", p[PAIR_CDNV_1].mean, 0.0345134001563944, 1e-12);
    close_to("cdnv_p2", p[PAIR_CDNV_2].mean, 0.005220438888242286, 1e-12);
    close_to("r_1", g.norm[0], 1.614937983749848, 1e-12);
    close_to("r_3", g.norm[2], 2.4355900240869968, 1e-12);
    close_to("norm_cov", r.cov, 0.25089040006767727, 1e-12);
    close_to("norm_log_mean", l.mean, 0.6162607161445995, 1e-12);
    close_to("norm_log_var", l.variance, 0.056277543671148664, 1e-12);
    close_to("norm_log_cov", l.cov, 0.38494889962714907, 1e-12);
    close_to("cos_mean", p[PAIR_COSINE].mean, -0.45696169508791207, 1e-12);
    close_to("cos_var", p[PAIR_COSINE].variance, 0.17656047090089488, 1e-12);
    close_to("cos_off_mean", p[PAIR_OFF_TARGET].mean, 0.3818137660938292, 1e-12);
    close_to("cos_off_max", p[PAIR_OFF_TARGET].max, 0.13727810650887576 + 0.5, 1e-12);
    close_to("gram_mean", p[PAIR_GRAM].mean, -1.8580246913580245, 1e-12);
    close_to("gram_var", p[PAIR_GRAM].variance, 2.455437433318091, 1e-12);
    close_to("etf_error", g.pairs.etf_error, 0.5312728865425485, 1e-12);
    close_to("duality_error", g.pairs.duality_error, 0.5457053382603747, 1e-12);
    close_to("gnc2_mean", p[PAIR_LOG_KERNEL].mean, -0.509278245307735, 1e-12);
    close_to("gnc2_var", p[PAIR_LOG_KERNEL].variance, 0.02797466394073032, 1e-12);
    close_to("gnc2_uncentred_mean", p[PAIR_LOG_KERNEL_UNCENTRED].mean, -0.44698469219438036, 1e-12);
    close_to("gnc2_uncentred_var", p[PAIR_LOG_KERNEL_UNCENTRED].variance, 0.08753157505385557, 1e-12);
    close_to("s_1", g.cosine[0], 0.9917502218317946, 1e-12);
    close_to("s_2", g.cosine[1], 0.9995253428544275, 1e-12);
    close_to("s_3", g.cosine[2], 0.9938837346736189, 1e-12);
    close_to("nc3", c.mean, 0.9950530997866137, 1e-12);
    close_to("unc3", c.sd, 0.004017298570527706, 1e-12);
    close_to("unc3_var", c.variance, 1.613868780476395e-05, 1e-12);
    const int every[] = {0, 1, 2};
    const SubsetMeasures subset = geometry_of_subset(3, every, 2, s.mean, row, NULL, g.noise);
    close_to("subset nc3", subset.nc3, c.mean, 1e-14);
    close_to("subset unc3", subset.unc3, c.sd, 1e-12);
    close_to("subset norm_cov", subset.norm_cov, r.cov, 1e-14);
    close_to("subset cos_mean", subset.cos_mean, p[PAIR_COSINE].mean, 1e-14);
    const int twice[] = {0, 1, 1, 2, 2, 2}; /* repeated classes are no pairs of their own */
    const double weighted = (2 * 1 * 0.13727810650887576 + 3 * 1 * -0.754081595886306 + 6 * -0.754081595886306) / 11;
    const SubsetMeasures repeated = geometry_of_subset(6, twice, 2, s.mean, row, g.centre, g.noise);
    close_to("subset cos_mean of repeated classes", repeated.cos_mean, weighted, 1e-12);
    geometry_free(&g);
    class_scatter_close(&s);
}

/* Random classes, some with one sample, one pair with equal means: pair by pair in plain loops. */
enum { K = 1100, D = 70, N = 4000 }; /* three tiles, the last one short */

static double relative(double a, double b)
{
    return fabs(a - b) / fmax(1e-300, fabs(b));
}

static void against_loops(void)
{
    real *x = malloc((size_t)N * D * sizeof *x);
    double *wide = malloc((size_t)N * D * sizeof *wide), *row = malloc((size_t)K * D * sizeof *row);
    int *label = malloc(N * sizeof *label);
    uniform(1, N * D, wide);
    uniform(2, K * D, row);
    for (int i = 0; i < N; i++) {
        label[i] = i < K ? i : (i * 7919) % (K / 2);
        for (int j = 0; j < D; j++)
            x[i * D + j] =
                (real)(0.05 * wide[i * D + j] + wide[(label[i] % 37) * D + j] + 0.3 * wide[label[i] * D + j]);
    }
    for (int j = 0; j < D; j++) x[1000 * D + j] = x[900 * D + j]; /* classes of one sample each */
    ClassScatter s, once;
    scatter_of(K, D, N, x, label, false, &s);
    scatter_of(K, D, N, x, label, true, &once);
    double apart = 0, spread = 0;
    for (int i = 0; i < K * D; i++) apart = fmax(apart, fabs(s.mean[i] - once.mean[i]));
    for (int k = 0; k < K; k++) spread = fmax(spread, fabs(s.scatter[k] - once.scatter[k]) / fmax(1e-3, s.scatter[k]));
    for (int i = 0; i < D * D; i++) spread = fmax(spread, fabs(s.within[i] - once.within[i]) / s.within[0]);
    check(apart < 1e-13 && spread < 1e-12, "one pass = two passes: means %.1e, scatter %.1e", apart, spread);
    check(memcmp(s.count, once.count, K * sizeof *s.count) == 0, "and the same counts");

    Geometry g = measure(&s, row, ROAD_LAPACK, "");
    double sum[N_PAIR_MEASURES] = {0}, square[N_PAIR_MEASURES] = {0}, etf = 0, dual = 0, gram = 0, dual_norm = 0;
    int64_t n[N_PAIR_MEASURES] = {0}, equal = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < K; i++)
            for (int j = 0; j < K; j++) {
                const double *a = g.centred + i * D, *b = g.centred + j * D, *w = row + i * D;
                double dot = 0, dist = 0, unit = 0, raw = 0, ra = 0, rb = 0, qa = 0, qb = 0, cross = 0;
                for (int f = 0; f < D; f++) {
                    dot += a[f] * b[f], cross += w[f] * b[f], ra += a[f] * a[f], rb += b[f] * b[f];
                    dist += (a[f] - b[f]) * (a[f] - b[f]);
                    qa += s.mean[i * D + f] * s.mean[i * D + f], qb += s.mean[j * D + f] * s.mean[j * D + f];
                }
                if (pass == 0) gram += dot * dot, dual_norm += cross * cross;
                const double entry = ((i == j) - 1.0 / K) / sqrt(K - 1.0);
                if (pass == 1) {
                    etf += pow(dot / sqrt(gram) - entry, 2);
                    dual += pow(cross / sqrt(dual_norm) - entry, 2);
                }
                if (i >= j) continue;
                for (int f = 0; f < D; f++) {
                    unit += pow(a[f] / sqrt(ra) - b[f] / sqrt(rb), 2);
                    raw += pow(s.mean[i * D + f] / sqrt(qa) - s.mean[j * D + f] / sqrt(qb), 2);
                }
                const double v = 0.5 * (s.scatter[i] / (double)s.count[i] + s.scatter[j] / (double)s.count[j]);
                const double value[N_PAIR_MEASURES] = {dot / sqrt(ra * rb),
                                                       dot,
                                                       fabs(dot / sqrt(ra * rb) + 1.0 / (K - 1)),
                                                       -0.5 * log(unit),
                                                       -0.5 * log(raw),
                                                       v / dist,
                                                       v / dist / dist,
                                                       log(v / dist),
                                                       log(v / dist / dist),
                                                       dist / v,
                                                       dist * dist / v};
                equal += pass == 0 && dist == 0;
                for (int m = 0; m < N_PAIR_MEASURES; m++) {
                    if (!isfinite(value[m])) continue;
                    if (pass == 0) sum[m] += value[m], n[m]++;
                    else square[m] += pow(value[m] - sum[m] / (double)n[m], 2);
                }
            }
    double worst = 0;
    bool counts = true;
    for (int m = 0; m < N_PAIR_MEASURES; m++) {
        worst = fmax(worst, relative(g.pairs.measure[m].mean, sum[m] / (double)n[m]));
        worst = fmax(worst, relative(g.pairs.measure[m].variance, square[m] / (double)n[m]));
        counts = counts && n[m] == g.pairs.measure[m].n;
    }
    check(worst < 1e-9, "%d measures of %d pairs, mean and variance: %.1e of plain loops", N_PAIR_MEASURES,
          K * (K - 1) / 2, worst);
    check(counts && equal == 1 && g.pairs.n_equal == 1,
          "pairs that count are the same; one pair of equal means is told");
    close_to("etf_error", g.pairs.etf_error, sqrt(etf), 1e-12);
    close_to("duality_error", g.pairs.duality_error, sqrt(dual), 1e-12);

    static const char *const grid[] = {"1x1", "1x2", "2x1", "1x3", "2x2", "1x5", ""};
    for (size_t i = 0; i < sizeof grid / sizeof grid[0]; i++) {
        const int ranks = grid[i][0] ? (grid[i][0] - '0') * (grid[i][2] - '0') : 1;
        if (ranks > comm->n_ranks) continue;
        Geometry h = measure(&s, row, ROAD_SCALAPACK, grid[i]);
        double between = 0, within = 0, principal = 0;
        for (int j = 0; j < D; j++) between = fmax(between, fabs(g.between[j] - h.between[j]) / g.between[0]);
        for (int j = 0; j < D; j++) within = fmax(within, fabs(g.within[j] - h.within[j]) / g.within[0]);
        for (int j = 0; j < K * GEOMETRY_AXES; j++) principal = fmax(principal, fabs(g.principal[j] - h.principal[j]));
        const double nc1 = fmax(relative(h.nc1_pinv, g.nc1_pinv), relative(h.nc1_top, g.nc1_top));
        check(fmax(fmax(between, within), fmax(nc1, principal)) < 1e-9,
              "ScaLAPACK on grid %s: spectra %.0e %.0e, axes %.0e, nc1 %.0e of LAPACK's",
              grid[i][0] ? grid[i] : "of all ranks", between, within, principal, nc1);
        Road road;
        double *a = malloc((size_t)K * K * sizeof *a), *b = malloc((size_t)K * K * sizeof *b), off = 0;
        road_open(comm, ROAD_SCALAPACK, grid[i], K, &road);
        check(matrix_gram(&road, K, D, g.centred, a) == STATUS_OK, "Gram matrix on the grid");
        road_close(&road);
        road_open(comm, ROAD_LAPACK, "", K, &road);
        matrix_gram(&road, K, D, g.centred, b);
        road_close(&road);
        for (int j = 0; j < K * K; j++) off = fmax(off, fabs(a[j] - b[j]));
        check(off < 1e-12, "and it is BLIS's: %.0e", off);
        free(a), free(b);
        geometry_free(&h);
    }
    geometry_free(&g);
    class_scatter_close(&s), class_scatter_close(&once);
    free(x), free(wide), free(row), free(label);
}

/* K unit vectors at equal angles, embeddings along them: every measure at its ideal. */
static void simplex(void)
{
    enum { C = 5 };
    real x[2 * C * C];
    double row[C * C];
    int label[2 * C];
    for (int i = 0; i < 2 * C; i++) {
        label[i] = i % C;
        for (int j = 0; j < C; j++) x[i * C + j] = (real)((i % C == j) - 1.0 / C) + (real)3;
    }
    for (int i = 0; i < C * C; i++) row[i] = 2 * ((i / C == i % C) - 1.0 / C);
    ClassScatter s;
    scatter_of(C, C, 2 * C, x, label, false, &s);
    Geometry g = measure(&s, row, ROAD_LAPACK, "");
    close_to("simplex: cosines", g.pairs.measure[PAIR_COSINE].mean, -1.0 / (C - 1), 1e-14);
    close_to("simplex: their variance", g.pairs.measure[PAIR_COSINE].variance, 0, 1e-14);
    close_to("simplex: ETF error", g.pairs.etf_error, 0, 1e-13);
    close_to("simplex: duality error", g.pairs.duality_error, 0, 1e-13);
    close_to("simplex: nc3", statistics_moments(C, g.cosine).mean, 1, 1e-14);
    close_to("simplex: unc3", statistics_moments(C, g.cosine).sd, 0, 1e-14);
    close_to("simplex: nc1", g.nc1_pinv, 0, 1e-14);
    close_to("simplex: rank of S_B", g.between[C - 1] / g.between[0], 0, 1e-14);
    geometry_free(&g);
    class_scatter_close(&s);
}

/* What cannot be measured is said, what is extreme is measured. */
static void odd_input(void)
{
    Geometry g;
    Road road;
    road_open(comm, ROAD_LAPACK, "", 2, &road);
    const int64_t count[] = {2, 2, 2};
    double mean[] = {1, 1, 3}, row[] = {1, 2, -1}, scatter[] = {0, 1, 1}, within[] = {2};
    GeometryInput in = {.n_classes = 1,
                        .n_features = 1,
                        .count = count,
                        .mean = mean,
                        .scatter = scatter,
                        .within = within,
                        .row = row};
    check(geometry_measure(comm, &road, &in, NULL, &g) == STATUS_DATA, "one class: %s", status_message());
    in.n_classes = 2;
    check(geometry_measure(comm, &road, &in, NULL, &g) == STATUS_DATA, "all means in one point: %s", status_message());
    in.n_classes = 3;
    check(geometry_measure(comm, &road, &in, NULL, &g) == STATUS_OK && g.pairs.n_equal == 1 && isfinite(g.nc1_pinv) &&
              g.pairs.measure[PAIR_CDNV_1].n == 2 && isfinite(g.pairs.measure[PAIR_CDNV_1].mean),
          "one dimension, two equal means: measured without that pair");
    close_to("one dimension: |cosine|", fabs(g.cosine[2]), 1, 1e-15);
    geometry_free(&g);
    mean[1] = (double)NAN;
    check(geometry_measure(comm, &road, &in, NULL, &g) == STATUS_DATA, "NaN: %s", status_message());
    road_close(&road);
    check(road_open(comm, ROAD_SCALAPACK, "9x9", 4, &road) == STATUS_USAGE, "a grid of too many ranks: %s",
          status_message());
    check(road_open(comm, ROAD_SCALAPACK, "2*1", 4, &road) == STATUS_USAGE, "not a grid: %s", status_message());
    road_open(comm, ROAD_LAPACK, "", 2, &road);
    check(matrix_gram(&road, 50000, 2, mean, mean) == STATUS_DATA, "too large for 32 bits: %s", status_message());
    road_close(&road);
}

int main(int argc, char **argv)
{
    Comm world;
    if (comm_init(&argc, &argv, &world)) return 1;
    comm = &world;
    harness_speaks = world.rank == 0;
    gemm_init(0, 1);
    worked_example(ROAD_LAPACK, false);
    worked_example(ROAD_SCALAPACK, true);
    against_loops();
    simplex();
    odd_input();
    int64_t failures = harness_failures;
    comm_sum_i64(comm, &failures, 1);
    harness_failures = (int)failures;
    const int code = harness_done();
    comm_finalize(&world);
    return code;
}
