/* ase.c: an item is a text whose pronouns are [MASK], and the pronoun that belongs there. */
#include "methods/ase.h"

#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "data/items.h"
#include "data/marks.h"
#include "data/wordpiece.h"
#include "io/file.h"
#include "methods/fisher.h"
#include "objectives/elastic.h"
#include "objectives/masked_lm.h"
#include "objectives/orthogonal.h"

enum { TEXT, PRONOUN, N_COLUMNS };
enum { TERM_MLM = 1, TERM_ORTHOGONAL, TERM_ELASTIC };

typedef struct {
    double orthogonal, elastic;
    bool squares, first_alone, is_cumulative;
    const char *neutral, *female, *male, *fisher, *fisher_data;
    int64_t fisher_lines;
} AseOptions;

typedef struct {
    MaskedLm masked_lm;
    Batch one;             /* a sample outside of steps */
    double *direction;     /* [D] of length 1 */
    int *row;              /* [batch * longest] marked positions */
    Dataset lines;         /* owned: of ase-fisher-data; without lines: the texts themselves */
    int has_fisher;        /* in the file ase-fisher */
    real *fisher, *origin; /* [trained.count] */
} AseOwn;

static const Setting key[] = {
    {"ase-orthogonal", SETTING_REAL, "1", "", 0, 1e9, offsetof(AseOptions, orthogonal),
     "weight of the parts of neutral words along the gender direction (needs the three word lists); 0 = off"},
    {"ase-squares", SETTING_SWITCH, "no", "", 0, 0, offsetof(AseOptions, squares),
     "their squares instead of their sizes"},
    {"ase-neutral", SETTING_PATH, "", "", 0, 0, offsetof(AseOptions, neutral), "neutral words, between white space"},
    {"ase-first", SETTING_SWITCH, "no", "", 0, 0, offsetof(AseOptions, first_alone),
     "of a neutral word, look only where its first piece first stands in a text, as published"},
    {"ase-male", SETTING_PATH, "", "", 0, 0, offsetof(AseOptions, male), "male words, between white space"},
    {"ase-female", SETTING_PATH, "", "", 0, 0, offsetof(AseOptions, female), "female words, between white space"},
    {"ase-elastic", SETTING_REAL, "0.5", "", 0, 1e12, offsetof(AseOptions, elastic),
     "weight of elastic weight consolidation; 0 = off"},
    {"ase-fisher", SETTING_PATH, "", "", 0, 0, offsetof(AseOptions, fisher),
     "FILE.h5 with the Fisher numbers; written if it does not exist; none: estimated anew in every run"},
    {"ase-fisher-data", SETTING_PATH, "", "", 0, 0, offsetof(AseOptions, fisher_data),
     "text on whose lines they are estimated; none: the text that is trained on"},
    {"ase-fisher-lines", SETTING_INTEGER, "512", "", 1, 1 << 24, offsetof(AseOptions, fisher_lines),
     "so many of its lines, from the first on"},
    {"ase-fisher-cumulative", SETTING_SWITCH, "no", "", 0, 0, offsetof(AseOptions, is_cumulative),
     "yes: gradients are not cleared between lines, as in the published code"},
};

/* --- data --------------------------------------------------------------------------------------------- */

/* Every second text is one piece: the answer of the item before it. The texts are left, closed up. */
static Status take_answers(const char *path, Dataset *data)
{
    data->answer = memory_alloc((size_t)data->n + 1, sizeof *data->answer);
    int64_t at = 0;
    data->longest = 0;
    for (int i = 0; i < data->n; i++) {
        const int64_t first = data->offset[2 * i], end = data->offset[2 * i + 1], last = data->offset[2 * i + 2];
        CHECK(last - end == 3, STATUS_DATA,
              "%s: record %d: the pronoun has %lld pieces in the vocabulary, but one [MASK] stands for one piece", path,
              i + 1, (long long)(last - end - 2));
        data->answer[i] = data->id[end + 1];
        memmove(data->id + at, data->id + first, (size_t)(end - first) * sizeof *data->id);
        data->offset[i] = at;
        at += end - first;
        if (end - first > data->longest) data->longest = (int)(end - first);
    }
    data->offset[data->n] = at;
    data->n_texts = 1;
    return STATUS_OK;
}

static Status check_masks(const char *path, const Vocabulary *vocabulary, const Dataset *data)
{
    const int mask = vocabulary_special(vocabulary, SPECIAL_MASK);
    for (int64_t i = 0; i < data->offset[data->n]; i++)
        if (data->id[i] == mask) return STATUS_OK;
    FAIL(STATUS_DATA, "%s: no text holds a [MASK] where its pronoun belongs; collapse mask-pronouns makes such rows",
         path);
}

