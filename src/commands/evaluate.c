/* evaluate.c: a task on one model (table or JSON), or the same task on several models side by side. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "commands/command.h"
#include "commands/evaluate_all.h"
#include "commands/scores_files.h"
#include "evaluate/recognise.h"
#include "evaluate/task.h"
#include "io/table.h"
#include "train/runtime.h"

typedef struct {
    const char *task_name, *data, *text_column, *output, *metrics, *compare;
    int format;
    bool json, overwrite;
    RuntimeOptions runtime;
    const Task *task;                                   /* NULL: all */
    _Alignas(double) char of_tasks[TASK_OPTIONS_BYTES]; /* the tasks' own keys */
} Options;

static const Setting common[] = {
    {"task", SETTING_TEXT, "", "", 0, 0, offsetof(Options, task_name),
     "what to measure: one of the tasks above, or all: what a folder of data offers"},
    {"data", SETTING_PATH, "", "", 0, 0, offsetof(Options, data), "the task's file: text, or a table"},
    {"format", SETTING_CHOICE, "auto", TABLE_FORMATS, 0, 0, offsetof(Options, format), TABLE_FORMAT_HELP},
    {"text-column", SETTING_TEXT, TABLE_COLUMN, "", 0, 0, offsetof(Options, text_column),
     "of a table: the column that holds the text"},
    {"json", SETTING_SWITCH, "no", "", 0, 0, offsetof(Options, json),
     "print exactly one JSON object instead of a table"},
    {"output", SETTING_PATH, "", "", 0, 0, offsetof(Options, output),
     "SCORES.h5: the score of every item (one model only); with task = all a folder of such files"},
    {"overwrite", SETTING_SWITCH, "no", "", 0, 0, offsetof(Options, overwrite), OUTPUT_OVERWRITE_HELP},
    {"metrics", SETTING_TEXT, "", "", 0, 0, offsetof(Options, metrics),
     "columns of the table, separated by commas; all if not given (items and skipped always)"},
    {"compare", SETTING_PATH, "", "", 0, 0, offsetof(Options, compare),
     "OTHER.h5 that --output wrote for another model on the same data: the differences, item by item, with intervals; "
     "with task = all the folder"},
    RUNTIME_KEYS(offsetof(Options, runtime)),
};
enum { N_COMMON = sizeof common / sizeof common[0], MOST_KEYS = 64 };

/* The common keys, then those of all tasks with their places in Options. */
static const Setting *join_table(int *n)
{
    static Setting table[MOST_KEYS];
    const Task *task;
    *n = 0;
    for (int i = 0; i < N_COMMON; i++) table[(*n)++] = common[i];
    for (int i = 0; (task = task_at(i)); i++)
        for (int k = 0; k < task->n_keys; k++) {
            if (*n == MOST_KEYS) status_abort(__FILE__, __LINE__, "more than %d keys", MOST_KEYS);
            table[*n] = task->key[k];
            table[(*n)++].offset += offsetof(Options, of_tasks) + task_options_at(task);
        }
    return table;
}

static const void *options_of(const Options *o)
{
    return o->of_tasks + task_options_at(o->task);
}

static bool is_shown(const char *list, const char *name)
{
    Slice rest = slice_of(list), field;
    if (!list[0]) return true;
    while (slice_next_field(&rest, ',', &field))
        if (slice_is(slice_trim(field), name)) return true;
    return false;
}

