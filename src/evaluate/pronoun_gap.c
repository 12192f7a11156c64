/* pronoun_gap.c: three passes over the sentences: pair masked, every tenth piece masked, nothing masked. */
#include "evaluate/pronoun_gap.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/collapse.h"
#include "analysis/statistics.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/sample_text.h"
#include "data/wordlist.h"
#include "io/table.h"
#include "model/model.h"
#include "model/rows.h"

enum { SAMPLES = 16, MASK_EVERY = 10, RESAMPLES = 10000 };

typedef struct {
    const PronounGapOptions *options;
    Model model;
    WordList words;
    int first, second; /* ids of the pair */
    SamplePack all;    /* all sentences */
    ClassMeans means;
    Arena arena; /* class means and measure */
    Collapse measure;
    EvaluationResult *result;
    double *gap;     /* [n_sentences], of the scored ones */
    double *correct; /* [n_sentences] 1 if the word of the text is preferred, else 0 */
    int n_gaps;
    double loss;
    int64_t n_labels;
} Gap;

static Status pair_ids(Gap *g)
{
    Slice second = slice_of(g->options->pair), first;
    slice_next_field(&second, ',', &first);
    g->first = vocabulary_find(g->model.vocabulary, slice_trim(first));
    g->second = second.start ? vocabulary_find(g->model.vocabulary, slice_trim(second)) : -1;
    CHECK(g->first >= 0 && g->second >= 0 && g->first != g->second, STATUS_USAGE,
          "pair = '%s' must be two words, separated by a comma, that are single pieces of the model's vocabulary",
          g->options->pair);
    return STATUS_OK;
}

static Status add_sentences(Gap *g, Table *table)
{
    int place;
    TRY(table_want(table, g->options->column, &place));
    const SampleRules rules = {.vocabulary = g->model.vocabulary,
                               .max_length = g->model.longest,
                               .types = g->model.params.config.types,
                               .has_pairs = table_is_text(table),
                               .name = g->options->data};
    for (bool more;;) {
        TRY(table_next(table, &more));
        if (!more) break;
        if (slice_trim(table->field[place]).length)
            TRY(sample_pack_add(&rules, table->field[place], table->line, &g->all));
    }
    CHECK(g->all.n_samples > 0, STATUS_DATA, "%s: holds no sentence", g->options->data);
    char *remark = table_remark(table);
    if (remark) log_line("%s", remark);
    free(remark);
    return STATUS_OK;
}

static Status read_sentences(Gap *g)
{
    Table table;
    TRY(table_open(g->options->data, (TableFormat)g->options->format, &table));
    sample_pack_clear(&g->all);
    Status status = add_sentences(g, &table);
    table_close(&table);
    return status;
}

/* States of the sentences that are in the model's input. */
static const real *forward(Gap *g)
{
    return encoder_forward(&g->model.encoder, &g->model.input);
}

/* Place of the pair's only occurrence in sentence s, or -1. */
static int pair_place(const Gap *g, int s)
{
    int place = -1;
    for (int t = g->all.offset.id[s]; t < g->all.offset.id[s + 1]; t++) {
        if (g->all.id.id[t] != g->first && g->all.id.id[t] != g->second) continue;
        if (place >= 0) return -1;
        place = t;
    }
    return place;
}

static void score_pair(Gap *g, int first, int n)
{
    const int start = g->all.offset.id[first], d = g->model.params.config.hidden, v = g->model.params.config.vocab;
    int row[SAMPLES], n_rows = 0;
    bool is_first[SAMPLES];
    for (int b = 0; b < n; b++) {
        const int place = pair_place(g, first + b);
        if (place < 0) continue;
        g->model.input.id[place - start] = vocabulary_special(g->model.vocabulary, SPECIAL_MASK);
        is_first[n_rows] = g->all.id.id[place] == g->first;
        row[n_rows++] = place - start;
    }
    if (!n_rows) return;
    const real *hidden = forward(g);
    real *x = memory_alloc((size_t)n_rows * (size_t)d, sizeof *x);
    rows_gather(n_rows, d, row, hidden, x);
    const real *logits = mlm_head_logits(&g->model.head, n_rows, mlm_head_transform(&g->model.head, n_rows, x), true);
    for (int i = 0; i < n_rows; i++) {
        const real *l = logits + (size_t)i * (size_t)v;
        const double gap = (double)l[g->first] - (double)l[g->second]; /* the normaliser of softmax cancels */
        g->correct[g->n_gaps] = is_first[i] ? gap > 0 : gap < 0;
        g->gap[g->n_gaps++] = gap;
    }
    free(x);
}