static int n_lines(const AseOptions *o, const Dataset *lines)
{
    return lines->n < o->fisher_lines ? lines->n : (int)o->fisher_lines;
}

/* The lines the Fisher numbers are estimated on, where they are of another text; memory is laid out for the longest. */
static Status read_fisher_lines(const Comm *comm, MethodRun *m, int max_length)
{
    const AseOptions *o = m->options;
    AseOwn *own = m->own;
    const CorpusOptions request = {.split = SPLIT_LINES, .column = TABLE_COLUMN, .max_length = max_length, .cache = ""};
    own->has_fisher = comm->rank == 0 && o->fisher[0] && file_exists(o->fisher);
    comm_broadcast(comm, &own->has_fisher, sizeof own->has_fisher);
    if (own->has_fisher || !o->fisher_data[0]) return STATUS_OK;
    TRY(corpus_read(comm, o->fisher_data, m->model->vocabulary, &request, &own->lines));
    for (int i = 0; i < n_lines(o, &own->lines); i++) {
        const int length = dataset_item_length(&own->lines, i);
        if (length > m->data.longest) m->data.longest = length;
    }
    return STATUS_OK;
}

static Status read_texts(const Comm *comm, MethodRun *m, const char *path, CorpusOptions *request)
{
    const AseOptions *o = m->options;
    const ItemsRequest items = {.format = (TableFormat)request->format,
                                .n_columns = N_COLUMNS,
                                .max_length = request->max_length,
                                .has_specials = true};
    CHECK(!request->pair || !request->pair[0], STATUS_USAGE, "method = ase reads two columns; leave pair-column out");
    CHECK(o->orthogonal == 0 || (o->neutral[0] && o->male[0] && o->female[0]), STATUS_USAGE,
          "ase-orthogonal = %g needs ase-neutral, ase-male and ase-female, three word lists", o->orthogonal);
    TRY(items_read(comm, path, m->model->vocabulary, &items, &m->data));
    Status status = take_answers(path, &m->data);
    if (!status) status = check_masks(path, m->model->vocabulary, &m->data);
    if (!status && o->orthogonal > 0)
        status = marks_add(comm, o->neutral, m->model->vocabulary, o->first_alone, &m->data);
    if (!status && o->elastic > 0) status = read_fisher_lines(comm, m, request->max_length);
    if (status) dataset_free(&m->data);
    return status;
}

static void fill(MethodRun *m, const BatchItem *item, int n, Batch *batch)
{
    const int mask = vocabulary_special(m->model->vocabulary, SPECIAL_MASK);
    batch_clear(batch);
    for (int i = 0; i < n; i++) {
        const int sample = batch_add(&m->data, item[i], 0, (uint32_t)item[i].number, batch);
        for (int t = batch->packed.offset[sample]; t < batch->packed.offset[sample + 1]; t++) {
            if (batch->packed.id[t] != mask) continue;
            batch->label[t] = batch->true_id[t] = m->data.answer[item[i].number];
            batch->n_labels++;
        }
    }
}

/* --- memory and the initial model ------------------------------------------------------------------------- */

static void lay_out(Arena *arena, MethodRun *m)
{
    const AseOptions *o = m->options;
    AseOwn *own = m->own;
    const size_t count = (size_t)m->model->params.trained.count;
    masked_lm_init(arena, &m->model->head, &own->masked_lm);
    batch_init(arena, 1, m->data.longest, &own->one);
    own->direction = arena_cut(arena, (size_t)m->model->config.hidden, sizeof *own->direction);
    own->row = arena_cut(arena, (size_t)m->batch * (size_t)m->data.longest, sizeof *own->row);
    if (o->elastic == 0) return;
    own->fisher = arena_cut(arena, count, sizeof *own->fisher);
    own->origin = arena_cut(arena, count, sizeof *own->origin);
}

/* Pieces of the words of a list; end [n]: behind each word. */
typedef struct {
    IdList ids, end;
} WordPieces;

static Status read_pieces(const Comm *comm, const char *path, const Vocabulary *v, WordPieces *words)
{
    char *text;
    Slice rest, line, word;
    TRY(marks_read_words(comm, path, &text));
    rest = slice_of(text);
    while (slice_next_line(&rest, &line))
        while (slice_next_field(&line, ' ', &word)) {
            wordpiece_encode(v, word, &words->ids);
            id_list_add(&words->end, (int)words->ids.n);
        }
    free(text);
    return STATUS_OK;
}

