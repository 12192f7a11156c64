/* pronoun_gap.c: three passes over the sentences: pair masked, every tenth piece masked, nothing masked. */
#include "evaluate/pronoun_gap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/collapse.h"
#include "analysis/statistics.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/sample_text.h"
#include "data/wordlist.h"
#include "evaluate/word_pair.h"
#include "io/table.h"
#include "model/model.h"
#include "model/rows.h"

enum { SAMPLES = 16, MASK_EVERY = 10, RESAMPLES = 10000 };

/* Why a sentence is not scored, beside what word_pair_find says. */
enum { CUT = N_PAIR_FINDINGS, N_FINDINGS };

typedef struct {
    int64_t row, line;     /* record of the file, from 0; its line, from 1 */
    int finding;           /* PairFinding, or CUT */
    int form, side, place; /* of the pair's word, if found; place in the sample */
    double gap,
        correct; /* NaN: not scored; correct: 1 if the text's own word is preferred, 0 if the other, 0.5 if neither */
} Sentence;

typedef struct {
    const PronounGapOptions *options;
    Model model;
    WordList words;
    WordPair pair;
    SamplePack all;     /* all sentences */
    Sentence *sentence; /* owned [all.n_samples] */
    size_t capacity;
    ClassMeans means;
    Arena arena; /* class means and measure */
    Collapse measure;
    EvaluationResult *result;
    int *row, *label; /* owned [SAMPLES * longest]: rows for the head, with their label or class */
    real *x;          /* owned [HEAD_ROWS, D] */
    double loss;
    int64_t n_labels;
} Gap;

/* --- sentences -------------------------------------------------------------------------------------- */

