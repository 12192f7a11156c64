/* evaluation.c: the lists of evaluate-tasks and evaluate-metrics; evaluate/task's measures as columns. */
#include "train/evaluation.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/file.h"

/* --- what is asked for ------------------------------------------------------------------------------ */

/* "TASK=FILE" */
static Status add_task(Evaluations *e, Slice entry)
{
    Slice name;
    slice_next_field(&entry, '=', &name);
    char *task = slice_copy(slice_trim(name)), *data = slice_copy(slice_trim(entry));
    EvaluationTask *t = &e->task[e->n];
    t->task = task_find(task);
    t->data = data;
    Status status = STATUS_OK;
    if (!t->task)
        status =
            status_set(STATUS_USAGE, __FILE__, __LINE__, "evaluate-tasks: '%s' is not one of: %s", task, task_names());
    else if (t->task->needs_no_model)
        status = status_set(STATUS_USAGE, __FILE__, __LINE__,
                            "evaluate-tasks: %s reads no model; use collapse evaluate", task);
    else if (!data[0])
        status = status_set(STATUS_USAGE, __FILE__, __LINE__,
                            "evaluate-tasks: %s has no file; write %s=FILE, several between commas", task, task);
    for (int i = 0; i < e->n && !status; i++)
        if (e->task[i].task == t->task)
            status = status_set(STATUS_USAGE, __FILE__, __LINE__,
                                "evaluate-tasks: %s stands there twice; its columns would have one name", task);
    free(task);
    if (status) free(data);
    TRY(status);
    settings_init(&t->settings, t->task->key, t->task->n_keys);
    e->n++;
    return STATUS_OK;
}

static Status read_tasks(Evaluations *e)
{
    Slice rest = slice_of(e->run->evaluate.tasks), entry;
    e->task = memory_alloc(EVALUATION_TASKS, sizeof *e->task);
    while (slice_next_field(&rest, ',', &entry)) {
        CHECK(e->n < EVALUATION_TASKS, STATUS_USAGE, "evaluate-tasks: more than %d tasks", EVALUATION_TASKS);
        if (slice_trim(entry).length) TRY(add_task(e, slice_trim(entry)));
    }
    CHECK(e->n > 0, STATUS_USAGE,
          "evaluate-steps = %lld needs evaluate-tasks = TASK=FILE, several between commas; tasks: %s",
          (long long)e->run->evaluate.steps, task_names());
    return STATUS_OK;
}

/* --- their keys ------------------------------------------------------------------------------------- */

/* Keys of evaluate that hold for all its tasks here. */
typedef struct {
    int format;
    const char *column;
} Common;

static const Setting common_key[] = {
    {"format", SETTING_CHOICE, "auto", TABLE_FORMATS, 0, 0, offsetof(Common, format), TABLE_FORMAT_HELP},
    {"text-column", SETTING_TEXT, TABLE_COLUMN, "", 0, 0, offsetof(Common, column), "the column that holds the text"},
};
enum { N_COMMON = sizeof common_key / sizeof common_key[0] };

static const char origin[] = "evaluate-options";

/* Whose settings hold the key? */
static Status find_owner(Evaluations *e, const char *key, Settings **owner)
{
    for (int k = 0; k < N_COMMON; k++)
        if (strcmp(common_key[k].name, key) == 0) {
            *owner = &e->common;
            return STATUS_OK;
        }
    const Task *task = task_of_key(key);
    CHECK(task, STATUS_USAGE, "evaluate-options: '%s' is a key of no task; collapse evaluate --help lists them", key);
    for (int i = 0; i < e->n; i++)
        if (e->task[i].task == task) {
            *owner = &e->task[i].settings;
            return STATUS_OK;
        }
    FAIL(STATUS_USAGE, "evaluate-options: %s is a key of task %s, which is not in evaluate-tasks", key, task->name);
}

static Status give_option(Evaluations *e, const char *key, const char *value)
{
    Settings *owner = NULL;
    TRY(find_owner(e, key, &owner));
    CHECK(!settings_is_given(owner, key), STATUS_USAGE, "evaluate-options: %s is given twice", key);
    return settings_give(owner, key, value, origin);
}

/* "KEY=VALUE, KEY=VALUE": an entry without = goes on with the value before it (pair=he,she). */
static Status read_options(Evaluations *e)
{
    Slice rest = slice_of(e->run->evaluate.options), entry, name;
    char *key = NULL, *value = NULL;
    Status status = STATUS_OK;
    while (!status && e->run->evaluate.options[0] && slice_next_field(&rest, ',', &entry)) {
        entry = slice_trim(entry);
        if (memchr(entry.start, '=', entry.length)) {
            if (key) status = give_option(e, key, value);
            free(key), free(value);
            slice_next_field(&entry, '=', &name);
            key = slice_copy(slice_trim(name)), value = slice_copy(slice_trim(entry));
        } else if (key) {
            char *longer = memory_print("%s,%.*s", value, (int)entry.length, entry.start);
            free(value);
            value = longer;
        } else if (entry.length) {
            status = status_set(STATUS_USAGE, __FILE__, __LINE__,
                                "evaluate-options: '%.*s' is no KEY=VALUE, several between commas", (int)entry.length,
                                entry.start);
        }
    }
    if (!status && key) status = give_option(e, key, value);
    free(key), free(value);
    return status;
}

