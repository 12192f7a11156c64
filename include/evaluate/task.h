/* task.h: an evaluation: what it asks of a model about a file, and what it makes of the answers. One file and one row
 * of the table in task.c; docs/add-a-task.md makes one step by step.
 *
 * A task is a reader and an aggregator: `read` turns the file into queries (evaluate/queries), which task_run has
 * answered by all ranks; `aggregate` turns the answers into a result. Hooks hold no collective; one that is NULL is not
 * needed. */
#ifndef EVALUATE_TASK_H
#define EVALUATE_TASK_H

#include "evaluate/compare.h"
#include "evaluate/queries.h"
#include "evaluate/result.h"
#include "io/output.h"
#include "io/settings.h"
#include "io/table.h"

typedef struct Task Task;

/* A task at work on one model. */
typedef struct {
    const Task *task;         /* borrowed, as all texts */
    const void *options;      /* its own keys, as task->key says */
    const Settings *settings; /* which keys were given */
    const char *model_path, *data;
    const Model *in_memory; /* whose weights, vocabulary and sizes are taken instead of the file's, and the pairing is
                               that of the options; NULL: the file's */
    TableFormat format;     /* of data */
    const char *column;     /* of a table: the text */
    const char *compare;    /* scores file of another model to compare with; NULL: none */
    Model model;            /* vocabulary and sizes from begin on; weights for aggregate */
    Queries queries;
    void *own;                /* owned [task->own_bytes], zeroed */
    EvaluationResult *result; /* counts and reasons may be filled by read, the rest by aggregate */
} TaskRun;

struct Task {
    const char *name, *summary;
    const char *help;   /* lines for --help: its file, its measures */
    const Setting *key; /* [n_keys] keys of its own, joined to those of evaluate; offsets in a struct of its own */
    int n_keys;
    size_t options_bytes, own_bytes;
    const char *const *headline; /* the measures that stand for it in the log of a run, the last NULL; NULL: all */
    bool needs_no_model;         /* it reads data alone and is given no model: no vocabulary, no queries */
    const char *const *metric;   /* its measures, the last NULL; NULL: their names depend on the data */

    /* Are the options sound, and the columns that are asked for (metrics: a list with commas, "" = all)? Local. */
    Status (*check)(const void *options, const char *metrics);
    /* The file that is read beside data, owned by the caller; NULL: none is. The hook NULL: never one. Local. */
    char *(*beside)(const char *data);
    /* What it must know of the model file before it reads. Collective; fails alike on all ranks. */
    Status (*begin)(const Comm *comm, TaskRun *run);
    /* The file into run->queries and run->own; counts what is left out. The same on every rank. Local. */
    Status (*read)(TaskRun *run);
    /* States that were asked for, with their numbers; rank 0. Local. */
    void (*visit)(TaskRun *run, int n, const real *x, const int *number);
    /* Answers into run->result; rank 0. Local. */
    Status (*aggregate)(TaskRun *run);
    /* Its metrics as functions of sums over items, for --compare; from the fields of items alone. NULL: it has none. */
    void (*measures)(const EvaluationResult *items, Measures *measures);
    void (*close)(TaskRun *run); /* what it owns in run->own. Local. */
};

const Task *task_at(int i); /* NULL behind the last */
const Task *task_find(const char *name);
/* For tests and programs with tasks of their own; before the first use of the table. */
void task_add(const Task *task);
/* The names, separated by blanks (borrowed): the choices of --task. */
const char *task_names(void);

enum { TASK_OPTIONS_BYTES = 1024 };
/* Where the options of a task begin in a block of TASK_OPTIONS_BYTES that holds those of all. */
size_t task_options_at(const Task *task);

/* What it reads besides the model: data (called role), what it reads beside it, files that its own keys name. Local. */
void task_inputs(const Task *task, const void *options, const char *role, const char *data, Inputs *inputs);
/* Refuse what can be read only once, where each of several ranks, or of several evaluations, reads it. Local. */
Status task_check_once(const Task *task, const void *options, const char *data);
/* The task that has a key of this name; NULL: none has. Local. */
const Task *task_of_key(const char *name);

/* Measure the model. run: task, options, settings, model_path, data, format, column, compare are filled; the rest is
 * made and freed here. result: complete on rank 0; result_free when done, also after a failure. Collective; fails alike
 * on all ranks. */
Status task_run(const Comm *comm, TaskRun *run, EvaluationResult *result);

#endif
