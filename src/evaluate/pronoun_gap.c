/* pronoun_gap.c: up to three sequences of a sentence: pair masked, every tenth piece masked, nothing masked. */
#include "evaluate/pronoun_gap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/collapse.h"
#include "analysis/statistics.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/wordlist.h"
#include "evaluate/recognise.h"
#include "evaluate/word_pair.h"
#include "objectives/pairing.h"

enum { MASK_EVERY = 10, RESAMPLES = 10000 };

typedef struct {
    const char *words, *pair;
    Pairing pairing;
    int compat; /* 1: fnc */
} Options;

static const Setting keys[] = {
    {"words", SETTING_PATH, "", "", 0, 0, offsetof(Options, words), "pronoun-gap: word list for nc3 and unc3"},
    PAIRING_MEASURES(Options, pairing, compat),
    {"pair", SETTING_TEXT, "he,she", "", 0, 0, offsetof(Options, pair),
     "pronoun-gap: the two words that are compared; with a capital and in capitals too"},
};

/* Why a sentence is not scored, beside what word_pair_find says. */
enum { CUT = N_PAIR_FINDINGS, N_FINDINGS };

typedef struct {
    int64_t row;    /* record of the file, from 0 */
    int finding;    /* PairFinding, or CUT */
    int form, side; /* of the pair's word, if found */
    int64_t answer; /* the first of two: logits of the pair's words at its place */
    char *text;     /* owned: its beginning */
    double gap,
        correct; /* NaN: not scored; correct: 1 if the text's own word is preferred, 0 if the other, 0.5 if neither */
} Sentence;

typedef struct {
    const Options *options;
    const Vocabulary *vocabulary;
    Pairing pairing; /* as resolved for this model */
    WordList words;
    WordPair pair;
    SamplePack one;     /* the sentence at hand */
    Sentence *sentence; /* owned [n] */
    size_t n, capacity;
    int64_t n_pieces; /* of the sentences before: every tenth piece of the file is masked */
    ClassMeans means;
    Arena arena; /* class means and measure */
    Collapse measure;
} Gap;

/* --- sentences -------------------------------------------------------------------------------------- */

/* Does a state at place t of the sentence belong to a class, as the text stands? -1: no. */
static int class_at(const Gap *g, int t)
{
    const int next = t + (g->pairing.align == ALIGN_SHIFT);
    return next < (int)g->one.id.n ? wordlist_class(&g->words, g->one.id.id[next]) : -1;
}

/* The sentence as it is, for the class means. */
static void ask_states(Gap *g, int64_t line, Queries *q)
{
    const int n = (int)g->one.id.n;
    bool any = false;
    for (int t = 0; t < n && !any; t++) any = class_at(g, t) >= 0;
    if (!any) return;
    queries_add(q, n, g->one.id.id, g->one.kind.id, line);
    for (int t = 0; t < n; t++)
        if (class_at(g, t) >= 0) queries_ask(q, ASK_STATE, t, class_at(g, t));
}

static void ask_pair(Gap *g, int64_t line, int place, Sentence *s, Queries *q)
{
    queries_add(q, (int)g->one.id.n, g->one.id.id, g->one.kind.id, line);
    queries_replace(q, place, vocabulary_special(g->vocabulary, SPECIAL_MASK));
    s->answer = queries_ask(q, ASK_LOGIT, place, g->pair.form[s->form].id[0]);
    queries_ask(q, ASK_LOGIT, place, g->pair.form[s->form].id[1]);
}

static bool is_masked(const Gap *g, int t)
{
    return (g->n_pieces + t) % MASK_EVERY == MASK_EVERY - 1 && !vocabulary_is_special(g->vocabulary, g->one.id.id[t]);
}