/* Is every column that is asked for one of the task's? A misspelt one would be an empty table. */
static Status check_metrics(const char *list, const char *const *name)
{
    Slice rest = slice_of(list), field;
    Status status = STATUS_OK;
    int n = 0;
    while (name && name[n]) n++;
    while (n && list[0] && !status && slice_next_field(&rest, ',', &field)) {
        char *wanted = slice_copy(slice_trim(field));
        bool found = false;
        for (int i = 0; i < n; i++) found = found || strcmp(wanted, name[i]) == 0;
        const char *nearest = text_nearest(wanted, name, n);
        if (!found)
            status = status_set(STATUS_USAGE, __FILE__, __LINE__, "metrics: '%s' is no measure of this task%s%s%s",
                                wanted, nearest ? "; did you mean '" : "; without --metrics all are shown",
                                nearest ? nearest : "", nearest ? "'?" : "");
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
    printf("%-32s", r->model ? r->model : "-");
    for (size_t i = 0; i < r->n_metrics; i++)
        if (is_shown(metrics, r->metric[i].name)) printf(" %*s", WIDTH, result_text("%.4f", r->metric[i].value, text));
    printf(" %*lld %*lld\n", WIDTH, (long long)r->n_items, WIDTH, (long long)r->n_skipped);
}

/* The other model's metrics beside this one's. */
static void print_comparison(const Comparison *c, const char *metrics)
{
    enum { WIDTH = 12 };
    static const char *const column[] = {"this", "other", "difference", "low", "high"};
    char text[RESULT_TEXT];
    printf("\n%-28s", "compare");
    for (size_t k = 0; k < sizeof column / sizeof column[0]; k++) printf(" %*s", WIDTH, column[k]);
    printf(" %*s %*s\n", WIDTH, "p", WIDTH, "units");
    for (size_t k = 0; k < c->n; k++) {
        const Difference *d = &c->difference[k];
        const double value[] = {d->here, d->there, d->difference, d->low, d->high, d->p};
        if (!is_shown(metrics, d->name)) continue;
        printf("%-28s", d->name);
        for (size_t j = 0; j < sizeof value / sizeof value[0]; j++)
            printf(" %*s", WIDTH, result_text("%.4f", value[j], text));
        printf(" %*lld\n", WIDTH, (long long)d->n_units);
    }
    printf("other: %s (%s); 95 %% intervals and p from %d resamples of each %s\n", c->model, c->other,
           COMPARE_RESAMPLES, c->unit);
}

static Status show(const Options *o, const EvaluationResult *r, bool first, const char *command_line)
{
    if (o->json) {
        char *text = result_json(r);
        printf("%s\n", text);
        free(text);
    } else {
        print_row(r, o->metrics, first);
        if (r->comparison) print_comparison(r->comparison, o->metrics);
    }
    result_log_skipped(r);
    return o->output[0] ? result_write(r, o->output, command_line) : STATUS_OK;
}

static Status evaluate_models(const Comm *comm, const Settings *settings, const Options *o, const char *command_line)
{
    for (int i = 0; i == 0 || i < settings->n_operands; i++) {
        EvaluationResult result = {0};
        TaskRun task = {.task = o->task,
                        .options = options_of(o),
                        .settings = settings,
                        .model_path = settings->n_operands ? settings->operand[i] : NULL,
                        .data = o->data,
                        .format = (TableFormat)o->format,
                        .column = o->text_column,
                        .compare = o->compare[0] ? o->compare : NULL};
        Status status = task_run(comm, &task, &result);
        if (!status && comm->rank == 0) status = show(o, &result, i == 0, command_line);
        result_free(&result);
        TRY(comm_agree(comm, status));
    }
    return STATUS_OK;
}

/* A key of another task says nothing here. */
static Status check_owners(const Settings *settings, const Task *chosen)
{
    const Task *task;
    for (int i = 0; (task = task_at(i)); i++)
        for (int k = 0; task != chosen && k < task->n_keys; k++)
            CHECK(!settings_is_given(settings, task->key[k].name), STATUS_USAGE,
                  "%s is a key of task %s, but task = %s", task->key[k].name, task->name, chosen->name);
    return STATUS_OK;
}

static Status check_one_model(const Settings *settings, const Options *o)
{
    CHECK(settings->n_operands <= 1 || (!o->json && !o->output[0] && !o->compare[0]), STATUS_USAGE,
          "--json, --output and --compare go with one model, not with %d", settings->n_operands);
    return STATUS_OK;
}

/* All tasks with their own keys; what belongs to one file does not go with it. */
static Status check_all(const Settings *settings, const Options *o)
{
    static const char *const single[] = {"format", "text-column", "metrics"};
    CHECK(settings->n_operands > 0, STATUS_USAGE, "evaluate needs a MODEL.h5; see collapse evaluate --help");
    CHECK(o->data[0], STATUS_USAGE, "task = all needs --data=FOLDER");
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++)
        CHECK(!settings_is_given(settings, single[i]), STATUS_USAGE, "%s does not go with task = all; name the task",
              single[i]);
    return check_one_model(settings, o);
}

