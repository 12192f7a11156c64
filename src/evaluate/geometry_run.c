/* geometry_run.c: the passes over the text. */
#include "evaluate/geometry_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/timer.h"
#include "io/file.h"

/* --- classes ---------------------------------------------------------------------------------------- */

typedef struct {
    int id;
    int64_t count;
} Candidate;

static int by_count(const void *a, const void *b)
{
    const Candidate *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static int ascending(const void *a, const void *b)
{
    const int x = *(const int *)a, y = *(const int *)b;
    return x < y ? -1 : x > y;
}

static bool is_allowed(const GeometryRun *r, int id)
{
    switch ((ClassChoice)r->options->classes) {
    case CLASSES_WORDS: return wordlist_class(&r->words, id) >= 0;
    case CLASSES_CORPUS: return r->all.count[id] > 0 && !vocabulary_is_special(r->model.vocabulary, id);
    case CLASSES_VOCABULARY: return r->all.count[id] > 0;
    }
    return false;
}

/* The analysed classes: those allowed, met often enough, and among the `most` frequent; by id. */
static Status choose_classes(GeometryRun *r)
{
    const int v = r->model.params.config.vocab;
    Candidate *candidate = memory_alloc((size_t)v, sizeof *candidate);
    int n = 0;
    for (int id = 0; id < v; id++) {
        if (!is_allowed(r, id)) continue;
        if (r->all.count[id] >= r->options->min_count) candidate[n++] = (Candidate){id, r->all.count[id]};
        else r->n_rare++;
    }
    if (n) qsort(candidate, (size_t)n, sizeof *candidate, by_count);
    if (r->options->most > 0 && n > r->options->most) {
        r->n_beyond = n - (int)r->options->most;
        n = (int)r->options->most;
    }
    r->n_classes = n;
    r->id = memory_alloc((size_t)n + 1, sizeof *r->id);
    r->word = memory_alloc(2 * ((size_t)n + 1), sizeof *r->word);
    r->group = r->word + n + 1;
    const int64_t most = n ? candidate[0].count : 0;
    for (int k = 0; k < n; k++) r->id[k] = candidate[k].id;
    free(candidate);
    if (n) qsort(r->id, (size_t)n, sizeof *r->id, ascending);
    for (int k = 0; k < n; k++) {
        const int listed = r->words.n ? r->words.class_of[r->id[k]] : -1;
        r->word[k] = listed >= 0 ? r->words.word[listed] : vocabulary_piece(r->model.vocabulary, r->id[k]);
        r->group[k] = listed >= 0 ? r->words.group[listed] : "";
    }
    CHECK(
        n >= 2, STATUS_DATA,
        "%s: %d of the classes %s at least %lld times; the measures compare classes: give more text or more words%s%s",
        r->options->text, n, n == 1 ? "is met" : "are met", (long long)r->options->min_count,
        r->words.n_dropped ? "; words left out: " : "", r->words.n_dropped ? r->words.dropped : "");
    CHECK(most >= 2, STATUS_DATA,
          "%s: no class is met twice, so that nothing can be said about spread within classes; give more text",
          r->options->text);
    return STATUS_OK;
}

/* --- passes ----------------------------------------------------------------------------------------- */

static void add_sums(void *context, int n, const real *x, const int *id)
{
    class_scatter_add_sums(&((GeometryRun *)context)->all, n, x, id);
}

static void add_squares(void *context, int n, const real *x, const int *class)
{
    class_scatter_add_squares(&((GeometryRun *)context)->kept, n, x, class);
}

/* One pass: all ids' sums, and running means and scatter of the classes that may be analysed. */
typedef struct {
    GeometryRun *run;
    ClassScatter *once;
    const int *class_of; /* [V] */
} OncePass;

static void add_once(void *context, int n, const real *x, const int *id)
{
    OncePass *p = context;
    int label[HEAD_ROWS];
    class_scatter_add_sums(&p->run->all, n, x, id);
    for (int i = 0; i < n; i++) label[i] = p->class_of[id[i]];
    class_scatter_add_once(p->once, n, x, label);
}

static void keep_counts_and_means(GeometryRun *r)
{
    const size_t d = (size_t)r->model.params.config.hidden;
    class_scatter_open(r->n_classes, (int)d, true, &r->kept);
    for (int k = 0; k < r->n_classes; k++) {
        r->kept.count[k] = r->all.count[r->id[k]];
        memcpy(r->kept.mean + (size_t)k * d, r->all.mean + (size_t)r->id[k] * d, d * sizeof *r->kept.mean);
    }
}

static Status two_passes(GeometryRun *r, Features *f)
{
    const int v = r->model.params.config.vocab;
    TRY(features_visit(r->comm, f, NULL, "means", add_sums, r));
    class_scatter_finish_sums(r->comm, &r->all);
    TRY(choose_classes(r));
    keep_counts_and_means(r);
    int *class_of = memory_alloc((size_t)v, sizeof *class_of);
    for (int id = 0; id < v; id++) class_of[id] = -1;
    for (int k = 0; k < r->n_classes; k++) class_of[r->id[k]] = k;
    Status status = features_visit(r->comm, f, class_of, "variances", add_squares, r);
    free(class_of);
    if (!status) status = comm_agree(r->comm, class_scatter_finish_squares(r->comm, &r->kept));
    return status;
}

static Status one_pass(GeometryRun *r, Features *f)
{
    const int v = r->model.params.config.vocab, d = r->model.params.config.hidden;
    const bool listed = r->options->classes == CLASSES_WORDS;
    CHECK(r->options->classes != CLASSES_CORPUS && r->options->min_count <= 1 && r->options->most == 0, STATUS_USAGE,
          "passes = 1 needs the classes beforehand: a word list or the whole vocabulary, without min-count and most");
    int *class_of = memory_alloc((size_t)v, sizeof *class_of);
    for (int id = 0; id < v; id++) class_of[id] = listed ? wordlist_class(&r->words, id) : id;
    ClassScatter once;
    class_scatter_open(listed ? r->words.n : v, d, true, &once);
    OncePass pass = {r, &once, class_of};
    Status status = features_visit(r->comm, f, NULL, "means and variances", add_once, &pass);
    if (!status) {
        class_scatter_finish_sums(r->comm, &r->all);
        class_scatter_finish_once(r->comm, &once);
        status = choose_classes(r);
    }
    if (!status) {
        keep_counts_and_means(r);
        for (int k = 0; k < r->n_classes; k++) r->kept.scatter[k] = once.scatter[class_of[r->id[k]]];
        memcpy(r->kept.within, once.within, (size_t)d * (size_t)d * sizeof *once.within);
    }
    free(class_of);
    class_scatter_close(&once);
    return status;
}

/* --- the whole -------------------------------------------------------------------------------------- */

static Status open_inputs(GeometryRun *r)
{
    const GeometryOptions *o = r->options;
    TRY(model_read(r->comm, o->model, FEATURE_SAMPLES, (int)o->max_length, &r->model));
    const CorpusOptions corpus = {.split = (SplitRule)o->split,
                                  .format = o->format,
                                  .column = o->text_column,
                                  .max_length = r->model.longest,
                                  .cache = ""};
    TRY(corpus_read(r->comm, o->text, r->model.vocabulary, &corpus, &r->corpus));
    if (o->words[0])
        TRY(wordlist_read_shared(r->comm, o->words, r->model.vocabulary, (PieceRule)o->pairing.pieces, &r->words));
    log_line("%s: %d samples, %lld pieces", o->text, r->corpus.n, (long long)r->corpus.offset[r->corpus.n]);
    return STATUS_OK;
}

static Status collect(GeometryRun *r)
{
    const GeometryOptions *o = r->options;
    const Masking masking = {o->mask_rate, (uint64_t)o->seed, 0};
    Features features;
    class_scatter_open(r->model.params.config.vocab, r->model.params.config.hidden, false, &r->all);
    features_open(&r->model, &r->corpus, o->text, &o->pairing, &masking, &features);
    Status status = o->passes == 1 ? one_pass(r, &features) : two_passes(r, &features);
    r->forward_s = features.forward_s;
    r->statistics_s = features.visit_s;
    features_close(&features);
    return status;
}

static void show_progress(double share)
{
    log_status("pairs: %.0f %%", 100 * share);
}

static Status measure(GeometryRun *r)
{
    const GeometryOptions *o = r->options;
    const int d = r->model.params.config.hidden, k = r->n_classes;
    const bool has_gram = k <= GEOMETRY_GRAM_MOST;
    r->row = memory_alloc((size_t)k * (size_t)d, sizeof *r->row);
    for (int c = 0; c < k; c++)
        for (int j = 0; j < d; j++)
            r->row[(size_t)c * (size_t)d + (size_t)j] =
                (double)r->model.params.w.decoder[(size_t)r->id[c] * (size_t)d + (size_t)j];
    const GeometryInput input = {.n_classes = k,
                                 .n_features = d,
                                 .count = r->kept.count,
                                 .mean = r->kept.mean,
                                 .scatter = r->kept.scatter,
                                 .within = r->kept.within,
                                 .row = r->row,
                                 .weighted_centre = o->centre == 1};
    Road road;
    const double began_s = timer_now();
    TRY(road_open(r->comm, (RoadKind)o->road, o->grid, has_gram && k > d ? k : d, &road));
    Status status = geometry_measure(r->comm, &road, &input, show_progress, &r->geometry);
    if (!status && has_gram) {
        r->gram = memory_alloc((size_t)k * (size_t)k, sizeof *r->gram);
        status = matrix_gram(&road, k, d, r->geometry.centred, r->gram);
    }
    road_close(&road);
    log_status("%s", "");
    r->pairs_s = timer_now() - began_s;
    return status;
}

Status geometry_run(const Comm *comm, const GeometryOptions *options, const char *command_line, GeometryRun *r)
{
    *r = (GeometryRun){.comm = comm, .options = options, .step = -1};
    TRY(open_inputs(r));
    TRY(collect(r));
    TRY(measure(r));
    if (options->nc4) TRY(geometry_agreement(r));
    int64_t states = 0;
    for (int k = 0; k < r->n_classes; k++) states += r->kept.count[k];
    const double pieces = (double)r->corpus.offset[r->corpus.n];
    log_line("%d classes, %lld states; rank 0: model %.1f s, statistics %.2f s (%.2f us per piece of the text), "
             "spectra and pairs %.1f s",
             r->n_classes, (long long)states, r->forward_s, r->statistics_s,
             1e6 * r->statistics_s * comm->n_ranks / pieces, r->pairs_s);
    Status status = STATUS_OK;
    if (comm->rank == 0) {
        geometry_summarise(r);
        if (options->output[0]) status = geometry_write(r, command_line);
    }
    return comm_agree(comm, status);
}

void geometry_run_close(GeometryRun *r)
{
    geometry_free(&r->geometry);
    class_scatter_close(&r->all);
    class_scatter_close(&r->kept);
    wordlist_free(&r->words);
    dataset_free(&r->corpus);
    model_close(&r->model);
    result_free(&r->result);
    free(r->id);
    free(r->word);
    free(r->row);
    free(r->gram);
    free(r->tested);
    for (int c = 0; c < N_NC4; c++) free(r->hits[c]);
    *r = (GeometryRun){0};
}