/* Every tenth piece masked, for the loss, and with nc-align = masked for the class means. */
static void ask_loss(Gap *g, int64_t line, Queries *q)
{
    const int n = (int)g->one.id.n;
    bool any = false;
    for (int t = 0; t < n && !any; t++) any = is_masked(g, t);
    if (!any) return;
    queries_add(q, n, g->one.id.id, g->one.kind.id, line);
    for (int t = 0; t < n; t++) {
        if (!is_masked(g, t)) continue;
        const int true_id = g->one.id.id[t], class = wordlist_class(&g->words, true_id);
        queries_replace(q, t, vocabulary_special(g->vocabulary, SPECIAL_MASK));
        queries_ask(q, ASK_LOG_P, t, true_id);
        if (g->words.n && g->pairing.align == ALIGN_MASKED && class >= 0) queries_ask(q, ASK_STATE, t, class);
    }
}

static Status add_sentence(Gap *g, const SampleRules *rules, const Table *table, Slice text, Queries *q)
{
    memory_reserve((void **)&g->sentence, &g->capacity, g->n + 1, sizeof *g->sentence);
    Sentence *s = &g->sentence[g->n++];
    *s = (Sentence){.row = table->record, .text = result_keep_text(text), .gap = (double)NAN, .correct = (double)NAN};
    s->finding = (int)word_pair_find(&g->pair, text, &s->form, &s->side);
    sample_pack_clear(&g->one);
    TRY(sample_pack_add(rules, text, table->line, &g->one));
    if (g->words.n && g->pairing.align != ALIGN_MASKED) ask_states(g, table->line, q);
    if (s->finding == PAIR_FOUND) {
        const int place = word_pair_place(&g->pair, s->form, s->side, (int)g->one.id.n, g->one.id.id);
        if (place < 0) s->finding = CUT;
        else ask_pair(g, table->line, place, s, q);
    }
    ask_loss(g, table->line, q);
    g->n_pieces += (int64_t)g->one.id.n;
    return STATUS_OK;
}

static Status add_sentences(TaskRun *run, Table *table)
{
    Gap *g = run->own;
    int place;
    TRY(table_want(table, run->column, &place));
    if (table_is_text(table) && run->format == FORMAT_AUTO)
        TRY(recognise_refuse_other(run->task, run->data, (Slice){table->data, table->length}));
    const SampleRules rules = {.vocabulary = g->vocabulary,
                               .max_length = bert_config_positions(&run->model.config),
                               .types = run->model.config.types,
                               .has_pairs = table_is_text(table),
                               .name = run->data};
    for (bool more;;) {
        TRY(table_next(table, &more));
        if (!more) break;
        if (slice_trim(table->field[place]).length)
            TRY(add_sentence(g, &rules, table, table->field[place], &run->queries));
    }
    CHECK(g->n > 0, STATUS_DATA, "%s: holds no sentence", run->data);
    char *remark = table_remark(table);
    if (remark) log_line("%s", remark);
    free(remark);
    return STATUS_OK;
}

