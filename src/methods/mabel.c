/* mabel.c: an item is a premise, its hypothesis, and both with the genders swapped. Every text is encoded whole and
 * masked: the whole ones give the vectors that are contrasted, the masked ones the masked-LM loss. */
#include "methods/mabel.h"

#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "data/items.h"
#include "model/rows.h"
#include "model/sentence_head.h"
#include "objectives/contrast.h"
#include "objectives/masked_lm.h"

/* Texts of an item, in the order of the file's columns; copies of a text. */
enum { PREMISE, HYPOTHESIS, SWAPPED_PREMISE, SWAPPED_HYPOTHESIS, N_TEXTS };
enum { WHOLE, MASKED, N_COPIES };
enum { ALIGN_A1, ALIGN_A2, ALIGN_A3, ALIGN_NONE };
enum { TERM_CONTRAST = 1, TERM_ALIGN, TERM_MLM };

typedef struct {
    double temperature, align_weight, mlm_weight;
    int align;  /* ALIGN_A1 ... */
    int vector; /* 0 sentence head, 1 pooler */
    bool tie;
    int gradient; /* 0 global, 1 local-mean */
} MabelOptions;

typedef struct {
    MaskedLm masked_lm;
    SentenceHead head;
    Contrast contrast;
    double *drow;               /* [batch, 4 D, or 8 D with a3] gradient to the rows of the whole batch */
    double value[1 + TERM_MLM]; /* of the whole batch: contrast, align */
    int *first;                 /* [4 batch] first tokens of a portion's whole samples */
    int *number;                /* [4 batch] their numbers: place * 4 + text */
    real *x, *dv, *du;          /* [4 batch, D]; du of a3 alone */
    double share;               /* of the gradient: 1, or 1 / ranks */
} MabelOwn;

static const Setting key[] = {
    {"mabel-temperature", SETTING_REAL, "0.05", "", 1e-6, 1e6, offsetof(MabelOptions, temperature),
     "divisor of the cosines"},
    {"mabel-align", SETTING_CHOICE, "a1", "a1 a2 a3 none", 0, 0, offsetof(MabelOptions, align),
     "a1: cosines of a pair and of its swapped copy agree; a2: so do the vectors themselves; a3: what tanh is taken of "
     "is nearer to its swapped copy than to all others; none"},
    {"mabel-align-weight", SETTING_REAL, "0.05", "", 0, 1e6, offsetof(MabelOptions, align_weight),
     "weight of the alignment loss"},
    {"mabel-mlm-weight", SETTING_REAL, "0.1", "", 0, 1e6, offsetof(MabelOptions, mlm_weight),
     "weight of the masked-LM loss"},
    {"mabel-vector", SETTING_CHOICE, "sentence", "sentence pooler", 0, 0, offsetof(MabelOptions, vector),
     "vectors of texts: by the sentence head (two products), or by BERT's pooler"},
    {"mabel-tie", SETTING_SWITCH, "yes", "", 0, 0, offsetof(MabelOptions, tie),
     "no: the decoder becomes a matrix of its own, as published"},
    {"mabel-gradient", SETTING_CHOICE, "global", "global local-mean", 0, 0, offsetof(MabelOptions, gradient),
     "of contrast and alignment: that of the global loss, or divided by the number of ranks, as published"},
};

static Status ask_parts(const void *options, BertConfig *config, MethodNeeds *needs)
{
    const MabelOptions *o = options;
    needs->pooler = o->vector == 1;
    needs->sentence_head = o->vector == 0;
    needs->depends_on_ranks = o->gradient == 1;
    needs->row_states = o->align == ALIGN_A3 ? 2 * N_TEXTS : N_TEXTS;
    config->pooler = config->pooler || needs->pooler;
    config->sentence_head = config->sentence_head || needs->sentence_head;
    config->untied = config->untied || !o->tie;
    return STATUS_OK;
}

static Status read_texts(const Comm *comm, MethodRun *m, const char *path, CorpusOptions *request)
{
    const ItemsRequest items = {
        .format = (TableFormat)request->format, .n_columns = N_TEXTS, .max_length = request->max_length};
    CHECK(!request->pair || !request->pair[0], STATUS_USAGE,
          "method = mabel reads four columns; leave pair-column out");
    return items_read(comm, path, m->model->vocabulary, &items, &m->data);
}

