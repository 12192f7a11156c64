/* geometry_summary.c: the measures by name, their bootstrap intervals over words, and their place among random sets. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/statistics.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "evaluate/geometry_run.h"
#include "kernels/team.h"

enum { N_SUBSET = 4 };
static const char *const subset_name[N_SUBSET] = {"nc3", "unc3", "norm_cov", "cos_mean"};

static double subset_value(const SubsetMeasures *m, int i)
{
    const double value[N_SUBSET] = {m->nc3, m->unc3, m->norm_cov, m->cos_mean};
    return value[i];
}

/* The finite ones of x [n], into out; returns how many. */
static int keep_finite(int n, const double *x, double *out)
{
    int kept = 0;
    for (int i = 0; i < n; i++)
        if (isfinite(x[i])) out[kept++] = x[i];
    return kept;
}

static Moments moments_of(int n, const double *x)
{
    double *finite = memory_alloc((size_t)n, sizeof *finite);
    const Moments m = statistics_moments(keep_finite(n, x, finite), finite);
    free(finite);
    return m;
}

/* --- intervals -------------------------------------------------------------------------------------- */

/* Classes that the i-th measure is made of: below STATISTICS_LEAST there is neither interval nor calibration. */
static int usable_classes(const GeometryRun *r, int i)
{
    const Geometry *g = &r->geometry;
    if (i >= 2) return g->n_classes; /* norm_cov, cos_mean */
    int n = 0;
    for (int k = 0; k < g->n_classes; k++) n += isfinite(g->cosine[k]);
    return n;
}

static bool is_too_small(const GeometryRun *r)
{
    return usable_classes(r, 0) < STATISTICS_LEAST;
}

/* Words drawn with repetition; everything, mu_G too, from those drawn. Resamples that hold too few different words for
 * a measure are left out of its bounds. */
static void bootstrap(const GeometryRun *r, Interval interval[N_SUBSET])
{
    const int rounds = (int)r->options->bootstrap, k = r->n_classes, d = r->geometry.n_features;
    double *value = memory_alloc((size_t)rounds * N_SUBSET + 1, sizeof *value);
#pragma omp parallel for schedule(dynamic) num_threads(team_for_numbers(4LL * rounds * k * d))
    for (int b = 0; b < rounds; b++) {
        const RandomKey key = random_key((uint64_t)r->options->seed, RANDOM_BOOTSTRAP, 1, 0, (uint32_t)b);
        int *pick = memory_alloc((size_t)k, sizeof *pick);
        for (int i = 0; i < k; i++) {
            uint32_t word[4];
            random_words(&key, (uint32_t)i, word);
            pick[i] = (int)random_below(word[0], (uint32_t)k);
        }
        const SubsetMeasures m = geometry_of_subset(k, pick, d, r->kept.mean, r->row, NULL, r->geometry.noise);
        for (int i = 0; i < N_SUBSET; i++) value[(size_t)i * (size_t)rounds + (size_t)b] = subset_value(&m, i);
        free(pick);
    }
    for (int i = 0; i < N_SUBSET; i++) {
        const bool has = usable_classes(r, i) >= STATISTICS_LEAST;
        interval[i] = statistics_interval(has ? rounds : 0, value + (size_t)i * (size_t)rounds);
    }
    free(value);
}

static void add(GeometryRun *r, const char *name, double value)
{
    result_add(&r->result, name, value);
}

static void add_with_interval(GeometryRun *r, int i, double value, const Interval *interval)
{
    if (r->options->bootstrap > 0)
        result_add_interval(&r->result, subset_name[i], value, interval[i].low, interval[i].high);
    else add(r, subset_name[i], value);
}

/* --- calibration: is it these words, or any words as frequent? -------------------------------------- */

typedef struct {
    int id;
    int64_t count;
} Frequent;

