/* test_statistics.c: Wilcoxon's test against scipy.stats.wilcoxon (zero_method wilcox, normal approximation, no
 * continuity correction); resamples of clusters. */
#include "../harness.h"
#include "analysis/statistics.h"

static void check_wilcoxon(void)
{
    const double d[] = {0.5, -0.25, 0, 1.5, -0.5, 2, 0.75, -1, 0.5, 3, -0.25, 0.125};
    const SignedRank s = statistics_signed_rank(12, d);
    check(s.n == 11 && near(s.plus, 48, 0), "one difference is 0, equal sizes share a rank; their sum is %.1f", s.plus);
    check(near(s.z, 1.3369695534647592, 1e-14) && near(s.p, 0.1812325753423668, 1e-14) &&
              near(s.r, s.z / sqrt(11), 1e-15),
          "scipy's z and p: %.16f %.16f", s.z, s.p);
    double turned[12];
    for (int i = 0; i < 12; i++) turned[i] = -d[i];
    const SignedRank t = statistics_signed_rank(12, turned);
    check(near(t.z, -s.z, 0) && near(t.p, s.p, 0), "turned around: the same p");
    const SignedRank none = statistics_signed_rank(1, d + 2);
    check(none.n == 0 && isnan(none.z) && isnan(none.p), "differences of 0 alone: not measured");
}

static void check_clusters(void)
{
    const double sum[] = {2, 4, 6, 8, 10, 12}, count[] = {2, 2, 2, 2, 2, 2}, mean[] = {1, 2, 3, 4, 5, 6};
    const Interval c = statistics_bootstrap_clusters(6, sum, count, 2000, 1),
                   m = statistics_bootstrap_mean(6, mean, 2000, 1);
    check(near(c.low, m.low, 1e-12) && near(c.high, m.high, 1e-12) && m.low > 1 && m.high < 6,
          "clusters of equal size: the interval of their means, %.2f to %.2f", c.low, c.high);
    check(isnan(statistics_bootstrap_clusters(4, sum, count, 2000, 1).low), "four clusters have no interval");
    const double one_sum[] = {100, 0, 0, 0, 0, 0}, one_count[] = {100, 1, 1, 1, 1, 1};
    const Interval large = statistics_bootstrap_clusters(6, one_sum, one_count, 2000, 1);
    check(near(large.low, 0, 0) && large.high > 0.95, "one large cluster is there or not: %.2f to %.2f", large.low,
          large.high);
}

/* Bounds are numbers of the sorted values, in whatever order and however often they stand there. */
static void check_bounds(void)
{
    enum { MOST = 300, WAYS = 6 };
    int wrong = 0;
    for (int n = 1; n <= MOST; n++)
        for (int way = 0; way < WAYS; way++) {
            double x[MOST], sorted[MOST];
            for (int i = 0; i < n; i++) {
                const int value[WAYS] = {i, n - i, 7, (i * 7919) % 301, (i * 7919) % 301 % 3, i < n / 2 ? i : n - i};
                x[i] = sorted[i] = value[way];
            }
            statistics_median(n, sorted);
            const Interval in = statistics_interval(n, x);
            wrong += in.low != sorted[(int)(0.025 * (n - 1))] || in.high != sorted[(int)(0.975 * (n - 1))];
        }
    check(wrong == 0, "bounds of 1 to %d values in %d orders are those of the values sorted (%d wrong)", MOST, WAYS,
          wrong);
}

int main(void)
{
    check_wilcoxon();
    check_clusters();
    check_bounds();
    return harness_done();
}