static void lay_out(Arena *arena, MethodRun *m)
{
    const MabelOptions *o = m->options;
    MabelOwn *own = m->own;
    const int d = m->model->config.hidden, n = N_TEXTS * m->batch;
    *own = (MabelOwn){.share = 1};
    masked_lm_init(arena, &m->model->head, &own->masked_lm);
    sentence_head_init(arena, &m->model->params, o->vector == 1, n, &own->head);
    contrast_init(arena, 2 * m->batch, d, &own->contrast);
    own->drow = arena_cut(arena, (size_t)m->batch * (size_t)m->row, sizeof *own->drow);
    own->first = arena_cut(arena, (size_t)n, sizeof *own->first);
    own->number = arena_cut(arena, (size_t)n, sizeof *own->number);
    own->x = arena_cut(arena, (size_t)n * (size_t)d, sizeof *own->x);
    own->dv = arena_cut(arena, (size_t)n * (size_t)d, sizeof *own->dv);
    if (o->align == ALIGN_A3) own->du = arena_cut(arena, (size_t)n * (size_t)d, sizeof *own->du);
}

static Status begin(const Comm *comm, MethodRun *m, int64_t epoch)
{
    const MabelOptions *o = m->options;
    (void)epoch;
    ((MabelOwn *)m->own)->share = o->gradient == 1 ? 1.0 / comm->n_ranks : 1;
    return STATUS_OK;
}

static void fill(MethodRun *m, const BatchItem *item, int n, Batch *batch)
{
    batch_clear(batch);
    for (int i = 0; i < n; i++)
        for (int text = 0; text < N_TEXTS; text++)
            for (int copy = 0; copy < N_COPIES; copy++) {
                const uint32_t stream = (uint32_t)((item[i].number * N_TEXTS + text) * N_COPIES + copy);
                const int sample = batch_add(&m->data, item[i], text, stream, batch);
                if (copy == WHOLE) continue;
                batch_mask(m->model->vocabulary, &m->masking, sample, stream, batch);
                batch->is_extra[sample] = true;
            }
}

/* A row: the vectors of an item's four texts; with a3 behind them what tanh is taken of, u of docs/methods.md. */
static int64_t row_of(const MethodRun *m, int number)
{
    return (int64_t)(number / N_TEXTS) * m->row + number % N_TEXTS * m->model->config.hidden;
}

static int64_t behind(const MethodRun *m)
{
    return (int64_t)N_TEXTS * m->model->config.hidden;
}

/* The vectors of a portion's whole samples; their numbers are noted. Returns how many. */
static int vectors(MethodRun *m, const Batch *batch, const real **v)
{
    MabelOwn *own = m->own;
    int n = 0;
    for (int b = 0; b < batch->packed.n_samples; b++) {
        if (batch->is_extra[b]) continue;
        own->first[n] = batch->packed.offset[b];
        own->number[n++] = batch->place[b] * N_TEXTS + batch->text[b];
    }
    rows_gather(n, m->model->config.hidden, own->first, m->model->encoder.h[m->model->config.layers], own->x);
    *v = sentence_head_forward(&own->head, n, own->x);
    return n;
}

static void rows(MethodRun *m, const Batch *batch, double *row)
{
    const int d = m->model->config.hidden;
    const real *v;
    const MabelOwn *own = m->own;
    const int n = vectors(m, batch, &v);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < d; j++) {
            const int64_t from = (int64_t)i * d + j, to = row_of(m, own->number[i]) + j;
            row[to] = (double)v[from];
            if (own->du) row[to + behind(m)] = (double)own->head.u[from];
        }
}

/* Contrast and alignment of all items, and the gradient to their rows. */
static void whole(MethodRun *m, const StepCounts *counts, const double *row)
{
    const MabelOptions *o = m->options;
    MabelOwn *own = m->own;
    const int d = m->model->config.hidden, n = (int)counts->items;
    const int64_t stride = m->row;
    Vectors v[2 * N_TEXTS]; /* behind those of the texts, with a3: u */
    memset(own->drow, 0, (size_t)n * (size_t)stride * sizeof *own->drow);
    for (int i = 0; i < stride / d; i++) v[i] = (Vectors){row + i * d, own->drow + i * d};
    const Vectors premises[] = {v[PREMISE], v[SWAPPED_PREMISE]}, hypotheses[] = {v[HYPOTHESIS], v[SWAPPED_HYPOTHESIS]};
    own->value[TERM_CONTRAST] = contrast_loss(&own->contrast, n, 2, premises, hypotheses, stride, o->temperature, 1);
    own->value[TERM_ALIGN] = 0;
    if (o->align == ALIGN_A1)
        own->value[TERM_ALIGN] = contrast_agreement(&own->contrast, n, v[PREMISE], v[HYPOTHESIS], v[SWAPPED_PREMISE],
                                                    v[SWAPPED_HYPOTHESIS], stride, o->temperature, o->align_weight);
    if (o->align == ALIGN_A2)
        own->value[TERM_ALIGN] = contrast_distance(n, d, v[PREMISE], v[SWAPPED_PREMISE], stride, o->align_weight) +
                                 contrast_distance(n, d, v[HYPOTHESIS], v[SWAPPED_HYPOTHESIS], stride, o->align_weight);
    if (o->align == ALIGN_A3)
        own->value[TERM_ALIGN] = contrast_loss(&own->contrast, n, 2, v + N_TEXTS, v + N_TEXTS + SWAPPED_PREMISE, stride,
                                               o->temperature, o->align_weight);
}