static int by_count(const void *a, const void *b)
{
    const Frequent *x = a, *y = b;
    if (x->count != y->count) return x->count < y->count ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* Ids outside the analysed set that were met often enough, by count. */
static int collect_pool(const GeometryRun *r, Frequent *pool)
{
    int n = 0, k = 0;
    for (int id = 0; id < r->all.n_classes; id++) {
        if (k < r->n_classes && r->id[k] == id) {
            k++;
            continue;
        }
        if (r->all.count[id] >= r->options->min_count && r->all.count[id] > 0 &&
            !vocabulary_is_special(r->model.vocabulary, id))
            pool[n++] = (Frequent){id, r->all.count[id]};
    }
    if (n) qsort(pool, (size_t)n, sizeof *pool, by_count);
    return n;
}

/* Place of the first entry whose count is at least `count`. */
static int place_of(int n, const Frequent *pool, int64_t count)
{
    int low = 0, high = n;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (pool[middle].count < count) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* For every class an id of about its count: one of the NEAR nearest by count that the set does not hold yet. */
static void draw_set(const GeometryRun *r, int n_pool, const Frequent *pool, int round, char *taken, int *pick)
{
    enum { NEAR = 16 };
    const RandomKey key = random_key((uint64_t)r->options->seed, RANDOM_BOOTSTRAP, 2, 0, (uint32_t)round);
    memset(taken, 0, (size_t)n_pool);
    for (int k = 0; k < r->n_classes; k++) {
        uint32_t word[4];
        random_words(&key, (uint32_t)k, word);
        const int centre = place_of(n_pool, pool, r->kept.count[k]);
        const int wanted = (int)random_below(word[0], NEAR);
        int low = centre - 1, high = centre, found = -1;
        for (int step = 0; step <= wanted;) { /* outwards, the nearer count first */
            const bool down = low >= 0 && (high >= n_pool ||
                                           r->kept.count[k] - pool[low].count <= pool[high].count - r->kept.count[k]);
            if (!down && high >= n_pool) break;
            const int at = down ? low-- : high++;
            if (taken[at]) continue;
            found = at;
            step++;
        }
        taken[found] = 1; /* the pool is larger than the set */
        pick[k] = pool[found].id;
    }
}

/* The measures of random sets: value [N_SUBSET, rounds]. */
static void measure_sets(const GeometryRun *r, int n_pool, const Frequent *pool, int rounds, double *value)
{
    const size_t v = (size_t)r->all.n_classes, d = (size_t)r->geometry.n_features;
    double *row = memory_alloc(v * d, sizeof *row);
    for (size_t i = 0; i < v * d; i++) row[i] = (double)r->model.params.w.decoder[i];
#pragma omp parallel for schedule(dynamic) num_threads(team_for_numbers(4LL * rounds * r->n_classes * (int64_t)d))
    for (int b = 0; b < rounds; b++) {
        int *pick = memory_alloc((size_t)r->n_classes, sizeof *pick);
        char *taken = memory_alloc((size_t)n_pool, 1);
        draw_set(r, n_pool, pool, b, taken, pick);
        const SubsetMeasures m =
            geometry_of_subset(r->n_classes, pick, (int)d, r->all.mean, row, NULL, r->geometry.noise);
        for (int i = 0; i < N_SUBSET; i++) value[(size_t)i * (size_t)rounds + (size_t)b] = subset_value(&m, i);
        free(pick);
        free(taken);
    }
    free(row);
}

/* Mean and sd over the sets that have the measure, and the share of them below ours. */
static void add_calibration(GeometryRun *r, int i, double own, int rounds, const double *x)
{
    const Moments m = moments_of(rounds, x);
    int below = 0, n = 0;
    for (int b = 0; b < rounds; b++) {
        n += isfinite(x[b]);
        below += x[b] < own;
    }
    const double field[] = {m.mean, m.sd, n && isfinite(own) ? (double)below / n : (double)NAN};
    static const char *const suffix[] = {"mean", "sd", "rank"};
    for (int f = 0; f < 3; f++) {
        char *name = memory_print("calibration.%s_%s", subset_name[i], suffix[f]);
        add(r, name, field[f]);
        free(name);
    }
}

static void calibrate(GeometryRun *r)
{
    const int rounds = (int)r->options->calibration;
    Frequent *pool = memory_alloc((size_t)r->all.n_classes, sizeof *pool);
    int *every = memory_alloc((size_t)r->n_classes, sizeof *every);
    double *value = memory_alloc((size_t)rounds * N_SUBSET, sizeof *value);
    const int n_pool = collect_pool(r, pool);
    const bool small = n_pool < 2 * r->n_classes; /* random sets would all be nearly the same */
    add(r, "calibration.pool", n_pool);
    for (int k = 0; k < r->n_classes; k++) every[k] = k;
    const SubsetMeasures own =
        geometry_of_subset(r->n_classes, every, r->geometry.n_features, r->kept.mean, r->row, NULL, r->geometry.noise);
    if (small || is_too_small(r))
        for (int i = 0; i < rounds * N_SUBSET; i++) value[i] = (double)NAN;
    else measure_sets(r, n_pool, pool, rounds, value);
    for (int i = 0; i < N_SUBSET; i++)
        add_calibration(r, i, subset_value(&own, i), rounds, value + (size_t)i * (size_t)rounds);
    if (small)
        log_line("no calibration (-): the text holds %d other pieces as frequent; twice the %d classes are needed",
                 n_pool, r->n_classes);
    free(pool);
    free(every);
    free(value);
}

/* --- groups ----------------------------------------------------------------------------------------- */

/* The name of a group as a part of a metric's: a slash would be a path in the file. Two that become alike are told
 * apart by their number. Owned by the caller. */
static char *name_of_group(const char *const *group, int i)
{
    bool is_taken = false;
    char *name = memory_copy_text(group[i]);
    for (char *at = name; *at; at++)
        if (*at == '/') *at = '_';
    for (int j = 0; j < i && !is_taken; j++) {
        is_taken = strlen(group[j]) == strlen(name);
        for (size_t c = 0; is_taken && name[c]; c++) is_taken = (group[j][c] == '/' ? '_' : group[j][c]) == name[c];
    }
    if (!is_taken) return name;
    char *numbered = memory_print("%s_%d", name, i + 1);
    free(name);
    return numbered;
}

static void summarise_group(GeometryRun *r, const char *const *groups, int i)
{
    const Geometry *g = &r->geometry;
    int *pick = memory_alloc((size_t)r->n_classes, sizeof *pick), n = 0;
    double norm = 0, variance = 0;
    for (int k = 0; k < r->n_classes; k++) {
        if (strcmp(r->group[k], groups[i]) != 0) continue;
        pick[n++] = k;
        norm += g->norm[k];
        variance += g->variance[k];
    }
    const SubsetMeasures m = geometry_of_subset(n, pick, g->n_features, r->kept.mean, r->row, g->centre, g->noise);
    static const char *const field[] = {"classes", "nc3", "unc3", "norm_cov", "cos_mean", "norm_mean", "variance_mean"};
    const double value[] = {n, m.nc3, m.unc3, m.norm_cov, m.cos_mean, norm / n, variance / n};
    char *part = name_of_group(groups, i);
    for (size_t f = 0; f < sizeof field / sizeof field[0]; f++) {
        char *name = memory_print("group.%s.%s", part, field[f]);
        add(r, name, value[f]);
        free(name);
    }
    free(part);
    free(pick);
}

static void summarise_groups(GeometryRun *r)
{
    const char **met = memory_alloc((size_t)r->n_classes, sizeof *met);
    int n = 0;
    for (int k = 0; k < r->n_classes; k++) {
        bool is_new = r->group[k][0] != '\0';
        for (int i = 0; i < n; i++) is_new = is_new && strcmp(met[i], r->group[k]) != 0;
        if (is_new) met[n++] = r->group[k];
    }
    for (int i = 0; i < n && n > 1; i++) summarise_group(r, met, i);
    free(met);
}

/* --- all -------------------------------------------------------------------------------------------- */

static void add_pairs(GeometryRun *r)
{
    const PairResult *p = &r->geometry.pairs;
    const PairSummary *m = p->measure;
    add(r, "cdnv_p1", m[PAIR_CDNV_1].mean);
    add(r, "cdnv_p2", m[PAIR_CDNV_2].mean);
    add(r, "cdnv_p1_sd", sqrt(m[PAIR_CDNV_1].variance));
    add(r, "cdnv_p2_sd", sqrt(m[PAIR_CDNV_2].variance));
    add(r, "cdnv_log_p1", m[PAIR_LOG_CDNV_1].mean);
    add(r, "cdnv_log_p2", m[PAIR_LOG_CDNV_2].mean);
    add(r, "cdnv_inverse_p1", m[PAIR_INVERSE_CDNV_1].mean);
    add(r, "cdnv_inverse_p2", m[PAIR_INVERSE_CDNV_2].mean);
    /* no interval: a set with repeated words is a smaller set, and the mean cosine depends on its size */
    add(r, "cos_mean", m[PAIR_COSINE].mean);
    add(r, "cos_var", m[PAIR_COSINE].variance);
    add(r, "cos_off_mean", m[PAIR_OFF_TARGET].mean);
    add(r, "cos_off_max", m[PAIR_OFF_TARGET].max);
    add(r, "gram_mean", m[PAIR_GRAM].mean);
    add(r, "gram_var", m[PAIR_GRAM].variance);
    add(r, "etf_error", p->etf_error);
    add(r, "gnc2_mean", m[PAIR_LOG_KERNEL].mean);
    add(r, "gnc2_var", m[PAIR_LOG_KERNEL].variance);
    add(r, "gnc2_cov", sqrt(m[PAIR_LOG_KERNEL].variance) / fabs(m[PAIR_LOG_KERNEL].mean));
    add(r, "gnc2_uncentred_mean", m[PAIR_LOG_KERNEL_UNCENTRED].mean);
    add(r, "gnc2_uncentred_var", m[PAIR_LOG_KERNEL_UNCENTRED].variance);
    add(r, "duality_error", p->duality_error);
    add(r, "pairs_equal", (double)p->n_equal);
}

static void add_norms(GeometryRun *r, const Interval *interval)
{
    const Geometry *g = &r->geometry;
    double *log_norm = memory_alloc((size_t)g->n_classes, sizeof *log_norm);
    for (int k = 0; k < g->n_classes; k++) /* a length that is rounding has no logarithm */
        log_norm[k] = g->norm[k] * g->norm[k] > g->noise ? log(g->norm[k]) : (double)NAN;
    const Moments norm = moments_of(g->n_classes, g->norm), logs = moments_of(g->n_classes, log_norm);
    free(log_norm);
    add_with_interval(r, 2, norm.cov, interval);
    add(r, "norm_mean", norm.mean);
    add(r, "norm_var", norm.variance);
    add(r, "norm_log_mean", logs.mean);
    add(r, "norm_log_var", logs.variance);
    add(r, "norm_log_cov", logs.cov);
}

static void add_duality(GeometryRun *r, const Interval *interval)
{
    const Geometry *g = &r->geometry;
    const Moments cosine = moments_of(g->n_classes, g->cosine), dots = moments_of(g->n_classes, g->dot),
                  distance = moments_of(g->n_classes, g->distance);
    add_with_interval(r, 0, cosine.mean, interval);
    add_with_interval(r, 1, cosine.sd, interval);
    add(r, "unc3_var", cosine.variance);
    add(r, "nc3_dot_mean", dots.mean);
    add(r, "nc3_dot_var", dots.variance);
    add(r, "nc3_distance_mean", distance.mean);
    add(r, "nc3_distance_var", distance.variance);
}

static void add_agreement(GeometryRun *r)
{
    static const char *const name[N_NC4] = {"nc4", "nc4_all", "nc4_classes"};
    int64_t tested = 0;
    double *rate = memory_alloc((size_t)r->n_classes, sizeof *rate);
    int n = 0;
    for (int k = 0; k < r->n_classes; k++) {
        tested += r->tested[k];
        if (r->tested[k]) rate[n++] = (double)r->hits[NC4_SEEN][k] / (double)r->tested[k];
    }
    for (int c = 0; c < N_NC4; c++) {
        int64_t hits = 0;
        for (int k = 0; k < r->n_classes; k++) hits += r->hits[c][k];
        add(r, name[c], tested ? (double)hits / (double)tested : (double)NAN);
    }
    if (!tested) log_line("%s: holds no state of the analysed classes: no nc4 (-)", r->options->nc4_text);
    add(r, "unc4", statistics_moments(n, rate).sd);
    add(r, "nc4_states", (double)tested);
    free(rate);
}

static void count_skipped(GeometryRun *r)
{
    EvaluationResult *result = &r->result;
    char *rare = memory_print("classes met fewer than %lld times in the text", (long long)r->options->min_count);
    result_skip(result, "words of the list without a class: of several pieces, unknown or null", r->words.n_dropped);
    result_skip(result, rare, r->n_rare);
    result_skip(result, "classes beyond the most frequent that were asked for", r->n_beyond);
    free(rare);
}

void geometry_summarise(GeometryRun *r)
{
    const Geometry *g = &r->geometry;
    Interval interval[N_SUBSET] = {{0, 0}};
    int64_t states = 0;
    for (int k = 0; k < r->n_classes; k++) states += r->kept.count[k];
    r->result = (EvaluationResult){
        .task = "geometry", .model = r->options->model, .data = r->options->text, .n_items = r->n_classes};
    count_skipped(r);
    if (r->options->bootstrap > 0) bootstrap(r, interval);
    if ((r->options->bootstrap > 0 || r->options->calibration > 0) && is_too_small(r))
        log_line("%d classes with a direction: no intervals and no calibration (-) below %d", usable_classes(r, 0),
                 STATISTICS_LEAST);
    add(r, "classes", r->n_classes);
    add(r, "states", (double)states);
    add(r, "variance_mean", moments_of(g->n_classes, g->variance).mean);
    if (r->kept.within) {
        add(r, "nc1_pinv", g->nc1_pinv);
        add(r, "nc1_top", g->nc1_top);
        add(r, "nc1_quotient", g->nc1_quotient);
    }
    add_norms(r, interval);
    add_pairs(r);
    add_duality(r, interval);
    add(r, "zero_directions", g->n_zero);
    if (r->tested) add_agreement(r);
    summarise_groups(r);
    if (r->options->calibration > 0) calibrate(r);
}
