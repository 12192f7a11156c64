/* perplexity.c: every line in three forms (evaluate/sentence_scores). */
#include "evaluate/perplexity.h"

#include <math.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "evaluate/recognise.h"
#include "evaluate/sentence_scores.h"

typedef struct {
    int64_t row;
    SentenceAsk ask; /* empty: skipped */
    char *text;      /* owned: its beginning */
} Line;

typedef struct {
    Line *line; /* owned [n] */
    size_t n, capacity;
    int64_t unknown; /* pieces */
} Lines;

static void add_line(TaskRun *run, const Table *table, Slice text)
{
    Lines *l = run->own;
    const Vocabulary *v = run->model.vocabulary;
    memory_reserve((void **)&l->line, &l->capacity, l->n + 1, sizeof *l->line);
    Line *line = &l->line[l->n++];
    *line = (Line){.row = table->record, .text = result_keep_text(text)};
    if (!sentence_read(v, text, bert_config_positions(&run->model.config), &line->ask)) return;
    sentence_ask(v, table->line, &line->ask, &run->queries);
    l->unknown += sentence_unknown(v, &line->ask);
    run->result->n_items++;
}

static Status add_lines(TaskRun *run, Table *table)
{
    int place;
    TRY(table_want(table, run->column, &place));
    if (table_is_text(table) && run->format == FORMAT_AUTO)
        TRY(recognise_refuse_other(run->task, run->data, (Slice){table->data, table->length}));
    for (bool more;;) {
        TRY(table_next(table, &more));
        if (!more) break;
        if (slice_trim(table->field[place]).length) add_line(run, table, table->field[place]);
    }
    return STATUS_OK;
}

static Status read_lines(TaskRun *run)
{
    Lines *l = run->own;
    Table table;
    TRY(table_open(run->data, run->format, &table));
    Status status = add_lines(run, &table);
    table_close(&table);
    TRY(status);
    CHECK(run->result->n_items > 0, STATUS_DATA, "%s: holds no text that can be scored (%zu lines with text)",
          run->data, l->n);
    result_skip(run->result, "a text without pieces, or with more than the model reads",
                (int64_t)l->n - run->result->n_items);
    return STATUS_OK;
}

static void add_metrics(const TaskRun *run, const double *const x[4], const double *pieces, int n)
{
    EvaluationResult *r = run->result;
    double sum[4] = {0}, n_pieces = 0;
    for (int i = 0; i < n; i++) {
        if (isnan(pieces[i])) continue;
        sum[0] += x[0][i], sum[1] += x[1][i], sum[2] += x[2][i] * pieces[i], sum[3] += x[3][i] * pieces[i];
        n_pieces += pieces[i];
    }
    const Lines *l = run->own;
    result_add(r, "pppl", exp(-sum[0] / n_pieces));
    result_add(r, "pppl_l2r", exp(-sum[1] / n_pieces));
    result_add(r, "pll", sum[0] / (double)r->n_items);
    result_add(r, "pll_l2r", sum[1] / (double)r->n_items);
    result_add(r, "aul", sum[2] / n_pieces);
    result_add(r, "aula", sum[3] / n_pieces);
    result_add(r, "pieces", n_pieces);
    result_add(r, "unknown", (double)l->unknown);
}

static Status aggregate(TaskRun *run)
{
    Lines *l = run->own;
    EvaluationResult *r = run->result;
    static const char *const name[] = {"pll", "pll_l2r", "aul", "aula", "pieces"};
    double *x[5];
    char **text = memory_alloc(l->n, sizeof *text);
    for (int k = 0; k < 5; k++) x[k] = memory_alloc(l->n, sizeof **x);
    r->n_rows = (int64_t)l->n;
    r->row = memory_alloc(l->n, sizeof *r->row);
    r->is_skipped = memory_alloc(l->n, sizeof *r->is_skipped);
    for (size_t i = 0; i < l->n; i++) {
        Line *line = &l->line[i];
        for (int k = 0; k < 5; k++) x[k][i] = (double)NAN;
        r->row[i] = line->row;
        r->is_skipped[i] = line->ask.n == 0;
        text[i] = line->text, line->text = NULL;
        if (r->is_skipped[i]) continue;
        const SentenceScores s = sentence_scores(run->model.vocabulary, &line->ask, &run->queries);
        const int pieces = line->ask.n - 2;
        x[0][i] = s.pll, x[1][i] = s.l2r, x[2][i] = s.aul, x[3][i] = s.aula, x[4][i] = pieces;
    }
    add_metrics(run, (const double *const *)x, x[4], (int)l->n);
    for (int k = 0; k < 5; k++) result_add_field(r, name[k], x[k]);
    result_add_texts(r, "text", text);
    return STATUS_OK;
}

static void close_lines(TaskRun *run)
{
    Lines *l = run->own;
    for (size_t i = 0; i < l->n; i++) sentence_free(&l->line[i].ask), free(l->line[i].text);
    free(l->line);
}

static double perplexity_of(const double *sum)
{
    return exp(-measure_ratio(sum));
}

/* Over pieces: of x, a sum over the pieces of a text (or, with is_mean, a mean). */
static void add_over_pieces(const EvaluationResult *items, const char *name, const char *field, bool is_mean,
                            MeasureOf of, Measures *m)
{
    const double *x = result_numbers(items, field), *pieces = result_numbers(items, "pieces");
    Measure *measure = measures_add(m, name, 2, of);
    for (int64_t i = 0; i < items->n_rows; i++)
        measure->x[0][i] = x[i] * (is_mean ? pieces[i] : 1), measure->x[1][i] = pieces[i];
}

static void measures(const EvaluationResult *items, Measures *m)
{
    m->unit = "text";
    add_over_pieces(items, "pppl", "pll", false, perplexity_of, m);
    add_over_pieces(items, "pppl_l2r", "pll_l2r", false, perplexity_of, m);
    measures_add_mean(m, "pll", result_numbers(items, "pll"));
    measures_add_mean(m, "pll_l2r", result_numbers(items, "pll_l2r"));
    add_over_pieces(items, "aul", "aul", true, measure_ratio, m);
    add_over_pieces(items, "aula", "aula", true, measure_ratio, m);
}

static const char *const metric[] = {"pppl", "pppl_l2r", "pll", "pll_l2r", "aul", "aula", "pieces", "unknown", NULL};

static const char *const headline[] = {"pppl", NULL};

const Task task_perplexity = {
    .name = "perplexity",
    .summary = "pseudo-perplexity of plain text: is it still a language model?",
    .help = "one text per line, or per row of a table.\n"
            "  pppl      exp(-mean ln p(piece)), every piece masked once, over all pieces; lower is better\n"
            "  pppl_l2r  the same, the later pieces of a word masked with it\n"
            "  pll       mean over texts of the sum of ln p(piece); pll_l2r likewise\n"
            "  aul       mean ln p(piece), nothing masked; aula: each weighted with the attention it receives\n"
            "  pieces    that were scored; unknown: of these, unknown to the vocabulary\n",
    .own_bytes = sizeof(Lines),
    .headline = headline,
    .metric = metric,
    .read = read_lines,
    .aggregate = aggregate,
    .measures = measures,
    .close = close_lines,
};
