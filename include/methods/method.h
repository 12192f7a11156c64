/* method.h: a training recipe: which data, which objectives, which keys. One file and one row of the table in method.c.
 *
 * Hooks call functions of objectives/ and data/; they hold no arithmetic of their own, and inside a step no collective:
 * what others must know of a sample is a row, which the step exchanges. A hook that is NULL is not needed. Those of a
 * step allocate nothing. docs/add-a-method.md makes one step by step. */
#ifndef METHODS_METHOD_H
#define METHODS_METHOD_H

#include "data/batch.h"
#include "data/corpus.h"
#include "io/settings.h"
#include "model/model.h"

/* A key and the value a method gives it; the list ends with {NULL, NULL}. */
typedef struct {
    const char *key, *value;
} MethodValue;

typedef struct Method Method;

/* A method at work. */
typedef struct {
    const Method *method; /* borrowed */
    const void *options;  /* borrowed: its own keys, as method->key says */
    Model *model;         /* borrowed: vocabulary and sizes from read on, the rest from lay_out on */
    Dataset data;         /* owned; filled by read */
    Masking masking;      /* rate and seed; the epoch is that of the step at hand */
    int batch;            /* items of the largest step; in read: of a step, as the key says */
    int row;              /* numbers of an item's row: row_width, and as many vectors as ask says */
    int epoch_items;      /* of a method that chooses items, set by read: items of an epoch; 0: all there are */
    int part_items;       /* set by read: items of a step's parts, which published code computes one by one; 0: none */
    int schedule_steps;   /* set by read: steps of an epoch as the learning rate's schedule counts them; 0: as many */
    bool skips_check;     /* set by read: nothing is held out, so check is not called */
    void *own;            /* owned [method->own_bytes], zeroed: its memory; arrays live in the arena of lay_out */
} MethodRun;

/* Numbers that a method carries from step to step, besides weights: they are in every checkpoint. */
typedef struct {
    const char *name, *axes; /* of the dataset */
    int rank;
    int64_t dims[2];
    double *data; /* borrowed: the same on all ranks */
} MethodArray;

enum { METHOD_ARRAYS = 4 };

/* What a step tells the hooks: where it stands, and sums over the batch of all ranks. */
typedef struct {
    int64_t step, epoch; /* done before it */
    int64_t items, labels, tokens;
} StepCounts;

/* What a method needs besides the encoder and the masked-LM head, as its options say. */
typedef struct {
    bool pooler, sentence_head; /* used; else they are carried along, frozen, if the model has them */
    const char *freeze;         /* tensors it does not train: patterns of bert_layout_freeze; NULL: none */
    bool depends_on_ranks;      /* its numbers do, on purpose: reproducible = yes is refused */
    int row_states;             /* vectors of an item's row, as long as a state */
} MethodNeeds;

/* What the mean of a term is over. */
typedef enum { PER_LABEL, PER_ITEM } MethodMean;

struct Method {
    const char *name;
    const char *summary;
    const MethodValue *usual; /* its own defaults */
    const MethodValue *fnc;   /* compat = fnc: what the published code does (NULL: nothing is published) */

    const Setting *key; /* [n_keys] keys of its own, joined to those of train; offsets are in a struct of its own */
    int n_keys;
    size_t options_bytes; /* of that struct */
    size_t own_bytes;

    int copies;              /* samples a text becomes (0 = 1): masked ones beside the whole, say */
    bool all_states;         /* it adds to the gradients of all layers' states, not of the last alone */
    int row_width;           /* numbers of an item that the whole batch must know */
    MethodMean mean;         /* of task_loss and the terms */
    int n_terms;             /* parts of the loss that are columns of the log */
    const char *const *term; /* [n_terms] their names */

    /* What it asks of the model, before memory is laid out: may add parts to the configuration, which begin at random
     * (a decoder of its own: as the word embeddings). NULL: nothing. Fails: the model cannot have them. Local. */
    Status (*ask)(const void *options, BertConfig *config, MethodNeeds *needs);
    /* Text to m->data. request: how the text is to be cut, as the keys of train say; may be changed before it is used.
     * Collective; fails alike on all ranks. */
    Status (*read)(const Comm *comm, MethodRun *m, const char *path, CorpusOptions *request);
    /* Memory, counted then cut: called twice. Local. */
    void (*lay_out)(Arena *arena, MethodRun *m);
    /* What it carries: fills array [METHOD_ARRAYS], returns how many. After lay_out. Local. */
    int (*carries)(MethodRun *m, MethodArray *array);
    /* When the weights are those the run begins with, also where it will continue a checkpoint: what follows from them.
     * Collective; fails alike on all ranks. */
    Status (*start)(const Comm *comm, MethodRun *m);
    /* Before the first step of an epoch, and where a run continues. Collective. */
    Status (*begin)(const Comm *comm, MethodRun *m, int64_t epoch);
    /* Items item [n] of a step; NULL: those of the epoch's permutation. The same on all ranks. Local. */
    void (*choose)(const MethodRun *m, int64_t step, int n, int *item);
    /* n items to samples. Local. */
    void (*fill)(MethodRun *m, const BatchItem *item, int n, Batch *batch);
    /* What others must know of a batch's items: row [items of the step, m->row], each at its place. Local. */
    void (*rows)(MethodRun *m, const Batch *batch, double *row);
    /* All rows are there, with the same bits everywhere: values and derivatives for add. Local. */
    void (*whole)(MethodRun *m, const StepCounts *counts, const double *row);
    /* Add this batch's part to sum [1 + n_terms] (task_loss first, then the terms; the step makes means of them), its
     * gradient to the states (m->model->encoder.dh) and to those of the parameters (m->model->params.g). Local. */
    void (*add)(MethodRun *m, const Batch *batch, const StepCounts *counts, double *sum);
    /* A term without samples, after the sum over ranks: its gradient goes to params.g, its value to mean
     * [1 + n_terms]. Local, the same everywhere. */
    void (*once)(MethodRun *m, double *mean);
    /* A value of held-out data, smaller is better, every check-steps steps and after the last: the weights with the
     * smallest become the model. Leaves everything as it was. Collective; the same value on all ranks. */
    Status (*check)(const Comm *comm, MethodRun *m, double *value);
    /* Give back what `own` holds outside of the arena. Local. */
    void (*close)(MethodRun *m);
};

/* Does it look at held-out data? Known once it has read. */
static inline bool method_checks(const MethodRun *m)
{
    return m->method->check && !m->skips_check;
}

/* NULL if there is no such method. */
const Method *method_find(const char *name);
const Method *method_at(int i); /* in order, NULL after the last */
/* Put a method that is not in the table at its end: for tests. */
void method_add(const Method *method);

/* Give the keys that neither the user nor the file has given: those of compat, then the method's own. */
Status method_give_defaults(const Method *method, bool compat_fnc, Settings *settings);

#endif
