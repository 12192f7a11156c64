/* evaluate_all.c: what a folder offers -> a result per file and model -> rows of metrics, a column per model. */
#include "commands/evaluate_all.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"
#include "commands/scores_files.h"
#include "io/json.h"

/* One evaluation of one model, made or failed. */
typedef struct {
    EvaluationResult result;
    Status status;
    char *why; /* owned: the sentence of its failure, or NULL */
} Outcome;

/* All evaluations at work. */
typedef struct {
    const Comm *comm;
    const Settings *settings;
    const AllOptions *options;
    Offers offers;
    ScoresFiles files; /* rank 0 */
    Outcome *outcome;  /* owned [n offers, n models] */
    int n_models;
} All;

/* --- what there is to do ---------------------------------------------------------------------------- */

/* Rank 0 looks, all get its list: task and path, each with its NUL. */
static Status share_offers(All *all)
{
    const Comm *comm = all->comm;
    Offers *o = &all->offers;
    Buffer names = {0};
    Status status = comm_agree(comm, comm->rank == 0 ? offers_find(all->options->data, o) : STATUS_OK);
    if (status) return status;
    for (size_t i = 0; i < o->n && comm->rank == 0; i++) {
        buffer_add(&names, o->offer[i].task->name, strlen(o->offer[i].task->name) + 1);
        buffer_add(&names, o->offer[i].data, strlen(o->offer[i].data) + 1);
    }
    int64_t bytes = (int64_t)names.n;
    comm_broadcast(comm, &bytes, sizeof bytes);
    char *text = comm->rank == 0 ? names.data : memory_alloc((size_t)bytes, 1);
    comm_broadcast(comm, text, bytes);
    for (const char *at = text; comm->rank > 0 && at < text + bytes;) {
        const char *task = at, *path = task + strlen(task) + 1;
        offers_add(o, task_find(task), path);
        at = path + strlen(path) + 1;
    }
    free(text);
    return STATUS_OK;
}

static bool is_offered(const Offers *o, const Task *task)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->offer[i].task == task) return true;
    return false;
}

/* A key says something only where a file of its task is. */
static Status check_options(const All *all)
{
    const Task *task;
    for (int t = 0; (task = task_at(t)); t++) {
        const bool is_there = is_offered(&all->offers, task);
        for (int k = 0; k < task->n_keys && !is_there; k++)
            CHECK(!settings_is_given(all->settings, task->key[k].name), STATUS_USAGE,
                  "%s is a key of task %s, but %s holds no file of it", task->key[k].name, task->name,
                  all->options->data);
        if (is_there && task->check) TRY(task->check(all->options->of_tasks + task_options_at(task), ""));
    }
    return STATUS_OK;
}

/* A model that cannot be opened would fail every evaluation. */
static Status check_models(const All *all)
{
    for (int m = 0; m < all->n_models; m++) {
        Model model = {0};
        Status status = model_open(all->comm, all->settings->operand[m], &model);
        model_close(&model);
        TRY(status);
    }
    return STATUS_OK;
}

static Status plan(All *all)
{
    TRY(share_offers(all));
    TRY(check_options(all));
    TRY(check_models(all));
    Status status = STATUS_OK;
    if (all->comm->rank == 0) status = scores_files_plan(all->options, all->settings, &all->offers, &all->files);
    TRY(comm_agree(all->comm, status));
    for (size_t i = 0; i < all->offers.n_other; i++) log_line("%s", all->offers.other[i].why);
    return STATUS_OK;
}

/* --- one after the other ---------------------------------------------------------------------------- */

static Outcome *outcome_of(const All *all, size_t offer, int model)
{
    return &all->outcome[offer * (size_t)all->n_models + (size_t)model];
}

static Status run_offer(const All *all, size_t i, int model, EvaluationResult *result)
{
    const Offer *offer = &all->offers.offer[i];
    const char *output = all->comm->rank == 0 ? all->files.output[i] : NULL;
    TaskRun run = {.task = offer->task,
                   .options = all->options->of_tasks + task_options_at(offer->task),
                   .settings = all->settings,
                   .model_path = all->settings->operand[model],
                   .data = offer->data,
                   .format = FORMAT_AUTO,
                   .column = TABLE_COLUMN,
                   .compare = all->comm->rank == 0 && offer->task->measures ? all->files.compare[i] : NULL};
    Status status = task_run(all->comm, &run, result);
    if (!status && output) status = result_write(result, output, all->options->command_line);
    return comm_agree(all->comm, status);
}