/* The gradient to a portion's vectors goes back to its first states. */
static int add_vectors(MethodRun *m, const Batch *batch)
{
    MabelOwn *own = m->own;
    const int d = m->model->config.hidden;
    const real *v;
    const int n = vectors(m, batch, &v);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < d; j++) {
            const int64_t to = (int64_t)i * d + j, from = row_of(m, own->number[i]) + j;
            own->dv[to] = (real)(own->share * own->drow[from]);
            if (own->du) own->du[to] = (real)(own->share * own->drow[from + behind(m)]);
        }
    rows_scatter_add(n, d, own->first, sentence_head_backward(&own->head, n, own->dv, own->du), m->model->encoder.dx);
    return n / N_TEXTS;
}

static void add(MethodRun *m, const Batch *batch, const StepCounts *counts, double *sum)
{
    const MabelOptions *o = m->options;
    MabelOwn *own = m->own;
    const Encoder *e = &m->model->encoder;
    const int items = add_vectors(m, batch);
    const double per_label = counts->labels > 0 ? 1 / (double)counts->labels : 0;
    const double mlm =
        per_label * (double)counts->items *
        masked_lm_scaled(&own->masked_lm, batch, e->h[m->model->config.layers], o->mlm_weight * per_label, e->dx);
    const double contrast = items * own->value[TERM_CONTRAST], align = items * own->value[TERM_ALIGN];
    sum[TERM_CONTRAST] += contrast;
    sum[TERM_ALIGN] += align;
    sum[TERM_MLM] += mlm;
    sum[0] += contrast + o->align_weight * align + o->mlm_weight * mlm;
}

static const char *const term[] = {"task.contrast", "task.align", "task.mlm"};
static const MethodValue usual[] = {{"batch", "32"}, {"learning-rate", "5e-5"}, {"epochs", "2"}, {NULL, NULL}};
static const MethodValue fnc[] = {{"batch", "96"},
                                  {"learning-rate", "5e-5"},
                                  {"epochs", "2"},
                                  {"schedule", "linear"},
                                  {"warmup", "0"},
                                  {"weight-decay", "0"},
                                  {"adam", "hf"},
                                  {"adam-epsilon", "1e-8"},
                                  {"clip", "1"},
                                  {"mask-rate", "0.15"},
                                  {"seed", "21"},
                                  {"max-length", "128"},
                                  {"mabel-tie", "no"},
                                  {"mabel-gradient", "local-mean"},
                                  {"mabel-temperature", "0.05"},
                                  {"mabel-align", "a1"},
                                  {"mabel-align-weight", "0.05"},
                                  {"mabel-mlm-weight", "0.1"},
                                  {"nc-weight", "10"},
                                  {"nc-metric", "unc3"},
                                  {"nc-pieces", "first"},
                                  {"nc-align", "shift"},
                                  {"nc-space", "hidden"},
                                  {"nc-ids", "true"},
                                  {"nc-grad", "rows"},
                                  {"nc-reset", "run"},
                                  {"nc-sync", "none"},
                                  {NULL, NULL}};

const Method method_mabel = {.name = "mabel",
                             .summary =
                                 "contrastive training on entailment pairs and gender-swapped copies (He et al. 2022)",
                             .usual = usual,
                             .fnc = fnc,
                             .key = key,
                             .n_keys = sizeof key / sizeof key[0],
                             .options_bytes = sizeof(MabelOptions),
                             .own_bytes = sizeof(MabelOwn),
                             .copies = N_COPIES,
                             .mean = PER_ITEM,
                             .n_terms = 3,
                             .term = term,
                             .ask = ask_parts,
                             .read = read_texts,
                             .lay_out = lay_out,
                             .begin = begin,
                             .fill = fill,
                             .rows = rows,
                             .whole = whole,
                             .add = add};