static Status read_sentences(TaskRun *run)
{
    Table table;
    TRY(table_open(run->data, run->format, &table));
    Status status = add_sentences(run, &table);
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

static void count_skipped(const Gap *g, EvaluationResult *r)
{
    int64_t n[N_FINDINGS] = {0};
    for (size_t s = 0; s < g->n; s++) n[g->sentence[s].finding]++;
    char *none = memory_print("no word of the pair '%s'", g->options->pair),
         *several = memory_print("more than one word of the pair '%s'", g->options->pair), *forms = unusable_forms(g);
    r->n_items = n[PAIR_FOUND];
    result_skip(r, none, n[PAIR_NONE]);
    result_skip(r, several, n[PAIR_SEVERAL]);
    result_skip(r, forms, n[PAIR_PIECES]);
    result_skip(r, "the word of the pair stands behind what the model reads", n[CUT]);
    free(none), free(several), free(forms);
}

/* --- answers ---------------------------------------------------------------------------------------- */

static void take_answers(Gap *g, const Queries *q, const char *data)
{
    int64_t ties = 0;
    for (size_t i = 0; i < g->n; i++) {
        Sentence *s = &g->sentence[i];
        if (s->finding != PAIR_FOUND) continue;
        s->gap = q->answer[s->answer] - q->answer[s->answer + 1]; /* the normaliser of softmax cancels */
        s->correct = s->gap == 0 ? 0.5 : (s->gap > 0) == (s->side == 0);
        ties += s->gap == 0;
    }
    if (ties) log_line("%s: %lld sentences prefer neither word: half correct each", data, (long long)ties);
}

static void add_loss(const TaskRun *run)
{
    const Queries *q = &run->queries;
    double sum = 0;
    int64_t n = 0;
    for (int64_t a = 0; a < q->n_asks; a++)
        if (q->ask[a].kind == ASK_LOG_P) sum -= q->answer[a], n++;
    result_add(run->result, "loss", n ? sum / (double)n : (double)NAN);
    if (!n) log_line("%s: too short for a mask at every %dth piece: no loss (-)", run->data, MASK_EVERY);
}

/* --- metrics ---------------------------------------------------------------------------------------- */

static void add_gap_metrics(const Gap *g, EvaluationResult *r)
{
    const int scored = (int)r->n_items;
    double *gap = memory_alloc(3 * (size_t)scored, sizeof *gap), *size = gap + scored, *correct = size + scored;
    for (size_t s = 0, i = 0; s < g->n; s++) {
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

static void add_items(Gap *g, EvaluationResult *r)
{
    const size_t n = g->n;
    double *gap = memory_alloc(n, sizeof *gap), *correct = memory_alloc(n, sizeof *correct);
    char **text = memory_alloc(n, sizeof *text);
    r->n_rows = (int64_t)n;
    r->row = memory_alloc(n, sizeof *r->row);
    r->is_skipped = memory_alloc(n, sizeof *r->is_skipped);
    for (size_t s = 0; s < n; s++) {
        gap[s] = g->sentence[s].gap;
        correct[s] = g->sentence[s].correct;
        r->row[s] = g->sentence[s].row;
        r->is_skipped[s] = g->sentence[s].finding != PAIR_FOUND;
        text[s] = g->sentence[s].text;
        g->sentence[s].text = NULL;
    }
    result_add_field(r, "gap", gap);
    result_add_field(r, "correct", correct);
    result_add_texts(r, "text", text);
}

static void add_duality_metrics(TaskRun *run)
{
    Gap *g = run->own;
    EvaluationResult *r = run->result;
    double mean, deviation;
    collapse_gather(&g->means, g->words.id, run->model.params.w.decoder, &g->measure);
    collapse_duality(&g->measure, &mean, &deviation);
    result_add(r, "nc3", mean);
    result_add(r, "unc3", deviation);
    result_add(r, "nc_classes", g->measure.n_active);
    if (g->measure.n_directed < 2)
        log_line(
            "%s: %d of the %d classes of %s are met, %d with a direction; nc3 and unc3 compare two: not measured (-)",
            r->model, g->measure.n_active, g->words.n, g->options->words, g->measure.n_directed);
}

static void lay_out(Gap *g, int hidden)
{
    class_means_init(&g->arena, g->words.n, hidden, &g->means);
    collapse_init(&g->arena, g->words.n, hidden, &g->measure);
}

static Status read_words(TaskRun *run)
{
    Gap *g = run->own;
    if (!g->options->words[0]) return STATUS_OK;
    TRY(wordlist_read(g->options->words, g->vocabulary, (PieceRule)g->pairing.pieces, &g->words));
    lay_out(g, run->model.config.hidden);
    arena_open(&g->arena);
    lay_out(g, run->model.config.hidden);
    return STATUS_OK;
}

static Status check_scored(const TaskRun *run)
{
    const Gap *g = run->own;
    const EvaluationResult *r = run->result;
    CHECK(r->n_items > 0, STATUS_DATA,
          "%s: none of the %zu sentences holds exactly one of '%s' that can be scored; %lld: %s", run->data, g->n,
          g->options->pair, (long long)r->skipped[0].n, r->skipped[0].reason);
    return STATUS_OK;
}

/* --- hooks ------------------------------------------------------------------------------------------ */

static Status check(const void *options, const char *metrics)
{
    const Options *o = options;
    CHECK(o->words[0] || !strstr(metrics, "nc"), STATUS_USAGE, "metrics: '%s': nc3, unc3 and nc_classes need --words",
          metrics);
    return STATUS_OK;
}

static Status begin(const Comm *comm, TaskRun *run)
{
    Gap *g = run->own;
    g->options = run->options;
    g->vocabulary = run->model.vocabulary;
    g->pairing = g->options->pairing;
    if (g->options->words[0])
        TRY(pairing_resolve(comm, run->in_memory ? NULL : run->model_path, g->options->compat == 1, run->settings,
                            &g->options->pairing, &g->pairing));
    run->queries.wants_hidden = g->pairing.space == SPACE_HIDDEN;
    return STATUS_OK;
}

static Status read_all(TaskRun *run)
{
    Gap *g = run->own;
    TRY(word_pair_open(g->vocabulary, g->options->pair, &g->pair));
    TRY(read_words(run));
    TRY(read_sentences(run));
    count_skipped(g, run->result);
    return check_scored(run);
}

static void add_states(TaskRun *run, int n, const real *x, const int *class)
{
    Gap *g = run->own;
    class_means_add(&g->means, n, x, class);
}

static Status aggregate(TaskRun *run)
{
    Gap *g = run->own;
    take_answers(g, &run->queries, run->data);
    add_gap_metrics(g, run->result);
    add_items(g, run->result);
    add_loss(run);
    if (g->words.n) add_duality_metrics(run);
    return STATUS_OK;
}

static void close_gap(TaskRun *run)
{
    Gap *g = run->own;
    for (size_t i = 0; i < g->n; i++) free(g->sentence[i].text);
    free(g->sentence);
    word_pair_close(&g->pair);
    sample_pack_free(&g->one);
    wordlist_free(&g->words);
    arena_close(&g->arena);
}

static void measures(const EvaluationResult *items, Measures *m)
{
    const double *gap = result_numbers(items, "gap");
    double *size = memory_alloc((size_t)items->n_rows + 1, sizeof *size);
    for (int64_t i = 0; i < items->n_rows; i++) size[i] = fabs(gap[i]);
    m->unit = "sentence";
    measures_add_mean(m, "gap.abs", size);
    measures_add_mean(m, "gap.signed", gap);
    measures_add_mean(m, "accuracy", result_numbers(items, "correct"));
    free(size);
}

static const char *const metric[] = {"gap.abs", "gap.signed", "accuracy", "loss", "nc3", "unc3", "nc_classes", NULL};

static const char *const headline[] = {"gap.abs", "gap.signed", "accuracy", "loss", NULL};

const Task task_pronoun_gap = {
    .name = "pronoun-gap",
    .summary = "how far the model prefers one word of a pair in the same place",
    .help = "sentences with exactly one word of the pair (he, He, HE); that word is masked. Others are skipped.\n"
            "  gap.abs     mean |ln p(he) - ln p(she)|; 0 = no preference\n"
            "  gap.signed  mean of ln p(he) - ln p(she); > 0 leans to the first word\n"
            "  accuracy    share of sentences whose own word is preferred; half if neither is\n"
            "  loss        masked-LM loss, every tenth piece masked\n"
            "  nc3, unc3   mean and standard deviation of cos(class mean, word embedding), with --words\n"
            "  nc_classes  classes of the list that the sentences hold\n",
    .key = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .options_bytes = sizeof(Options),
    .own_bytes = sizeof(Gap),
    .headline = headline,
    .metric = metric,
    .check = check,
    .begin = begin,
    .read = read_all,
    .visit = add_states,
    .aggregate = aggregate,
    .measures = measures,
    .close = close_gap,
};
