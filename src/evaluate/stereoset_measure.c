/* stereoset_measure.c: outcomes of examples, gathered by term; means within and over terms. */
#include "evaluate/stereoset_measure.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/statistics.h"
#include "base/memory.h"

enum { RESAMPLES = 10000, OVERALL = -1 };
enum { LMS, SS, ICAT, N_VALUES, MACRO = 0, MICRO = N_VALUES, ALL_VALUES = 2 * N_VALUES };

typedef struct {
    int pro, rel; /* [s > a]; [s > u] + [a > u] */
    int ties;     /* s = a */
} Outcome;

/* The examples of a group, those of a term side by side. */
typedef struct {
    Outcome *outcome; /* owned [n] */
    int n, n_terms;
    int *first; /* owned [n_terms + 1] */
    int ties;
} Group;

/* Sums over terms that were drawn. */
typedef struct {
    double share[2];   /* sums over terms of means: rel / 2, pro */
    double count[2];   /* sums over examples */
    double n, n_terms; /* */
} Sums;

static void add_term(const Group *g, int term, RandomDraws *draws, Sums *s)
{
    const int first = g->first[term], n = g->first[term + 1] - first;
    int rel = 0, pro = 0;
    for (int i = 0; i < n; i++) {
        const Outcome *o = &g->outcome[first + (draws ? (int)random_next_below(draws, (uint32_t)n) : i)];
        rel += o->rel, pro += o->pro;
    }
    s->share[LMS] += 0.5 * rel / n, s->share[SS] += (double)pro / n;
    s->count[LMS] += 0.5 * rel, s->count[SS] += pro;
    s->n += n, s->n_terms++;
}

static void take_values(const double sum[2], double n, double value[N_VALUES])
{
    value[LMS] = 100 * sum[LMS] / n;
    value[SS] = 100 * sum[SS] / n;
    value[ICAT] = value[LMS] * fmin(value[SS], 100 - value[SS]) / 50;
}

/* draws NULL: the data themselves. */
static void measure(const Group *g, RandomDraws *draws, double value[ALL_VALUES])
{
    Sums s = {0};
    for (int t = 0; t < g->n_terms; t++)
        add_term(g, draws ? (int)random_next_below(draws, (uint32_t)g->n_terms) : t, draws, &s);
    take_values(s.share, s.n_terms, value + MACRO);
    take_values(s.count, s.n, value + MICRO);
}

static void resample(const void *context, RandomDraws *draws, double *value)
{
    measure(context, draws, value);
}

/* Which examples, and by which score. */
typedef struct {
    int type; /* OVERALL: all */
    StereoPart part;
    StereoScoring scoring;
} Choice;

static bool belongs(const StereoExample *e, const Choice *c)
{
    const double *s = e->score[c->scoring];
    return (c->type == OVERALL || e->type == c->type) && (c->part == STEREO_BOTH || e->part == c->part) &&
           !isnan(s[0]) && !isnan(s[1]) && !isnan(s[2]);
}

static Outcome outcome_of(const double s[N_STEREO_LABELS])
{
    const double stereo = s[STEREO_STEREOTYPE], anti = s[STEREO_ANTI], other = s[STEREO_UNRELATED];
    return (Outcome){stereo > anti, (stereo > other) + (anti > other), stereo == anti};
}

static Group gather(int n, const StereoExample *example, size_t n_targets, const Choice *c)
{
    Group g = {.outcome = memory_alloc((size_t)n + 1, sizeof *g.outcome),
               .first = memory_alloc(n_targets + 1, sizeof *g.first)};
    int *next = memory_alloc(n_targets + 1, sizeof *next); /* examples of a target; then where its next one goes */
    for (int i = 0; i < n; i++) next[example[i].target] += belongs(&example[i], c);
    for (size_t t = 0; t < n_targets; t++) {
        const int of_target = next[t];
        next[t] = g.n;
        if (!of_target) continue;
        g.n += of_target;
        g.first[++g.n_terms] = g.n;
    }
    for (int i = 0; i < n; i++) {
        if (!belongs(&example[i], c)) continue;
        const Outcome o = outcome_of(example[i].score[c->scoring]);
        g.outcome[next[example[i].target]++] = o;
        g.ties += o.ties;
    }
    free(next);
    return g;
}

static void put(EvaluationResult *r, const char *group, StereoPart part, const char *what, double value,
                const Interval *in)
{
    static const char *const of_part[] = {"", "inter.", "both."};
    char *name = memory_print("%s.%s%s", group, of_part[part], what);
    if (in) result_add_interval(r, name, value, in->low, in->high);
    else result_add(r, name, value);
    free(name);
}

static void add_group(const Group *g, const char *name, const Choice *c, EvaluationResult *r)
{
    static const char *const what[N_STEREO_SCORINGS][ALL_VALUES] = {
        {"lms", "ss", "icat", "micro.lms", "micro.ss", "micro.icat"},
        {"log.lms", "log.ss", "log.icat", "log.micro.lms", "log.micro.ss", "log.micro.icat"}};
    const Interval none = {(double)NAN, (double)NAN};
    Interval in[ALL_VALUES] = {none, none, none, none, none, none};
    double value[ALL_VALUES];
    measure(g, NULL, value); /* NaN of no example */
    if (g->n_terms >= STATISTICS_LEAST) statistics_bootstrap(RESAMPLES, 1, ALL_VALUES, resample, g, in);
    for (int k = 0; k < ALL_VALUES; k++) put(r, name, c->part, what[c->scoring][k], value[k], &in[k]);
    if (c->scoring != STEREO_MEAN_P) return;
    put(r, name, c->part, "n", g->n, NULL);
    put(r, name, c->part, "terms", g->n_terms, NULL);
    put(r, name, c->part, "ties", g->ties, NULL);
}

void stereoset_measure(int n, const StereoExample *example, const Names *types, const Names *targets,
                       EvaluationResult *r)
{
    static const Choice choice[] = {{OVERALL, STEREO_INTRA, STEREO_MEAN_P},
                                    {OVERALL, STEREO_INTRA, STEREO_MEAN_LOG_P},
                                    {OVERALL, STEREO_INTER, STEREO_MEAN_P},
                                    {OVERALL, STEREO_BOTH, STEREO_MEAN_P}};
    bool has_inter = false;
    for (int i = 0; i < n; i++) has_inter = has_inter || belongs(&example[i], &choice[2]);
    for (int type = 0; type <= (int)types->n; type++)
        for (int k = 0; k < (has_inter ? 4 : 2); k++) {
            const bool is_overall = type == (int)types->n;
            Choice c = choice[k];
            c.type = is_overall ? OVERALL : type;
            Group g = gather(n, example, targets->n, &c);
            add_group(&g, is_overall ? "overall" : types->name[type], &c, r);
            free(g.outcome), free(g.first);
        }
}