static void score_loss(Gap *g, int first, int n)
{
    const int start = g->all.offset.id[first], tokens = g->all.offset.id[first + n] - start,
              d = g->model.params.config.hidden;
    const int mask = vocabulary_special(g->model.vocabulary, SPECIAL_MASK);
    int row[HEAD_ROWS], label[HEAD_ROWS], n_rows = 0;
    for (int t = 0; t < tokens; t++) {
        const int true_id = g->all.id.id[start + t];
        if ((start + t) % MASK_EVERY != MASK_EVERY - 1 || vocabulary_is_special(g->model.vocabulary, true_id)) continue;
        if (n_rows == HEAD_ROWS) break;
        g->model.input.id[t] = mask;
        row[n_rows] = t;
        label[n_rows++] = true_id;
    }
    if (!n_rows) return;
    const real *hidden = forward(g);
    real *x = memory_alloc((size_t)n_rows * (size_t)d, sizeof *x);
    rows_gather(n_rows, d, row, hidden, x);
    g->loss += mlm_head_loss(&g->model.head, n_rows, x, label, 0, NULL);
    g->n_labels += n_rows;
    free(x);
}

static void add_means(Gap *g)
{
    const int tokens = g->model.input.n_tokens, d = g->model.params.config.hidden;
    const real *hidden = forward(g);
    for (int at = 0; at < tokens; at += HEAD_ROWS) {
        const int rows = tokens - at < HEAD_ROWS ? tokens - at : HEAD_ROWS;
        int class[HEAD_ROWS];
        for (int i = 0; i < rows; i++) class[i] = g->words.class_of[g->model.input.id[at + i]];
        class_means_add(&g->means, rows, mlm_head_transform(&g->model.head, rows, hidden + (size_t)at * (size_t)d),
                        class);
    }
}

static void run_passes(Gap *g)
{
    for (int first = 0; first < g->all.n_samples; first += SAMPLES) {
        const int left = g->all.n_samples - first, n = left < SAMPLES ? left : SAMPLES;
        sample_pack_take(&g->all, first, n, (uint32_t)first, &g->model.input);
        if (g->words.n) add_means(g);
        score_pair(g, first, n);
        sample_pack_take(&g->all, first, n, (uint32_t)first, &g->model.input);
        score_loss(g, first, n);
    }
}

static void add_gap_metrics(Gap *g)
{
    EvaluationResult *r = g->result;
    double *size = memory_alloc((size_t)g->n_gaps, sizeof *size);
    for (int i = 0; i < g->n_gaps; i++) size[i] = fabs(g->gap[i]);
    const Interval of_size = statistics_bootstrap_mean(g->n_gaps, size, RESAMPLES, 1);
    const Interval of_sign = statistics_bootstrap_mean(g->n_gaps, g->gap, RESAMPLES, 1);
    result_add_interval(r, "gap.abs", statistics_mean(g->n_gaps, size), of_size.low, of_size.high);
    result_add_interval(r, "gap.signed", statistics_mean(g->n_gaps, g->gap), of_sign.low, of_sign.high);
    result_add(r, "accuracy", statistics_mean(g->n_gaps, g->correct));
    free(size);
    r->n_items = g->n_gaps;
    r->n_skipped = g->all.n_samples - g->n_gaps;
    r->field[0] = "gap", r->field[1] = "correct";
    r->item[0] = g->gap, r->item[1] = g->correct;
    r->n_fields = 2;
    g->gap = g->correct = NULL;
}

static void add_duality_metrics(Gap *g)
{
    double mean, deviation;
    collapse_gather(&g->means, g->words.id, g->model.params.w.word, &g->measure);
    collapse_duality(&g->measure, &mean, &deviation);
    result_add(g->result, "nc3", mean);
    result_add(g->result, "unc3", deviation);
    result_add(g->result, "nc_classes", g->measure.n_active);
}

static void lay_out(Gap *g)
{
    class_means_init(&g->arena, g->words.n, g->model.params.config.hidden, &g->means);
    collapse_init(&g->arena, g->words.n, g->model.params.config.hidden, &g->measure);
}

static Status evaluate(Gap *g)
{
    TRY(pair_ids(g));
    TRY(read_sentences(g));
    if (g->options->words[0]) {
        TRY(wordlist_read(g->options->words, g->model.vocabulary, (PieceRule)g->options->pieces, &g->words));
        lay_out(g);
        arena_open(&g->arena);
        lay_out(g);
    }
    g->gap = memory_alloc((size_t)g->all.n_samples, sizeof *g->gap);
    g->correct = memory_alloc((size_t)g->all.n_samples, sizeof *g->correct);
    run_passes(g);
    CHECK(g->n_gaps > 0, STATUS_DATA, "%s: no sentence holds exactly one of '%s'", g->options->data, g->options->pair);
    add_gap_metrics(g);
    result_add(g->result, "loss", g->n_labels ? g->loss / (double)g->n_labels : 0);
    if (g->words.n) add_duality_metrics(g);
    return STATUS_OK;
}

Status pronoun_gap_evaluate(const Comm *comm, const char *model_path, const PronounGapOptions *options,
                            EvaluationResult *result)
{
    Gap g = {.options = options, .result = result};
    *result = (EvaluationResult){.task = "pronoun-gap", .model = model_path, .data = options->data};
    Status status = model_read(comm, model_path, SAMPLES, 0, &g.model);
    if (!status) status = comm_agree(comm, evaluate(&g));
    free(g.gap);
    free(g.correct);
    sample_pack_free(&g.all);
    wordlist_free(&g.words);
    arena_close(&g.arena);
    model_close(&g.model);
    return status;
}
