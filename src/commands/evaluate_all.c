/* evaluate_all.c: what a folder offers -> a result per file and model -> rows of metrics, a column per model. */
#include "commands/evaluate_all.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "evaluate/recognise.h"
#include "io/json.h"

/* Rank 0 looks, all get its list: `task TAB path` lines. */
static Status share_offers(const Comm *comm, const char *folder, Offers *o)
{
    char *text = memory_copy_text("");
    Status status = comm->rank == 0 ? offers_find(folder, o) : STATUS_OK;
    for (size_t i = 0; i < o->n && !status; i++) {
        char *longer = memory_print("%s%s\t%s\n", text, o->offer[i].task->name, o->offer[i].data);
        free(text);
        text = longer;
    }
    status = comm_agree(comm, status);
    int64_t bytes = (int64_t)strlen(text) + 1;
    comm_broadcast(comm, &bytes, sizeof bytes);
    if (comm->rank > 0) free(text), text = memory_alloc((size_t)bytes, 1);
    comm_broadcast(comm, text, bytes);
    Slice rest = slice_of(text), line, task;
    while (!status && comm->rank > 0 && slice_next_line(&rest, &line)) {
        slice_next_field(&line, '\t', &task);
        char *name = slice_copy(task), *path = slice_copy(line);
        offers_add(o, task_find(name), path);
        free(name), free(path);
    }
    free(text);
    return status;
}

static Status check_options(const Offers *o, const char *of_tasks)
{
    for (size_t i = 0; i < o->n; i++) {
        const Task *task = o->offer[i].task;
        if (task->check) TRY(task->check(of_tasks + task_options_at(task), ""));
    }
    return STATUS_OK;
}

static Status run_offer(const Comm *comm, const Settings *settings, const char *model, const Offer *offer,
                        const char *of_tasks, EvaluationResult *result)
{
    TaskRun run = {.task = offer->task,
                   .options = of_tasks + task_options_at(offer->task),
                   .settings = settings,
                   .model_path = model,
                   .data = offer->data,
                   .format = FORMAT_AUTO,
                   .column = TABLE_COLUMN};
    return task_run(comm, &run, result);
}

static const Metric *metric_named(const EvaluationResult *r, const char *name)
{
    for (size_t m = 0; m < r->n_metrics; m++)
        if (strcmp(r->metric[m].name, name) == 0) return &r->metric[m];
    return NULL;
}

/* "57.2519 [51.1450, 63.3588]" */
static void print_value(const Metric *m)
{
    char text[RESULT_TEXT], low[RESULT_TEXT], high[RESULT_TEXT], cell[3 * RESULT_TEXT];
    result_text("%.4f", m ? m->value : (double)NAN, text);
    if (m && m->has_interval)
        snprintf(cell, sizeof cell, "%s [%s, %s]", text, result_text("%.4f", m->low, low),
                 result_text("%.4f", m->high, high));
    else snprintf(cell, sizeof cell, "%s", text);
    printf(" %32s", cell);
}

static void print_metric(const char *file, const Task *task, const char *name, const EvaluationResult *r, int n_models)
{
    printf("%-36s %-14s %-28s", file, task->name, name);
    for (int m = 0; m < n_models; m++) print_value(metric_named(&r[m], name));
    printf(" %8lld %8lld\n", (long long)r->n_items, (long long)r->n_skipped);
}

/* The path behind the folder's. */
static const char *within(const char *path, const char *folder)
{
    const size_t n = strlen(folder);
    const char *rest = strncmp(path, folder, n) == 0 ? path + n : path;
    while (*rest == '/') rest++;
    return *rest ? rest : ".";
}

/* result [n offers, n_models] */
static void print_table(const Settings *settings, const char *folder, const Offers *o, const EvaluationResult *result)
{
    const int n_models = settings->n_operands;
    printf("%-36s %-14s %-28s", "file", "task", "metric");
    for (int m = 0; m < n_models; m++) printf(" %32s", settings->operand[m]);
    printf(" %8s %8s\n", "items", "skipped");
    for (size_t i = 0; i < o->n; i++) {
        const EvaluationResult *r = &result[i * (size_t)n_models];
        const char *const *headline = o->offer[i].task->headline, *file = within(o->offer[i].data, folder);
        for (int k = 0; headline && headline[k]; k++) print_metric(file, o->offer[i].task, headline[k], r, n_models);
        for (size_t k = 0; !headline && k < r->n_metrics; k++)
            print_metric(file, o->offer[i].task, r->metric[k].name, r, n_models);
    }
}

static void print_json(const Settings *settings, const char *folder, const Offers *o, const EvaluationResult *result)
{
    json_t *root = json_object(), *list = json_array(), *others = json_array();
    for (size_t i = 0; i < o->n; i++) json_array_append_new(list, result_json_object(&result[i]));
    for (size_t i = 0; i < o->n_other; i++) json_array_append_new(others, json_text(o->other[i]));
    json_put(root, "task", json_text("all"));
    json_put(root, "model", json_text(settings->operand[0]));
    json_put(root, "data", json_text(folder));
    json_put(root, "result", list);
    json_put(root, "not_recognised", others);
    char *text = json_print(root, 17);
    printf("%s\n", text);
    free(text);
}

static Status run_all(const Comm *comm, const Settings *settings, const Offers *o, const char *of_tasks,
                      EvaluationResult *result)
{
    for (size_t i = 0; i < o->n; i++)
        for (int m = 0; m < settings->n_operands; m++) {
            EvaluationResult *one = &result[i * (size_t)settings->n_operands + (size_t)m];
            TRY(run_offer(comm, settings, settings->operand[m], &o->offer[i], of_tasks, one));
            if (comm->rank == 0 && m == 0) result_log_skipped(one);
        }
    return STATUS_OK;
}

Status evaluate_all(const Comm *comm, const Settings *settings, const char *folder, const char *of_tasks, bool json)
{
    Offers offers = {0};
    Status status = share_offers(comm, folder, &offers);
    if (!status) status = check_options(&offers, of_tasks);
    const size_t n = offers.n * (size_t)settings->n_operands;
    EvaluationResult *result = memory_alloc(n + 1, sizeof *result);
    for (size_t i = 0; i < offers.n_other && !status; i++) log_line("%s: no task recognises it", offers.other[i]);
    if (!status) status = run_all(comm, settings, &offers, of_tasks, result);
    if (!status && comm->rank == 0 && json) print_json(settings, folder, &offers, result);
    if (!status && comm->rank == 0 && !json) print_table(settings, folder, &offers, result);
    for (size_t i = 0; i < n; i++) result_free(&result[i]);
    free(result);
    offers_free(&offers);
    return status;
}
