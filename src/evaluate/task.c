/* task.c: the table of evaluations, and how one is run. */
#include "evaluate/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "evaluate/bec_pro.h"
#include "evaluate/crows_pairs.h"
#include "evaluate/perplexity.h"
#include "evaluate/pronoun_gap.h"
#include "evaluate/seat.h"
#include "evaluate/stereoset.h"
#include "evaluate/winobias_mlm.h"
#include "evaluate/winobias_score.h"
#include "io/file.h"

static const Task *table[32] = {&task_pronoun_gap, &task_crows_pairs, &task_perplexity,   &task_bec_pro,
                                &task_seat,        &task_stereoset,   &task_winobias_mlm, &task_winobias_score};
enum { MOST_TASKS = sizeof table / sizeof table[0] };

const Task *task_at(int i)
{
    return i < MOST_TASKS ? table[i] : NULL;
}

const Task *task_find(const char *name)
{
    const Task *t;
    for (int i = 0; (t = task_at(i)); i++)
        if (strcmp(t->name, name) == 0) return t;
    return NULL;
}

void task_add(const Task *task)
{
    int i = 0;
    while (i < MOST_TASKS && table[i]) i++;
    if (i == MOST_TASKS) status_abort(__FILE__, __LINE__, "more than %d tasks", MOST_TASKS);
    table[i] = task;
}

const char *task_names(void)
{
    static char names[512];
    size_t at = 0;
    const Task *t;
    for (int i = 0; (t = task_at(i)) && at < sizeof names; i++)
        at += (size_t)snprintf(names + at, sizeof names - at, "%s%s", i ? " " : "", t->name);
    if (at >= sizeof names) status_abort(__FILE__, __LINE__, "no room for the names of all tasks");
    return names;
}

size_t task_options_at(const Task *task)
{
    size_t at = 0;
    const Task *t;
    for (int i = 0; (t = task_at(i)) && t != task; i++)
        at += (t->options_bytes + sizeof(double) - 1) / sizeof(double) * sizeof(double);
    if (at + task->options_bytes > TASK_OPTIONS_BYTES)
        status_abort(__FILE__, __LINE__, "no room for the options of task %s", task->name);
    return at;
}

void task_inputs(const Task *task, const void *options, const char *role, const char *data, Inputs *inputs)
{
    inputs_add(inputs, role, data);
    char *other = task->beside ? task->beside(data) : NULL;
    if (other) inputs_add(inputs, "what is read beside the data,", other);
    free(other);
    for (int k = 0; k < task->n_keys; k++) {
        const Setting *key = &task->key[k];
        const char *path;
        if (key->kind != SETTING_PATH) continue;
        memcpy(&path, (const char *)options + key->offset, sizeof path);
        inputs_add(inputs, key->name, path);
    }
}