/* Is it of this one file, or would the others fail too? */
static bool is_of_the_file(Status status)
{
    return status == STATUS_DATA || status == STATUS_IO || status == STATUS_USAGE || status == STATUS_DIVERGED;
}

static Status run_all(All *all)
{
    for (size_t i = 0; i < all->offers.n; i++)
        for (int m = 0; m < all->n_models; m++) {
            Outcome *one = outcome_of(all, i, m);
            one->status = run_offer(all, i, m, &one->result);
            if (one->status) {
                one->why = memory_copy_text(status_message());
                result_free(&one->result);
                log_line("%s: %s failed: %s", all->settings->operand[m], all->offers.offer[i].task->name, one->why);
                if (!is_of_the_file(one->status)) return one->status;
            } else if (all->comm->rank == 0 && m == 0) {
                result_log_skipped(&one->result);
            }
        }
    return STATUS_OK;
}

/* What all ends with: the first failure's status. */
static Status conclude(const All *all)
{
    const size_t n = all->offers.n * (size_t)all->n_models;
    size_t failed = 0, first = 0;
    for (size_t k = n; k-- > 0;)
        if (all->outcome[k].status) failed++, first = k;
    CHECK(!failed, all->outcome[first].status, "%zu of %zu evaluations failed; the first: %s on %s", failed, n,
          all->offers.offer[first / (size_t)all->n_models].task->name,
          all->offers.offer[first / (size_t)all->n_models].data);
    return STATUS_OK;
}

/* --- the table -------------------------------------------------------------------------------------- */

static const Metric *metric_named(const EvaluationResult *r, const char *name)
{
    for (size_t m = 0; m < r->n_metrics; m++)
        if (strcmp(r->metric[m].name, name) == 0) return &r->metric[m];
    return NULL;
}

/* "57.2519 [51.1450, 63.3588]" */
static void print_value(const Outcome *one, const char *name)
{
    char text[RESULT_TEXT], low[RESULT_TEXT], high[RESULT_TEXT], cell[3 * RESULT_TEXT];
    const Metric *m = metric_named(&one->result, name);
    result_text("%.4f", m ? m->value : (double)NAN, text);
    if (m && m->has_interval)
        snprintf(cell, sizeof cell, "%s [%s, %s]", text, result_text("%.4f", m->low, low),
                 result_text("%.4f", m->high, high));
    else snprintf(cell, sizeof cell, "%s", one->status ? "failed" : text);
    printf(" %32s", cell);
}

static void print_row(const All *all, size_t i, const char *name, const Outcome *made)
{
    const Offer *offer = &all->offers.offer[i];
    printf("%-36s %-14s %-28s", path_within(offer->data, all->options->data), offer->task->name, name);
    for (int m = 0; m < all->n_models; m++) print_value(outcome_of(all, i, m), name);
    if (made) printf(" %8lld %8lld\n", (long long)made->result.n_items, (long long)made->result.n_skipped);
    else printf(" %8s %8s\n", "-", "-");
}

/* The first model on which it was made, or NULL. */
static const Outcome *first_made(const All *all, size_t i)
{
    for (int m = 0; m < all->n_models; m++)
        if (!outcome_of(all, i, m)->status && outcome_of(all, i, m)->result.n_metrics) return outcome_of(all, i, m);
    return NULL;
}

static void print_table(const All *all)
{
    printf("%-36s %-14s %-28s", "file", "task", "metric");
    for (int m = 0; m < all->n_models; m++) printf(" %32s", all->settings->operand[m]);
    printf(" %8s %8s\n", "items", "skipped");
    for (size_t i = 0; i < all->offers.n; i++) {
        const Outcome *made = first_made(all, i);
        const char *const *headline = made ? all->offers.offer[i].task->headline : NULL;
        for (int k = 0; headline && headline[k]; k++) print_row(all, i, headline[k], made);
        for (size_t k = 0; made && !headline && k < made->result.n_metrics; k++)
            print_row(all, i, made->result.metric[k].name, made);
        if (!made) print_row(all, i, "-", NULL);
    }
}

