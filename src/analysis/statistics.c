/* statistics.c: mean and bootstrap. */
#include "analysis/statistics.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/timer.h"
#include "kernels/team.h"

double statistics_mean(int n, const double *x)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += x[i];
    return n ? sum / n : (double)NAN;
}

Moments statistics_moments(int n, const double *x)
{
    Moments m = {.mean = statistics_mean(n, x)};
    for (int i = 0; i < n; i++) m.variance += (x[i] - m.mean) * (x[i] - m.mean);
    m.variance = n > 1 ? m.variance / (n - 1) : (double)NAN;
    m.sd = sqrt(m.variance);
    m.cov = m.mean != 0 ? m.sd / fabs(m.mean) : (double)NAN;
    return m;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double resampled_mean(int n, const double *x, uint64_t seed, int round)
{
    const RandomKey key = random_key(seed, RANDOM_BOOTSTRAP, 0, 0, (uint32_t)round);
    double sum = 0;
    for (int i = 0; i < n; i += 4) {
        uint32_t word[4];
        random_words(&key, (uint32_t)(i / 4), word);
        for (int j = i; j < n && j < i + 4; j++) sum += x[random_below(word[j - i], (uint32_t)n)];
    }
    return sum / n;
}

double statistics_median(int n, double *x)
{
    qsort(x, (size_t)n, sizeof *x, ascending);
    return 0.5 * (x[(n - 1) / 2] + x[n / 2]);
}

static const Interval not_measured = {(double)NAN, (double)NAN};

/* The kth smallest, which will stand at x[k], none before it larger and none behind it smaller (Hoare 1961): a
 * resample's bounds are two numbers of 10,000, and sorting them took longer than to draw them. */
static double select_kth(int n, double *x, int k)
{
    for (int low = 0, high = n - 1; low < high;) {
        const double pivot = x[k];
        int i = low, j = high;
        while (i <= j) {
            while (x[i] < pivot) i++;
            while (x[j] > pivot) j--;
            if (i > j) break;
            const double other = x[i];
            x[i++] = x[j], x[j--] = other;
        }
        if (j < k) low = i;
        if (k < i) high = j;
    }
    return x[k];
}

Interval statistics_interval(int n, double *x)
{
    int kept = 0;
    for (int i = 0; i < n; i++)
        if (isfinite(x[i])) x[kept++] = x[i];
    if (2 * kept <= n) return not_measured; /* also for n = 0 */
    n = kept;
    return (Interval){select_kth(n, x, (int)(0.025 * (n - 1))), select_kth(n, x, (int)(0.975 * (n - 1)))};
}

Interval statistics_bootstrap_mean(int n, const double *x, int resamples, uint64_t seed)
{
    if (n < STATISTICS_LEAST) return not_measured;
    double *mean = memory_alloc((size_t)resamples, sizeof *mean);
#pragma omp parallel for schedule(static) num_threads(team_for_numbers(4LL * resamples * n))
    for (int r = 0; r < resamples; r++) mean[r] = resampled_mean(n, x, seed, r);
    const Interval interval = statistics_interval(resamples, mean);
    free(mean);
    return interval;
}

static void resample_once(uint64_t seed, int round, int n_values, Resample resample, const void *context, double *value)
{
    RandomDraws draws = random_draws(seed, RANDOM_BOOTSTRAP, (uint32_t)round);
    resample(context, &draws, value + (size_t)round * (size_t)n_values);
}

void statistics_bootstrap(int resamples, uint64_t seed, int n_values, Resample resample, const void *context,
                          Interval *interval)
{
    const size_t n = (size_t)resamples;
    double *value = memory_alloc(n * (size_t)n_values, sizeof *value), *column = memory_alloc(n, sizeof *column);
    const double began_s = timer_now();
    resample_once(seed, 0, n_values, resample, context, value); /* the first tells what the others take */
    const double others_s = (resamples - 1) * (timer_now() - began_s);
#pragma omp parallel for schedule(static) num_threads(team_for(others_s))
    for (int r = 1; r < resamples; r++) resample_once(seed, r, n_values, resample, context, value);
    for (int k = 0; k < n_values; k++) {
        for (size_t r = 0; r < n; r++) column[r] = value[r * (size_t)n_values + (size_t)k];
        interval[k] = statistics_interval(resamples, column);
    }
    free(value), free(column);
}

typedef struct {
    int n;
    const double *sum, *count;
} Clusters;

static void resample_clusters(const void *context, RandomDraws *draws, double *value)
{
    const Clusters *c = context;
    double sum = 0, count = 0;
    for (int i = 0; i < c->n; i++) {
        const uint32_t k = random_next_below(draws, (uint32_t)c->n);
        sum += c->sum[k], count += c->count[k];
    }
    *value = sum / count;
}

Interval statistics_bootstrap_clusters(int n_clusters, const double *sum, const double *count, int resamples,
                                       uint64_t seed)
{
    if (n_clusters < STATISTICS_LEAST) return not_measured;
    const Clusters clusters = {n_clusters, sum, count};
    Interval interval;
    statistics_bootstrap(resamples, seed, 1, resample_clusters, &clusters, &interval);
    return interval;
}

static int smaller_size(const void *a, const void *b)
{
    const double x = fabs(*(const double *)a), y = fabs(*(const double *)b);
    return (x > y) - (x < y);
}

SignedRank statistics_signed_rank(int n, const double *difference)
{
    SignedRank s = {0};
    double *d = memory_alloc((size_t)n + 1, sizeof *d), ties = 0;
    for (int i = 0; i < n; i++)
        if (difference[i] != 0) d[s.n++] = difference[i];
    qsort(d, (size_t)s.n, sizeof *d, smaller_size);
    for (int i = 0, end; i < s.n; i = end) {
        for (end = i + 1; end < s.n && fabs(d[end]) == fabs(d[i]);) end++;
        const double together = end - i, rank = 0.5 * (i + 1 + end);
        for (int k = i; k < end; k++) s.plus += d[k] > 0 ? rank : 0;
        ties += together * together * together - together;
    }
    const double m = s.n, variance = m * (m + 1) * (2 * m + 1) / 24 - ties / 48;
    s.z = s.n ? (s.plus - m * (m + 1) / 4) / sqrt(variance) : (double)NAN;
    s.r = fabs(s.z) / sqrt(m);
    s.p = erfc(fabs(s.z) / sqrt(2));
    free(d);
    return s;
}
