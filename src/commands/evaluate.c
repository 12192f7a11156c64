/* evaluate.c: a task on one model (table or JSON), or the same task on several models side by side. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "commands/command.h"
#include "evaluate/pronoun_gap.h"
#include "io/output.h"
#include "io/table.h"
#include "train/runtime.h"

typedef struct {
    int task;
    const char *data, *text_column, *output, *words, *pair, *metrics;
    int format;
    Pairing pairing;
    int compat; /* 1: fnc */
    bool json, overwrite;
    int64_t threads;
} Options;

static const Setting table[] = {
    {"task", SETTING_CHOICE, "", "pronoun-gap", 0, 0, offsetof(Options, task), "what to measure"},
    {"data", SETTING_PATH, "", "", 0, 0, offsetof(Options, data),
     "the task's file (pronoun-gap: one sentence per line, or per row of a table)"},
    {"format", SETTING_CHOICE, "auto", TABLE_FORMATS, 0, 0, offsetof(Options, format), TABLE_FORMAT_HELP},
    {"text-column", SETTING_TEXT, TABLE_COLUMN, "", 0, 0, offsetof(Options, text_column),
     "of a table: the column that holds the text"},
    {"json", SETTING_SWITCH, "no", "", 0, 0, offsetof(Options, json),
     "print exactly one JSON object instead of a table"},
    {"output", SETTING_PATH, "", "", 0, 0, offsetof(Options, output),
     "SCORES.h5: the score of every item (one model only)"},
    {"overwrite", SETTING_SWITCH, "no", "", 0, 0, offsetof(Options, overwrite), OUTPUT_OVERWRITE_HELP},
    {"words", SETTING_PATH, "", "", 0, 0, offsetof(Options, words), "pronoun-gap: word list for nc3 and unc3"},
    PAIRING_MEASURES(Options, pairing, compat),
    {"pair", SETTING_TEXT, "he,she", "", 0, 0, offsetof(Options, pair),
     "pronoun-gap: the two words that are compared; with a capital and in capitals too"},
    {"metrics", SETTING_TEXT, "", "", 0, 0, offsetof(Options, metrics),
     "columns of the table, separated by commas; all if not given (items and skipped always)"},
    {"threads", SETTING_INTEGER, "0", "", 0, 4096, offsetof(Options, threads), "0 = share the cores"},
};
enum { N_KEYS = sizeof table / sizeof table[0] };

static bool is_shown(const char *list, const char *name)
{
    Slice rest = slice_of(list), field;
    if (!list[0]) return true;
    while (slice_next_field(&rest, ',', &field))
        if (slice_is(slice_trim(field), name)) return true;
    return false;
}

/* Is every column that is asked for one of the task's? A misspelt one would be an empty table. */
static Status check_metrics(const char *list, bool has_words)
{
    static const char *const name[] = {PRONOUN_GAP_METRICS};
    enum { N = sizeof name / sizeof name[0] };
    Slice rest = slice_of(list), field;
    Status status = STATUS_OK;
    while (list[0] && !status && slice_next_field(&rest, ',', &field)) {
        char *wanted = slice_copy(slice_trim(field));
        bool found = false;
        for (int i = 0; i < N; i++) found = found || strcmp(wanted, name[i]) == 0;
        const char *nearest = text_nearest(wanted, name, N);
        if (!found)
            status = status_set(STATUS_USAGE, __FILE__, __LINE__, "metrics: '%s' is no measure of this task%s%s%s",
                                wanted, nearest ? "; did you mean '" : "; without --metrics all are shown",
                                nearest ? nearest : "", nearest ? "'?" : "");
        else if (!has_words && strstr(wanted, "nc"))
            status = status_set(STATUS_USAGE, __FILE__, __LINE__, "metrics: '%s' needs --words", wanted);
        free(wanted);
    }
    return status;
}

static void print_row(const EvaluationResult *r, const char *metrics, bool header)
{
    enum { WIDTH = 12 };
    char text[RESULT_TEXT];
    if (header) {
        printf("%-32s", "model");
        for (size_t i = 0; i < r->n_metrics; i++)
            if (is_shown(metrics, r->metric[i].name)) printf(" %*s", WIDTH, r->metric[i].name);
        printf(" %*s %*s\n", WIDTH, "items", WIDTH, "skipped");
    }
    printf("%-32s", r->model);
    for (size_t i = 0; i < r->n_metrics; i++)
        if (is_shown(metrics, r->metric[i].name)) printf(" %*s", WIDTH, result_text("%.4f", r->metric[i].value, text));
    printf(" %*lld %*lld\n", WIDTH, (long long)r->n_items, WIDTH, (long long)r->n_skipped);
}