/* An encoder as long as the lists, since texts may be shorter; in an arena of its own. */
typedef struct {
    Arena arena;
    Encoder encoder;
    Packed sample;
} ListReader;

static void lay_out_reader(const MethodRun *m, int longest, ListReader *r)
{
    encoder_free(&r->encoder);
    encoder_init(&r->arena, &m->model->params, 1, longest, longest, ENCODER_EVALUATES, &r->encoder);
    packed_init(&r->arena, 1, longest, &r->sample);
}

/* Add sign times the last states of pieces first to end, in a sample of their own, to sum [D]. */
static void add_states(const MethodRun *m, const IdList *ids, int first, int end, double sign, ListReader *r,
                       double *sum)
{
    const Vocabulary *v = m->model->vocabulary;
    const int d = m->model->config.hidden, n = end - first;
    int *sample = memory_alloc((size_t)n + 2, sizeof *sample);
    sample[0] = vocabulary_special(v, SPECIAL_CLS), sample[n + 1] = vocabulary_special(v, SPECIAL_SEP);
    memcpy(sample + 1, ids->id + first, (size_t)n * sizeof *sample);
    packed_clear(&r->sample);
    packed_add(&r->sample, n + 2, sample, NULL, 0);
    const real *h = encoder_forward(&r->encoder, &r->sample);
    for (int t = 1; t <= n; t++)
        for (int j = 0; j < d; j++) sum[j] += sign * (double)h[(size_t)t * (size_t)d + (size_t)j];
    free(sample);
}

/* All words of a list in one sample, as published; a list longer than the model reads in several, each of whole words.
 */
static void add_words(const MethodRun *m, const WordPieces *words, double sign, ListReader *r, double *sum)
{
    const int most = r->encoder.longest - 2;
    for (int first = 0, i = 0; i < (int)words->end.n; i++) {
        const int end = words->end.id[i], next = i + 1 < (int)words->end.n ? words->end.id[i + 1] : INT_MAX;
        if (end == first || next - first <= most) continue;
        add_states(m, &words->ids, first, end - first < most ? end : first + most, sign, r, sum);
        first = end;
    }
}

static void lists_to_direction(const MethodRun *m, const WordPieces *male, const WordPieces *female, double *g)
{
    const int positions = bert_config_positions(&m->model->config);
    const size_t pieces = male->ids.n > female->ids.n ? male->ids.n : female->ids.n;
    const int longest = pieces + 2 < (size_t)positions ? (int)pieces + 2 : positions;
    ListReader r = {0};
    lay_out_reader(m, longest, &r);
    arena_open(&r.arena);
    lay_out_reader(m, longest, &r);
    add_words(m, male, 1, &r, g);
    add_words(m, female, -1, &r, g);
    encoder_free(&r.encoder);
    arena_close(&r.arena);
}

/* g = (sum of male states - sum of female states), to length 1. */
static Status set_direction(const Comm *comm, MethodRun *m)
{
    const AseOptions *o = m->options;
    const int d = m->model->config.hidden;
    double *g = ((AseOwn *)m->own)->direction, square = 0;
    WordPieces male = {0}, female = {0};
    for (int j = 0; j < d; j++) g[j] = 0;
    Status status = read_pieces(comm, o->male, m->model->vocabulary, &male);
    if (!status) status = read_pieces(comm, o->female, m->model->vocabulary, &female);
    if (!status) lists_to_direction(m, &male, &female, g);
    free(male.ids.id), free(male.end.id), free(female.ids.id), free(female.end.id);
    TRY(status);
    for (int j = 0; j < d; j++) square += g[j] * g[j];
    CHECK(square > 0, STATUS_DATA, "%s and %s: their words have the same states, so there is no gender direction",
          o->male, o->female);
    for (int j = 0; j < d; j++) g[j] /= sqrt(square);
    return STATUS_OK;
}

static Status set_fisher(const Comm *comm, MethodRun *m)
{
    const AseOptions *o = m->options;
    AseOwn *own = m->own;
    if (own->has_fisher) return fisher_read(comm, o->fisher, &m->model->params, own->fisher);
    const Dataset *lines = own->lines.n ? &own->lines : &m->data;
    const FisherRequest request = {.model = m->model,
                                   .masked_lm = &own->masked_lm,
                                   .batch = &own->one,
                                   .lines = lines,
                                   .n_lines = n_lines(o, lines),
                                   .is_cumulative = o->is_cumulative};
    log_line("Fisher numbers: of %d lines%s", request.n_lines, o->is_cumulative ? ", gradients never cleared" : "");
    fisher_estimate(comm, &request, own->fisher);
    return o->fisher[0] ? fisher_write(comm, o->fisher, &m->model->params, own->fisher) : STATUS_OK;
}

