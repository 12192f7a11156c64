/* statistics.c: mean and bootstrap. */
#include "analysis/statistics.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"

double statistics_mean(int n, const double *x)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += x[i];
    return n ? sum / n : 0;
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

Interval statistics_bootstrap_mean(int n, const double *x, int resamples, uint64_t seed)
{
    if (n == 0) return (Interval){0, 0};
    double *mean = memory_alloc((size_t)resamples, sizeof *mean);
#pragma omp parallel for schedule(static)
    for (int r = 0; r < resamples; r++) mean[r] = resampled_mean(n, x, seed, r);
    qsort(mean, (size_t)resamples, sizeof *mean, ascending);
    Interval interval = {mean[(int)(0.025 * (resamples - 1))], mean[(int)(0.975 * (resamples - 1))]};
    free(mean);
    return interval;
}