static Status show(const Options *o, const EvaluationResult *r, bool first, const char *command_line)
{
    if (o->json) {
        char *text = result_json(r);
        printf("%s\n", text);
        free(text);
    } else {
        print_row(r, o->metrics, first);
    }
    result_log_skipped(r);
    return o->output[0] ? result_write(r, o->output, command_line) : STATUS_OK;
}

static Status evaluate_models(const Comm *comm, const Settings *settings, const Options *o, const char *command_line)
{
    for (int i = 0; i < settings->n_operands; i++) {
        EvaluationResult result = {0};
        PronounGapOptions gap = {.data = o->data,
                                 .format = o->format,
                                 .column = o->text_column,
                                 .words = o->words,
                                 .pair = o->pair,
                                 .pairing = o->pairing};
        Status status = STATUS_OK;
        if (o->words[0])
            status = pairing_resolve(comm, settings->operand[i], o->compat == 1, settings, &o->pairing, &gap.pairing);
        if (!status) status = pronoun_gap_evaluate(comm, settings->operand[i], &gap, &result);
        if (!status && comm->rank == 0) status = show(o, &result, i == 0, command_line);
        result_free(&result);
        TRY(comm_agree(comm, status));
    }
    return STATUS_OK;
}

static Status check(const Settings *settings, const Options *o)
{
    CHECK(settings_is_given(settings, "task"), STATUS_USAGE, "evaluate needs --task; one of: pronoun-gap");
    CHECK(o->data[0], STATUS_USAGE, "evaluate needs --data=FILE");
    CHECK(settings->n_operands == 1 || (!o->json && !o->output[0]), STATUS_USAGE,
          "--json and --output go with one model, not with %d", settings->n_operands);
    return check_metrics(o->metrics, o->words[0]);
}

static Status check_output(const Comm *comm, const char *model, const Options *o)
{
    static const OutputKind kind = {"a file of collapse evaluate", "collapse-scores", NULL, false};
    const Input inputs[] = {{"the model", model}, {"--data", o->data}, {"--words", o->words}};
    const bool asks = comm->rank == 0 && o->output[0];
    return comm_agree(comm, asks ? output_check("--output", o->output, &kind, o->overwrite, inputs, 3) : STATUS_OK);
}

static Status run(int argc, char **argv)
{
    const Comm *comm = command_comm();
    Settings settings;
    Options options;
    Status status = command_read(table, N_KEYS, argc, argv, 1, true, "a MODEL.h5", &settings, &options);
    if (!status) status = check(&settings, &options);
    status = command_agree(&settings, status);
    if (!status) status = check_output(comm, settings.operand[0], &options);
    if (!status) {
        char *line = command_line_text(argc, argv);
        status = runtime_init(comm, (int)options.threads, &(GemmChoice){0}, true);
        if (!status) status = evaluate_models(comm, &settings, &options, line); /* more ranks do not help yet */
        free(line);
    }
    settings_free(&settings);
    return status;
}

static void help(void)
{
    printf(
        "pronoun-gap: sentences with exactly one word of the pair (he, He, HE); that word is masked. Others are "
        "skipped.\n"
        "  gap.abs     mean |ln p(he) - ln p(she)|; 0 = no preference\n"
        "  gap.signed  mean of ln p(he) - ln p(she); > 0 leans to the first word\n"
        "  accuracy    share of sentences whose own word is preferred; half if neither is\n"
        "  loss        masked-LM loss, every tenth piece masked\n"
        "  nc3, unc3   mean and standard deviation of cos(class mean, word embedding), with --words\n"
        "  nc_classes  classes of the list that the sentences hold\n"
        "A dash: not measured, with the reason on standard error. Intervals (--json, --output) need five items.\n\n");
    settings_help(table, N_KEYS);
}

const Command command_evaluate = {"evaluate",
                                  "collapse evaluate MODEL.h5... --task=T --data=FILE [--json] [--output=SCORES.h5]",
                                  "measure a model; several models make one table",
                                  run,
                                  help,
                                  true,
                                  false};