static Status add_sentence(Gap *g, const SampleRules *rules, int64_t row, int64_t line, Slice text)
{
    memory_reserve((void **)&g->sentence, &g->capacity, (size_t)g->all.n_samples + 1, sizeof *g->sentence);
    Sentence *s = &g->sentence[g->all.n_samples];
    *s = (Sentence){.row = row, .line = line, .place = -1, .gap = (double)NAN, .correct = (double)NAN};
    s->finding = (int)word_pair_find(&g->pair, text, &s->form, &s->side);
    TRY(sample_pack_add(rules, text, line, &g->all));
    if (s->finding != PAIR_FOUND) return STATUS_OK;
    const int first = g->all.offset.id[g->all.n_samples - 1];
    s->place = word_pair_place(&g->pair, s->form, s->side, (int)g->all.id.n - first, g->all.id.id + first);
    if (s->place < 0) s->finding = CUT;
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
            TRY(add_sentence(g, &rules, table->record, table->line, table->field[place]));
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

/* The forms that cannot be scored, for the reason given to a user; owned by the caller. */
static char *unusable_forms(const Gap *g)
{
    char *text =
        memory_copy_text("a word of the pair that is not one piece of the vocabulary, or whose counterpart is not:");
    for (int f = 0; f < g->pair.n_forms; f++)
        for (int side = 0; side < 2; side++) {
            if (g->pair.form[f].id[side] >= 0) continue;
            char *longer = memory_print("%s '%s'", text, g->pair.form[f].word[side]);
            free(text);
            text = longer;
        }
    return text;
}

static void count_skipped(Gap *g)
{
    int64_t n[N_FINDINGS] = {0};
    for (int s = 0; s < g->all.n_samples; s++) n[g->sentence[s].finding]++;
    char *none = memory_print("no word of the pair '%s'", g->options->pair),
         *several = memory_print("more than one word of the pair '%s'", g->options->pair), *forms = unusable_forms(g);
    g->result->n_items = n[PAIR_FOUND];
    result_skip(g->result, none, n[PAIR_NONE]);
    result_skip(g->result, several, n[PAIR_SEVERAL]);
    result_skip(g->result, forms, n[PAIR_PIECES]);
    result_skip(g->result, "the word of the pair stands behind what the model reads", n[CUT]);
    free(none), free(several), free(forms);
}

/* --- passes ----------------------------------------------------------------------------------------- */

/* Put sentences [first, first + n) into the model's input, as they are. */
static void take(Gap *g, int first, int n)
{
    sample_pack_take(&g->all, first, n, (uint32_t)first, &g->model.input);
}

/* States of the sentences that are in the model's input. */
static const real *forward(Gap *g)
{
    return encoder_forward(&g->model.encoder, &g->model.input);
}

static Status check_finite(const Gap *g, int first, double x)
{
    CHECK(isfinite(x), STATUS_DATA,
          "%s: line %lld or one of the %d sentences from it on has a score that is not finite; are the model's weights "
          "sound?",
          g->options->data, (long long)g->sentence[first].line, SAMPLES);
    return STATUS_OK;
}

static Status score_pair(Gap *g, int first, int n)
{
    const int d = g->model.params.config.hidden, v = g->model.params.config.vocab;
    Packed *input = &g->model.input;
    Sentence *scored[SAMPLES];
    int n_rows = 0;
    take(g, first, n);
    for (int b = 0; b < n; b++) {
        Sentence *s = &g->sentence[first + b];
        if (s->finding != PAIR_FOUND) continue;
        const int place = input->offset[b] + s->place;
        input->id[place] = vocabulary_special(g->model.vocabulary, SPECIAL_MASK);
        g->row[n_rows] = place;
        scored[n_rows++] = s;
    }
    if (!n_rows) return STATUS_OK;
    rows_gather(n_rows, d, g->row, forward(g), g->x);
    const real *z = mlm_head_transform(&g->model.head, n_rows, g->x);
    const real *logits = mlm_head_logits(&g->model.head, n_rows, z, true);
    for (int i = 0; i < n_rows; i++) {
        const real *l = logits + (size_t)i * (size_t)v;
        const int *pair = g->pair.form[scored[i]->form].id;
        const double gap = (double)l[pair[0]] - (double)l[pair[1]]; /* the normaliser of softmax cancels */
        TRY(check_finite(g, first, gap));
        scored[i]->gap = gap;
        scored[i]->correct = gap == 0 ? 0.5 : (gap > 0) == (scored[i]->side == 0);
    }
    return STATUS_OK;
}

/* States of the n rows in g->row, with their class in g->label, into the class means. */
static void add_states(Gap *g, int n, const real *hidden)
{
    const int d = g->model.params.config.hidden;
    for (int at = 0; at < n; at += HEAD_ROWS) {
        const int rows = n - at < HEAD_ROWS ? n - at : HEAD_ROWS;
        rows_gather(rows, d, g->row + at, hidden, g->x);
        const bool is_hidden = g->options->pairing.space == SPACE_HIDDEN;
        class_means_add(&g->means, rows, is_hidden ? g->x : mlm_head_transform(&g->model.head, rows, g->x),
                        g->label + at);
    }
}

static Status score_loss(Gap *g, int first, int n)
{
    const int start = g->all.offset.id[first], d = g->model.params.config.hidden;
    Packed *input = &g->model.input;
    int n_rows = 0;
    take(g, first, n);
    for (int t = 0; t < input->n_tokens; t++) {
        const int true_id = input->id[t];
        if ((start + t) % MASK_EVERY != MASK_EVERY - 1 || vocabulary_is_special(g->model.vocabulary, true_id)) continue;
        input->id[t] = vocabulary_special(g->model.vocabulary, SPECIAL_MASK);
        g->row[n_rows] = t;
        g->label[n_rows++] = true_id;
    }
    if (!n_rows) return STATUS_OK;
    const real *hidden = forward(g);
    for (int at = 0; at < n_rows; at += HEAD_ROWS) {
        const int rows = n_rows - at < HEAD_ROWS ? n_rows - at : HEAD_ROWS;
        rows_gather(rows, d, g->row + at, hidden, g->x);
        g->loss += mlm_head_loss(&g->model.head, rows, g->x, g->label + at, 0, NULL);
    }
    g->n_labels += n_rows;
    if (g->words.n && g->options->pairing.align == ALIGN_MASKED) {
        int kept = 0;
        for (int i = 0; i < n_rows; i++) {
            const int class = wordlist_class(&g->words, g->label[i]);
            if (class < 0) continue;
            g->row[kept] = g->row[i];
            g->label[kept++] = class;
        }
        add_states(g, kept, hidden);
    }
    return check_finite(g, first, g->loss);
}

/* States of the sentences as they are, with the class of the id at their place or at the next one. */
static void add_means(Gap *g, int first, int n)
{
    const int start = g->all.offset.id[first], step = g->options->pairing.align == ALIGN_SHIFT;
    int n_rows = 0;
    for (int s = first; s < first + n; s++)
        for (int t = g->all.offset.id[s]; t + step < g->all.offset.id[s + 1]; t++) {
            const int class = wordlist_class(&g->words, g->all.id.id[t + step]);
            if (class < 0) continue;
            g->row[n_rows] = t - start;
            g->label[n_rows++] = class;
        }
    if (!n_rows) return;
    take(g, first, n);
    add_states(g, n_rows, forward(g));
}

static Status run_passes(Gap *g)
{
    for (int first = 0; first < g->all.n_samples; first += SAMPLES) {
        const int left = g->all.n_samples - first, n = left < SAMPLES ? left : SAMPLES;
        if (g->words.n && g->options->pairing.align != ALIGN_MASKED) add_means(g, first, n);
        TRY(score_pair(g, first, n));
        TRY(score_loss(g, first, n));
    }
    return STATUS_OK;
}

/* --- metrics ---------------------------------------------------------------------------------------- */

static void add_gap_metrics(Gap *g)
{
    EvaluationResult *r = g->result;
    const int scored = (int)r->n_items;
    double *gap = memory_alloc(3 * (size_t)scored, sizeof *gap), *size = gap + scored, *correct = size + scored;
    for (int s = 0, i = 0; s < g->all.n_samples; s++) {
        if (g->sentence[s].finding != PAIR_FOUND) continue;
        gap[i] = g->sentence[s].gap;
        size[i] = fabs(gap[i]);
        correct[i++] = g->sentence[s].correct;
    }
    const Interval of_size = statistics_bootstrap_mean(scored, size, RESAMPLES, 1);
    const Interval of_sign = statistics_bootstrap_mean(scored, gap, RESAMPLES, 1);
    result_add_interval(r, "gap.abs", statistics_mean(scored, size), of_size.low, of_size.high);
    result_add_interval(r, "gap.signed", statistics_mean(scored, gap), of_sign.low, of_sign.high);
    result_add(r, "accuracy", statistics_mean(scored, correct));
    free(gap);
}

static void add_items(Gap *g)
{
    EvaluationResult *r = g->result;
    const size_t n = (size_t)g->all.n_samples;
    double *gap = memory_alloc(n, sizeof *gap), *correct = memory_alloc(n, sizeof *correct);
    r->n_rows = (int64_t)n;
    r->row = memory_alloc(n, sizeof *r->row);
    r->is_skipped = memory_alloc(n, sizeof *r->is_skipped);
    for (size_t s = 0; s < n; s++) {
        gap[s] = g->sentence[s].gap;
        correct[s] = g->sentence[s].correct;
        r->row[s] = g->sentence[s].row;
        r->is_skipped[s] = g->sentence[s].finding != PAIR_FOUND;
    }
    result_add_field(r, "gap", gap);
    result_add_field(r, "correct", correct);
}

static void add_duality_metrics(Gap *g)
{
    double mean, deviation;
    collapse_gather(&g->means, g->words.id, g->model.params.w.decoder, &g->measure);
    collapse_duality(&g->measure, &mean, &deviation);
    result_add(g->result, "nc3", mean);
    result_add(g->result, "unc3", deviation);
    result_add(g->result, "nc_classes", g->measure.n_active);
    if (g->measure.n_directed < 2)
        log_line(
            "%s: %d of the %d classes of %s are met, %d with a direction; nc3 and unc3 compare two: not measured (-)",
            g->result->model, g->measure.n_active, g->words.n, g->options->words, g->measure.n_directed);
}

static void lay_out(Gap *g)
{
    class_means_init(&g->arena, g->words.n, g->model.params.config.hidden, &g->means);
    collapse_init(&g->arena, g->words.n, g->model.params.config.hidden, &g->measure);
}

static Status read_words(Gap *g)
{
    if (!g->options->words[0]) return STATUS_OK;
    TRY(wordlist_read(g->options->words, g->model.vocabulary, (PieceRule)g->options->pairing.pieces, &g->words));
    lay_out(g);
    arena_open(&g->arena);
    lay_out(g);
    return STATUS_OK;
}

static Status check_scored(const Gap *g)
{
    const EvaluationResult *r = g->result;
    CHECK(r->n_items > 0, STATUS_DATA,
          "%s: none of the %d sentences holds exactly one of '%s' that can be scored; %lld: %s", g->options->data,
          g->all.n_samples, g->options->pair, (long long)r->skipped[0].n, r->skipped[0].reason);
    return STATUS_OK;
}

static Status evaluate(Gap *g)
{
    TRY(word_pair_open(g->model.vocabulary, g->options->pair, &g->pair));
    TRY(read_sentences(g));
    TRY(read_words(g));
    count_skipped(g);
    TRY(check_scored(g));
    const size_t most = (size_t)SAMPLES * (size_t)g->model.longest;
    g->row = memory_alloc(2 * most, sizeof *g->row);
    g->label = g->row + most;
    g->x = memory_alloc(HEAD_ROWS * (size_t)g->model.params.config.hidden, sizeof *g->x);
    TRY(run_passes(g));
    add_gap_metrics(g);
    add_items(g);
    result_add(g->result, "loss", g->n_labels ? g->loss / (double)g->n_labels : (double)NAN);
    if (!g->n_labels)
        log_line("%s: too short for a mask at every %dth piece: no loss (-)", g->options->data, MASK_EVERY);
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
    free(g.sentence);
    free(g.row);
    free(g.x);
    word_pair_close(&g.pair);
    sample_pack_free(&g.all);
    wordlist_free(&g.words);
    arena_close(&g.arena);
    model_close(&g.model);
    return status;
}