static bool is_headline(const Task *task, const char *name)
{
    const char *const *headline = task->headline;
    for (int k = 0; headline && headline[k]; k++)
        if (strcmp(headline[k], name) == 0) return true;
    return false;
}

/* Can none of the task's main metrics be compared? Then those that can are shown. */
static bool lacks_headlines(const Task *task, const Comparison *c)
{
    for (size_t k = 0; k < c->n; k++)
        if (is_headline(task, c->difference[k].name)) return false;
    return true;
}

static void print_difference(const char *file, const Task *task, const Difference *d)
{
    const double value[] = {d->here, d->there, d->difference, d->low, d->high, d->p};
    char text[RESULT_TEXT];
    printf("%-36s %-14s %-28s", file, task->name, d->name);
    for (size_t j = 0; j < sizeof value / sizeof value[0]; j++) printf(" %11s", result_text("%.4f", value[j], text));
    printf(" %8lld\n", (long long)d->n_units);
}

/* The metrics of the table that can be compared, beside the other model's. */
static void print_comparisons(const All *all)
{
    static const char *const column[] = {"this", "other", "difference", "low", "high", "p"};
    printf("\n%-36s %-14s %-28s", "compare", "task", "metric");
    for (size_t k = 0; k < sizeof column / sizeof column[0]; k++) printf(" %11s", column[k]);
    printf(" %8s\n", "units");
    for (size_t i = 0; i < all->offers.n; i++) {
        const Offer *offer = &all->offers.offer[i];
        const Comparison *c = outcome_of(all, i, 0)->result.comparison;
        for (size_t k = 0; c && k < c->n; k++)
            if (is_headline(offer->task, c->difference[k].name) || lacks_headlines(offer->task, c))
                print_difference(path_within(offer->data, all->options->data), offer->task, &c->difference[k]);
    }
    printf("other: the scores in %s; 95 %% intervals and p from %d resamples\n", all->options->compare,
           COMPARE_RESAMPLES);
}

/* --- JSON ------------------------------------------------------------------------------------------- */

static json_t *outcome_json(const All *all, size_t i)
{
    const Outcome *one = outcome_of(all, i, 0);
    if (!one->status && one->result.task) return result_json_object(&one->result);
    json_t *root = json_object();
    json_put(root, "task", json_text(all->offers.offer[i].task->name));
    json_put(root, "model", json_text(all->settings->operand[0]));
    json_put(root, "data", json_text(all->offers.offer[i].data));
    json_put(root, "error", json_text(one->why ? one->why : "not reached"));
    return root;
}

static void print_json(const All *all)
{
    json_t *root = json_object(), *list = json_array(), *others = json_array();
    for (size_t i = 0; i < all->offers.n; i++) json_array_append_new(list, outcome_json(all, i));
    for (size_t i = 0; i < all->offers.n_other; i++) {
        json_t *one = json_object();
        json_put(one, "data", json_text(all->offers.other[i].path));
        json_put(one, "reason", json_text(all->offers.other[i].why));
        json_array_append_new(others, one);
    }
    json_put(root, "task", json_text("all"));
    json_put(root, "model", json_text(all->settings->operand[0]));
    json_put(root, "data", json_text(all->options->data));
    json_put(root, "result", list);
    json_put(root, "not_recognised", others);
    char *text = json_print(root, 17);
    printf("%s\n", text);
    free(text);
}

static void print_all(const All *all)
{
    if (all->options->json) {
        print_json(all);
        return;
    }
    print_table(all);
    if (all->options->compare[0]) print_comparisons(all);
}

Status evaluate_all(const Comm *comm, const Settings *settings, const AllOptions *options)
{
    All all = {.comm = comm, .settings = settings, .options = options, .n_models = settings->n_operands};
    Status status = plan(&all);
    if (!status) {
        const size_t n = all.offers.n * (size_t)all.n_models;
        all.outcome = memory_alloc(n + 1, sizeof *all.outcome);
        status = run_all(&all);
        if (comm->rank == 0) print_all(&all);
        if (!status) status = conclude(&all);
        for (size_t k = 0; k < n; k++) result_free(&all.outcome[k].result), free(all.outcome[k].why);
    }
    free(all.outcome);
    scores_files_free(&all.files);
    offers_free(&all.offers);
    return status;
}