static Status check(const Settings *settings, Options *o)
{
    CHECK(o->task_name[0], STATUS_USAGE, "evaluate needs --task; one of: %s", task_names());
    o->task = NULL;
    if (strcmp(o->task_name, "all") == 0) return check_all(settings, o);
    o->task = task_find(o->task_name);
    CHECK(o->task, STATUS_USAGE, "task = '%s' is not one of: %s all", o->task_name, task_names());
    CHECK(o->data[0], STATUS_USAGE, "evaluate needs --data=FILE");
    CHECK(settings->n_operands == 0 || !o->task->needs_no_model, STATUS_USAGE, "task %s reads no model; leave '%s' out",
          o->task->name, settings->operand[0]);
    CHECK(settings->n_operands > 0 || o->task->needs_no_model, STATUS_USAGE,
          "evaluate needs a MODEL.h5; see collapse evaluate --help");
    TRY(check_one_model(settings, o));
    TRY(check_owners(settings, o->task));
    TRY(check_metrics(o->metrics, o->task->metric));
    return o->task->check ? o->task->check(options_of(o), o->metrics) : STATUS_OK;
}

/* Everything that is read: the model, the data and what is read beside it, and the files that the task's own keys name.
 * The outputs of all tasks are checked by scores_files_plan. */
static Status check_files(const Comm *comm, const Settings *settings, const Options *o)
{
    Status status = STATUS_OK;
    const bool is_read_again = comm->n_ranks > 1 || settings->n_operands > 1;
    if (comm->rank == 0 && o->task && is_read_again) status = task_check_once(o->task, options_of(o), o->data);
    if (comm->rank == 0 && o->task && o->output[0] && !status) {
        Inputs inputs = {0};
        if (settings->n_operands) inputs_add(&inputs, "the model", settings->operand[0]);
        task_inputs(o->task, options_of(o), "--data", o->data, &inputs);
        inputs_add(&inputs, "--compare", o->compare);
        status = scores_output_check(o->output, o->overwrite, &inputs);
        inputs_free(&inputs);
    }
    return comm_agree(comm, status);
}

static Status run(int argc, char **argv)
{
    const Comm *comm = command_comm();
    Settings settings;
    Options options;
    int n;
    const Setting *table = join_table(&n);
    Status status = command_read(table, n, argc, argv, 0, true, "a MODEL.h5", &settings, &options);
    if (!status) status = check(&settings, &options);
    status = command_agree(&settings, status);
    if (!status) status = check_files(comm, &settings, &options);
    if (!status) {
        char *line = command_line_text(argc, argv);
        status = runtime_begin(comm, &options.runtime);
        if (!status && options.task) status = evaluate_models(comm, &settings, &options, line);
        const AllOptions all = {.data = options.data,
                                .output = options.output,
                                .compare = options.compare,
                                .json = options.json,
                                .overwrite = options.overwrite,
                                .of_tasks = options.of_tasks,
                                .command_line = line};
        if (!status && !options.task) status = evaluate_all(comm, &settings, &all);
        free(line);
    }
    settings_free(&settings);
    return status;
}

static void help(void)
{
    const Task *task;
    int n;
    printf("Tasks:\n\n");
    for (int i = 0; (task = task_at(i)); i++) printf("%s: %s\n%s\n", task->name, task->summary, task->help);
    printf("all: every evaluation that the files of a folder (--data) offer, in one table. Keys of a task hold for all "
           "its\n"
           "files. Files, also packed (.gz), are recognised so:\n");
    offers_print_rules();
    printf("\nA dash: not measured, with the reason on standard error. Intervals (--json, --output) need five items.\n"
           "More ranks (mpirun) share the work; the scores have the same bits on any number of them.\n\n");
    const Setting *table = join_table(&n);
    settings_help(table, n);
}

const Command command_evaluate = {
    "evaluate",
    "collapse evaluate MODEL.h5... --task=T --data=FILE [--json] [--output=SCORES.h5] [--compare=OTHER.h5]",
    "measure a model; several models make one table",
    run,
    help,
    true,
    false};