static Status start(const Comm *comm, MethodRun *m)
{
    const AseOptions *o = m->options;
    AseOwn *own = m->own;
    const Params *p = &m->model->params;
    if (o->orthogonal > 0) TRY(set_direction(comm, m));
    if (o->elastic == 0) return STATUS_OK;
    memcpy(own->origin, p->weight, (size_t)p->trained.count * sizeof *own->origin);
    return set_fisher(comm, m);
}

/* --- in a step --------------------------------------------------------------------------------------------- */

/* Positions of the batch that a mark points at. */
static int marked(const MethodRun *m, const Batch *batch)
{
    int *row = ((AseOwn *)m->own)->row, n = 0;
    for (int b = 0; b < batch->packed.n_samples; b++)
        for (int64_t k = m->data.mark_offset[batch->item[b]]; k < m->data.mark_offset[batch->item[b] + 1]; k++)
            row[n++] = batch->packed.offset[b] + m->data.mark[k];
    return n;
}

static void add(MethodRun *m, const Batch *batch, const StepCounts *counts, double *sum)
{
    const AseOptions *o = m->options;
    AseOwn *own = m->own;
    const int last = m->model->config.layers;
    const real *h = m->model->encoder.h[last];
    real *dh = m->model->encoder.dh[last];
    const double items = (double)counts->items, per_label = counts->labels > 0 ? 1 / (double)counts->labels : 0;
    const double mlm = items * per_label * masked_lm_scaled(&own->masked_lm, batch, h, per_label, dh);
    sum[0] += mlm;
    sum[TERM_MLM] += mlm;
    if (o->orthogonal == 0) return;
    const double along = items * orthogonal_loss(marked(m, batch), own->row, m->model->config.hidden, own->direction,
                                                 o->squares, o->orthogonal, h, dh);
    sum[0] += o->orthogonal * along; /* a sum over the batch: its mean over the items, so often */
    sum[TERM_ORTHOGONAL] += along;
}

static void once(MethodRun *m, double *mean)
{
    const AseOptions *o = m->options;
    const AseOwn *own = m->own;
    const Params *p = &m->model->params;
    if (o->elastic == 0) return;
    mean[TERM_ELASTIC] = elastic_loss(p->trained.count, own->fisher, own->origin, o->elastic, p->weight, p->gradient);
    mean[0] += o->elastic * mean[TERM_ELASTIC];
}

static void give_back(MethodRun *m)
{
    dataset_free(&((AseOwn *)m->own)->lines);
}

static const char *const term[] = {"task.mlm", "task.orthogonal", "task.elastic"};
static const MethodValue usual[] = {
    {"batch", "6"}, {"learning-rate", "2e-5"}, {"epochs", "5"}, {"max-length", "164"}, {NULL, NULL}};
static const MethodValue fnc[] = {{"batch", "6"},        {"learning-rate", "2e-5"},
                                  {"epochs", "5"},       {"schedule", "linear"},
                                  {"warmup", "0"},       {"weight-decay", "0"},
                                  {"adam", "hf"},        {"adam-epsilon", "1e-8"},
                                  {"clip", "1"},         {"seed", "42"},
                                  {"max-length", "164"}, {"ase-orthogonal", "0"},
                                  {"ase-elastic", "0"},  {"nc-weight", "100"},
                                  {"nc-metric", "unc3"}, {"nc-pieces", "first"},
                                  {"nc-align", "shift"}, {"nc-space", "hidden"},
                                  {"nc-ids", "masked"},  {"nc-grad", "rows"},
                                  {"nc-reset", "run"},   {NULL, NULL}};

const Method method_ase = {
    .name = "ase",
    .summary = "masked pronouns, neutral words off the gender direction, weights held (Park et al. 2023)",
    .usual = usual,
    .fnc = fnc,
    .key = key,
    .n_keys = sizeof key / sizeof key[0],
    .options_bytes = sizeof(AseOptions),
    .own_bytes = sizeof(AseOwn),
    .mean = PER_ITEM,
    .n_terms = 3,
    .term = term,
    .read = read_texts,
    .lay_out = lay_out,
    .start = start,
    .fill = fill,
    .add = add,
    .once = once,
    .close = give_back};
