/* stereoset_control.c: contexts with another group in them; how the fillers' preference follows the group. */
#include "evaluate/stereoset_control.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "analysis/statistics.h"
#include "base/memory.h"

enum { RESAMPLES = 10000, OVERALL = -1 };

/* --- contexts --------------------------------------------------------------------------------------- */

static bool is_of_word(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 128 || c == '\'';
}

/* The term as a whole word, in any case; NULL: it does not stand there. */
static const char *find_term(const char *context, const char *term)
{
    const size_t n = strlen(term);
    for (const char *at = context; n && *at; at++) {
        const bool begins = at == context || !is_of_word(at[-1]);
        if (begins && strncasecmp(at, term, n) == 0 && !is_of_word(at[n])) return at;
    }
    return NULL;
}

StereoFrame stereo_frame_of(const char *context, const char *term, int type, int target, bool is_gender)
{
    StereoFrame f = {.context = context, .term = term, .type = type, .target = target, .is_gender = is_gender};
    const char *at = find_term(context, term), *end = at, *begin;
    while (at && end > context && !is_of_word(end[-1])) end--;
    begin = end;
    while (at && begin > context && is_of_word(begin[-1])) begin--;
    f.before = slice_copy((Slice){at ? begin : "", at ? (size_t)(end - begin) : 0});
    for (char *c = f.before; *c; c++) *c = (char)tolower((unsigned char)*c);
    if (at) f.at = (size_t)(at - context), f.length = strlen(term);
    return f;
}

/* The term of frame `other` in the place of f's; with a capital where f's has one. */
static char *replaced(const StereoFrame *f, const StereoFrame *other)
{
    const char *rest = f->context + f->at + f->length;
    char *text = memory_print("%.*s%s%s", (int)f->at, f->context, other->term, rest);
    if (isupper((unsigned char)f->context[f->at])) text[f->at] = (char)toupper((unsigned char)text[f->at]);
    return text;
}

/* The next of n numbers without one that was drawn: Fisher and Yates. */
static int draw(RandomDraws *draws, int *from, int n)
{
    const int k = (int)random_next_below(draws, (uint32_t)n), drawn = from[k];
    from[k] = from[n - 1];
    return drawn;
}

int stereo_frame_controls(const StereoFrame *frame, int n, int i, int most, Swapper *swapper,
                          char *context[STEREO_CONTROLS])
{
    const StereoFrame *f = &frame[i];
    if (f->is_gender) {
        swap_text(swapper, slice_of(f->context));
        if (most < 1 || !swapper->places.n) return 0;
        context[0] = slice_copy(buffer_slice(&swapper->out));
        return 1;
    }
    int *other = memory_alloc((size_t)n + 1, sizeof *other), n_others = 0, found = 0;
    for (int k = 0; k < n && f->length; k++) {
        const StereoFrame *o = &frame[k];
        bool fits = o->length && o->type == f->type && o->target != f->target && strcmp(o->before, f->before) == 0;
        for (int j = 0; j < n_others && fits; j++) fits = frame[other[j]].target != o->target;
        if (fits) other[n_others++] = k;
    }
    RandomDraws draws = random_draws(1, RANDOM_CONTROLS, (uint32_t)i);
    while (found < most && n_others > 0) context[found++] = replaced(f, &frame[draw(&draws, other, n_others--)]);
    free(other);
    return found;
}

/* --- measures --------------------------------------------------------------------------------------- */

enum { SS, OWN, GROUP, N_VALUES };

/* Examples of a type, those of a term side by side. */
typedef struct {
    double (*value)[N_VALUES]; /* owned [n]: percent */
    int *first;                /* owned [n_terms + 1] */
    int n, n_terms;
    int64_t groups, ties;
    double rho;
} Group;

static bool belongs(const StereoControl *e, int type)
{
    return e->n > 0 && (type == OVERALL || e->type == type);
}

static void take(const StereoControl *e, Group *g)
{
    double *value = g->value[g->n++];
    value[SS] = 100.0 * e->hits / e->n;
    value[OWN] = e->own[STEREO_MEAN_P] > 0 ? 100 : 0;
    value[GROUP] = e->own[STEREO_MEAN_P] > e->control[STEREO_MEAN_P] ? 100 : 0;
    g->groups += e->n, g->ties += e->ties;
}