/* What measures class means pairs states and ids as the run does, which the model of the run will carry. */
static Status give_pairing(const Evaluations *e, EvaluationTask *t)
{
    const char *compat = settings_value(&t->settings, "compat");
    const bool is_published = compat && strcmp(compat, "fnc") == 0;
    for (int i = 0; i < N_PAIRING; i++)
        for (int k = 0; k < t->task->n_keys && !is_published; k++)
            if (strcmp(t->task->key[k].name, pairing_key(i)) == 0)
                TRY(settings_give(&t->settings, pairing_key(i), pairing_choice(&e->run->nc.loss.pairing, i),
                                  "the run"));
    return STATUS_OK;
}

static Status store_options(Evaluations *e)
{
    Common common = {0};
    settings_init(&e->common, common_key, N_COMMON);
    TRY(read_options(e));
    TRY(settings_store(&e->common, &common));
    e->format = (TableFormat)common.format, e->column = common.column;
    for (int i = 0; i < e->n; i++) {
        TRY(give_pairing(e, &e->task[i]));
        TRY(settings_store(&e->task[i].settings, e->task[i].options));
    }
    return STATUS_OK;
}

void evaluations_inputs(const Evaluations *e, Inputs *inputs)
{
    for (int i = 0; i < e->n; i++)
        task_inputs(e->task[i].task, e->task[i].options, "evaluate-tasks", e->task[i].data, inputs);
}

/* --- scores ----------------------------------------------------------------------------------------- */

/* The task whose name and a dot begin this score's, or NULL. */
static const EvaluationTask *task_of(const Evaluations *e, const char *score, const char **metric)
{
    for (int i = 0; i < e->n; i++) {
        const size_t n = strlen(e->task[i].task->name);
        if (strncmp(score, e->task[i].task->name, n) != 0 || score[n] != '.') continue;
        *metric = score + n + 1;
        return &e->task[i];
    }
    return NULL;
}

/* score: becomes the evaluation's. */
static Status add_score(Evaluations *e, char *score)
{
    const char *metric;
    const EvaluationTask *t = task_of(e, score, &metric);
    Status status = STATUS_OK;
    bool is_known = t && metric[0];
    for (int k = 0; t && t->task->metric && !(k > 0 && is_known) && t->task->metric[k]; k++)
        is_known = strcmp(t->task->metric[k], metric) == 0;
    if (!is_known)
        status = status_set(STATUS_USAGE, __FILE__, __LINE__,
                            "evaluate-metrics: '%s' is no TASK.METRIC of a task in evaluate-tasks; collapse evaluate "
                            "--help lists them",
                            score);
    else if (e->n_scores == HISTORY_SCORES)
        status = status_set(STATUS_USAGE, __FILE__, __LINE__, "evaluate-metrics: more than %d scores; name fewer",
                            HISTORY_SCORES);
    if (status) free(score);
    else e->score[e->n_scores++] = score;
    return status;
}

/* Those that are named, or what each task has for a log. */
static Status read_scores(Evaluations *e)
{
    Slice rest = slice_of(e->run->evaluate.metrics), name;
    while (e->run->evaluate.metrics[0] && slice_next_field(&rest, ',', &name))
        if (slice_trim(name).length) TRY(add_score(e, slice_copy(slice_trim(name))));
    for (int i = 0; i < e->n && !e->run->evaluate.metrics[0]; i++) {
        const Task *task = e->task[i].task;
        const char *const *metric = task->headline ? task->headline : task->metric;
        CHECK(metric, STATUS_USAGE, "evaluate-metrics: name the scores of %s that the log is to have (%s.METRIC)",
              task->name, task->name);
        for (int k = 0; metric[k]; k++) TRY(add_score(e, memory_print("%s.%s", task->name, metric[k])));
    }
    CHECK(e->n_scores > 0, STATUS_USAGE, "evaluate-metrics = '%s' names no score", e->run->evaluate.metrics);
    return STATUS_OK;
}

static Status read_best(Evaluations *e)
{
    const char *wanted = e->run->evaluate.best, *is = e->run->evaluate.best_is;
    e->best = -1;
    if (!wanted[0]) return STATUS_OK;
    for (int s = 0; s < e->n_scores; s++)
        if (strcmp(e->score[s], wanted) == 0) e->best = s;
    const char *nearest = text_nearest(wanted, (const char *const *)e->score, e->n_scores);
    CHECK(e->best >= 0, STATUS_USAGE, "evaluate-best = '%s' is none of the scores that are logged%s%s%s", wanted,
          nearest ? "; did you mean '" : "; add it to evaluate-metrics", nearest ? nearest : "", nearest ? "'?" : "");
    const bool is_near = strncmp(is, "near:", 5) == 0 && text_to_double(is + 5, &e->nearest);
    CHECK(is_near || strcmp(is, "low") == 0 || strcmp(is, "high") == 0, STATUS_USAGE,
          "evaluate-best-is = '%s' is not low, high or near:X with a number X", is);
    return STATUS_OK;
}

