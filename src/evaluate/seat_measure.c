/* seat_measure.c: subsets as bits where they are few, partial shuffles where they are many. */
#include "evaluate/seat_measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kernels/team.h"

static const double TIE = 1e-12;

static double effect_of(int n_x, int n_y, const double *s)
{
    const Moments all = statistics_moments(n_x + n_y, s);
    const double difference = statistics_mean(n_x, s) - statistics_mean(n_y, s + n_x);
    return all.sd > 0 ? difference / all.sd : (double)NAN;
}

double seat_effect(int n_x, int n_y, const double *s)
{
    return effect_of(n_x, n_y, s);
}

typedef struct {
    int n_x, n_y;
    const double *s;
} Targets;

static void resample(const void *context, RandomDraws *draws, double *value)
{
    const Targets *t = context;
    double *s = memory_alloc((size_t)(t->n_x + t->n_y), sizeof *s);
    for (int i = 0; i < t->n_x; i++) s[i] = t->s[random_next_below(draws, (uint32_t)t->n_x)];
    for (int i = 0; i < t->n_y; i++) s[t->n_x + i] = t->s[t->n_x + (int)random_next_below(draws, (uint32_t)t->n_y)];
    *value = effect_of(t->n_x, t->n_y, s);
    free(s);
}

Interval seat_interval(int n_x, int n_y, const double *s, int resamples, uint64_t seed)
{
    const Targets targets = {n_x, n_y, s};
    Interval in = {(double)NAN, (double)NAN};
    if (n_x >= STATISTICS_LEAST && n_y >= STATISTICS_LEAST)
        statistics_bootstrap(resamples, seed, 1, resample, &targets, &in);
    return in;
}

/* n of 2 n; too many to matter beyond SEAT_EXACT. */
static double splits_of(int n)
{
    double splits = 1;
    for (int i = 1; i <= n; i++) splits = splits * (n + i) / i;
    return splits;
}

/* Every subset of n of 2 n bits, the next larger number with as many bits each time. */
static double exact_p(int n, const double *s, double least)
{
    int64_t hits = 0, splits = 0;
    for (uint32_t set = (1u << n) - 1; set < 1u << (2 * n);) {
        double sum = 0;
        for (int i = 0; i < 2 * n; i++) sum += set >> i & 1 ? s[i] : 0;
        hits += sum >= least, splits++;
        const uint32_t low = set & (~set + 1), ripple = set + low;
        set = ripple | (((set ^ ripple) >> 2) / low);
    }
    return (double)hits / (double)splits;
}

/* The sum of n targets drawn without replacement; order [2 n]: scratch. */
static double drawn_sum(int n, const double *s, uint64_t seed, int draw, int *order)
{
    RandomDraws draws = random_draws(seed, RANDOM_SPLIT, (uint32_t)draw);
    double sum = 0;
    for (int i = 0; i < 2 * n; i++) order[i] = i;
    for (int i = 0; i < n; i++) {
        const int k = i + (int)random_next_below(&draws, (uint32_t)(2 * n - i)), kept = order[k];
        order[k] = order[i];
        order[i] = kept;
        sum += s[kept];
    }
    return sum;
}

double seat_p(int n, const double *s, int draws, uint64_t seed)
{
    double least = -TIE;
    for (int i = 0; i < n; i++) least += s[i];
    if (splits_of(n) <= SEAT_EXACT) return exact_p(n, s, least);
    int64_t hits = 1;
#pragma omp parallel reduction(+ : hits) num_threads(team_for_numbers(8LL * draws * n))
    {
        int *order = memory_alloc(2 * (size_t)n, sizeof *order);
#pragma omp for schedule(static)
        for (int d = 0; d < draws; d++) hits += drawn_sum(n, s, seed, d, order) >= least;
        free(order);
    }
    return (double)hits / (1.0 + draws);
}