Status task_check_once(const Task *task, const void *options, const char *data)
{
    Inputs inputs = {0};
    Status status = STATUS_OK;
    task_inputs(task, options, "--data", data, &inputs);
    for (int i = 0; i < inputs.n && !status; i++) {
        struct stat info;
        if (stat(inputs.input[i].path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
            status =
                status_set(STATUS_USAGE, __FILE__, __LINE__,
                           "%s %s is a pipe or a device, which can be read once; with several ranks or models write "
                           "it to a file first",
                           inputs.input[i].role, inputs.input[i].path);
    }
    inputs_free(&inputs);
    return status;
}

const Task *task_of_key(const char *name)
{
    const Task *task;
    for (int i = 0; (task = task_at(i)); i++)
        for (int k = 0; k < task->n_keys; k++)
            if (strcmp(task->key[k].name, name) == 0) return task;
    return NULL;
}

static void visit(void *context, int n, const real *x, const int *number)
{
    TaskRun *run = context;
    run->task->visit(run, n, x, number);
}

/* Is a head needed that the model file says nobody has trained? The same on every rank. */
static bool needs_head(const Queries *q)
{
    bool needs = false;
    for (int64_t a = 0; a < q->n_asks && !needs; a++)
        needs = q->ask[a].kind != ASK_NEXT && (q->ask[a].kind != ASK_STATE || !q->wants_hidden);
    return needs;
}

static Status check_head(const char *path)
{
    H5File *file;
    BertConfig config;
    TRY(model_file_open(path, &file, &config));
    const bool is_new = h5_has_attribute(file, "/", MODEL_NEW_HEAD);
    TRY(h5_close(&file));
    CHECK(!is_new, STATUS_DATA,
          "%s: has no masked-LM head but the random one that collapse-import gave it; train it first, or import a "
          "folder with a head",
          path);
    return STATUS_OK;
}

/* What two score files must share, to be compared: bytes of the data (of a pipe or a folder nothing is known), and keys
 * that change what an item's score is. */
static Status identify(TaskRun *run)
{
    EvaluationResult *r = run->result;
    struct stat info;
    const char *bytes;
    size_t length;
    if (stat(run->data, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0) {
        TRY(file_map(run->data, &bytes, &length));
        hash_xxh128(bytes, length, r->data_hash);
        file_unmap(bytes, length);
    }
    r->keys = memory_copy_text("");
    for (int k = 0; run->settings && k < run->task->n_keys; k++) {
        const Setting *key = &run->task->key[k];
        if (key->kind == SETTING_PATH || strncmp(key->name, "nc-", 3) == 0 || strcmp(key->name, "compat") == 0 ||
            strstr(key->name, "-controls")) /* they add scores, and change none */
            continue;
        const char *given = settings_value(run->settings, key->name);
        char *longer =
            memory_print("%s%s%s = %s", r->keys, r->keys[0] ? "; " : "", key->name, given ? given : key->fallback);
        free(r->keys);
        r->keys = longer;
    }
    return STATUS_OK;
}

static Status prepare(TaskRun *run)
{
    TRY(identify(run));
    if (!run->compare) return STATUS_OK;
    CHECK(run->task->measures, STATUS_USAGE,
          "compare: task %s has no metric that two models can be compared by, item by item", run->task->name);
    return compare_check(run->result, run->compare);
}

static Status summarise(TaskRun *run)
{
    TRY(run->task->aggregate(run));
    return run->compare ? compare_results(run->task->measures, run->compare, run->result) : STATUS_OK;
}

static Status measure(const Comm *comm, TaskRun *run)
{
    const Task *task = run->task;
    TRY(comm_agree(comm, comm->rank == 0 ? prepare(run) : STATUS_OK));
    if (task->begin) TRY(task->begin(comm, run));
    TRY(comm_agree(comm, task->read(run)));
    if (task->needs_no_model) return comm_agree(comm, comm->rank == 0 ? summarise(run) : STATUS_OK);
    if (!run->in_memory && needs_head(&run->queries))
        TRY(comm_agree(comm, comm->rank == 0 ? check_head(run->model_path) : STATUS_OK));
    TRY(queries_run(comm, run->model_path, &run->model, run->data, task->name, &run->queries,
                    task->visit ? visit : NULL, run));
    return comm_agree(comm, comm->rank == 0 ? summarise(run) : STATUS_OK);
}

Status task_run(const Comm *comm, TaskRun *run, EvaluationResult *result)
{
    *result = (EvaluationResult){.task = run->task->name, .model = run->model_path, .data = run->data};
    run->result = result;
    run->queries = (Queries){0};
    if (run->task->needs_no_model) run->model = (Model){0};
    else if (run->in_memory) model_open_like(run->in_memory, &run->model);
    else TRY(model_open(comm, run->model_path, &run->model));
    run->own = memory_alloc(run->task->own_bytes + 1, 1);
    memset(run->own, 0, run->task->own_bytes);
    Status status = measure(comm, run);
    if (run->task->close) run->task->close(run);
    free(run->own);
    queries_free(&run->queries);
    if (!run->task->needs_no_model) model_close(&run->model);
    return status;
}