static Status check_tasks(const Evaluations *e)
{
    for (int i = 0; i < e->n; i++) {
        const EvaluationTask *t = &e->task[i];
        const char *metric;
        char *list = memory_copy_text("");
        for (int s = 0; s < e->n_scores; s++) {
            if (task_of(e, e->score[s], &metric) != t) continue;
            char *longer = memory_print("%s%s%s", list, list[0] ? "," : "", metric);
            free(list);
            list = longer;
        }
        const Status status = t->task->check ? t->task->check(t->options, list) : STATUS_OK;
        free(list);
        TRY(status);
    }
    return STATUS_OK;
}

static Status check_file(const EvaluationTask *t)
{
    CHECK(file_exists(t->data), STATUS_IO, "%s: the file of evaluate-tasks does not exist", t->data);
    return task_check_once(t->task, t->options, t->data);
}

static Status check_files(const Comm *comm, const Evaluations *e)
{
    Status status = STATUS_OK;
    for (int i = 0; i < e->n && comm->rank == 0 && !status; i++) status = check_file(&e->task[i]);
    return comm_agree(comm, status);
}

Status evaluations_open(const Comm *comm, const RunSettings *run, Evaluations *e)
{
    *e = (Evaluations){.run = run, .best = -1};
    CHECK(run->evaluate.steps > 0 || !run->evaluate.best[0], STATUS_USAGE, "evaluate-best needs evaluate-steps");
    if (run->evaluate.steps == 0) return STATUS_OK;
    TRY(read_tasks(e));
    TRY(store_options(e));
    TRY(read_scores(e));
    TRY(read_best(e));
    TRY(check_tasks(e));
    return check_files(comm, e);
}

void evaluations_close(Evaluations *e)
{
    for (int i = 0; i < e->n; i++) free(e->task[i].data), settings_free(&e->task[i].settings);
    for (int s = 0; s < e->n_scores; s++) free(e->score[s]);
    settings_free(&e->common);
    free(e->task);
    *e = (Evaluations){0};
}

/* --- at work ---------------------------------------------------------------------------------------- */

bool evaluations_are_due(const Evaluations *e, int64_t step, int64_t total_steps)
{
    return e->n > 0 && (step % e->run->evaluate.steps == 0 || step == total_steps);
}

void evaluations_leave_out(HistoryLine *line)
{
    for (int s = 0; s < HISTORY_SCORES; s++) line->score[s] = (double)NAN;
}

/* The scores of one task, rank 0. */
static Status take(const Evaluations *e, const EvaluationTask *t, const EvaluationResult *r, HistoryLine *line)
{
    for (int s = 0; s < e->n_scores; s++) {
        const char *metric;
        bool found = false;
        if (task_of(e, e->score[s], &metric) != t) continue;
        for (size_t m = 0; m < r->n_metrics; m++) {
            if (strcmp(r->metric[m].name, metric) != 0) continue;
            line->score[s] = r->metric[m].value;
            found = true;
        }
        CHECK(found, STATUS_USAGE, "evaluate-metrics: %s measures no '%s' on %s; it has %s and %zu others",
              t->task->name, metric, t->data, r->n_metrics ? r->metric[0].name : "none",
              r->n_metrics ? r->n_metrics - 1 : 0);
    }
    return STATUS_OK;
}

static Status run_task(const Comm *comm, const Evaluations *e, const EvaluationTask *t, const Model *model,
                       HistoryLine *line)
{
    EvaluationResult result = {0};
    TaskRun run = {.task = t->task,
                   .options = t->options,
                   .settings = &t->settings,
                   .model_path = e->run->output,
                   .in_memory = model,
                   .data = t->data,
                   .format = e->format,
                   .column = e->column};
    Status status = task_run(comm, &run, &result);
    if (!status && comm->rank == 0) status = take(e, t, &result, line);
    result_free(&result);
    return comm_agree(comm, status);
}

Status evaluations_run(const Comm *comm, const Evaluations *e, const Model *model, HistoryLine *line)
{
    char text[RESULT_TEXT];
    for (int i = 0; i < e->n; i++) TRY(run_task(comm, e, &e->task[i], model, line));
    comm_broadcast(comm, line->score, sizeof line->score);
    for (int s = 0; s < e->n_scores; s++)
        log_line("after step %.0f: %s %s", line->step, e->score[s], result_text("%.6g", line->score[s], text));
    return STATUS_OK;
}

double evaluations_distance(const Evaluations *e, const HistoryLine *line)
{
    const double value = line->score[e->best];
    if (strcmp(e->run->evaluate.best_is, "low") == 0) return value;
    return strcmp(e->run->evaluate.best_is, "high") == 0 ? -value : fabs(value - e->nearest);
}