/* Pearson's correlation of the preferences in logarithms; NaN where one of them is the same in all examples. */
static double correlation(int n, const StereoControl *example, int type)
{
    double mean[2] = {0}, square[2] = {0}, product = 0;
    int count = 0;
    for (int i = 0; i < n; i++) {
        if (!belongs(&example[i], type)) continue;
        const double x = example[i].own[STEREO_MEAN_LOG_P], y = example[i].control[STEREO_MEAN_LOG_P];
        const double dx = x - mean[0], dy = y - mean[1];
        count++;
        mean[0] += dx / count, mean[1] += dy / count; /* Welford */
        square[0] += dx * (x - mean[0]), square[1] += dy * (y - mean[1]);
        product += dx * (y - mean[1]);
    }
    return square[0] > 0 && square[1] > 0 ? product / sqrt(square[0] * square[1]) : (double)NAN;
}

static Group gather(int n, const StereoControl *example, int n_targets, int type)
{
    Group g = {.value = memory_alloc((size_t)n + 1, sizeof *g.value),
               .first = memory_alloc((size_t)n_targets + 1, sizeof *g.first)};
    for (int t = 0; t < n_targets; t++) {
        for (int i = 0; i < n; i++)
            if (example[i].target == t && belongs(&example[i], type)) take(&example[i], &g);
        if (g.n > g.first[g.n_terms]) g.first[++g.n_terms] = g.n;
    }
    g.rho = correlation(n, example, type);
    return g;
}

/* Means within terms, then over them; draws NULL: the data themselves. */
static void measure(const Group *g, RandomDraws *draws, double value[N_VALUES])
{
    double all[N_VALUES] = {0};
    for (int k = 0; k < g->n_terms; k++) {
        const int t = draws ? (int)random_next_below(draws, (uint32_t)g->n_terms) : k, first = g->first[t],
                  n = g->first[t + 1] - first;
        double sum[N_VALUES] = {0};
        for (int i = 0; i < n; i++) {
            const double *x = g->value[first + (draws ? (int)random_next_below(draws, (uint32_t)n) : i)];
            for (int v = 0; v < N_VALUES; v++) sum[v] += x[v];
        }
        for (int v = 0; v < N_VALUES; v++) all[v] += sum[v] / n;
    }
    for (int v = 0; v < N_VALUES; v++) value[v] = all[v] / g->n_terms;
}

static void resample(const void *context, RandomDraws *draws, double *value)
{
    measure(context, draws, value);
}

static void put(EvaluationResult *r, const char *type, const char *what, double value, const Interval *in)
{
    char *name = memory_print("%s.control.%s", type, what);
    if (in) result_add_interval(r, name, value, in->low, in->high);
    else result_add(r, name, value);
    free(name);
}

static void add_group(const Group *g, const char *type, EvaluationResult *r)
{
    static const char *const what[] = {"ss", "own", "group"};
    const Interval none = {(double)NAN, (double)NAN};
    Interval in[N_VALUES] = {none, none, none};
    double value[N_VALUES];
    measure(g, NULL, value);
    if (g->n_terms >= STATISTICS_LEAST) statistics_bootstrap(RESAMPLES, 1, N_VALUES, resample, g, in);
    for (int v = 0; v < N_VALUES; v++) put(r, type, what[v], value[v], &in[v]);
    put(r, type, "rho", g->rho, NULL);
    put(r, type, "n", g->n, NULL);
    put(r, type, "groups", (double)g->groups, NULL);
    put(r, type, "ties", (double)g->ties, NULL);
}

void stereo_control_measure(int n, const StereoControl *example, const Names *types, const Names *targets,
                            EvaluationResult *r)
{
    for (int type = 0; type <= (int)types->n; type++) {
        const bool is_overall = type == (int)types->n;
        Group g = gather(n, example, (int)targets->n, is_overall ? OVERALL : type);
        add_group(&g, is_overall ? "overall" : types->name[type], r);
        free(g.value), free(g.first);
    }
}
