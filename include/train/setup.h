/* setup.h: everything a run needs before its first step. */
#ifndef TRAIN_SETUP_H
#define TRAIN_SETUP_H

#include "data/batch.h"
#include "model/model.h"
#include "objectives/collapse_loss.h"
#include "train/checkpoint_writer.h"
#include "train/evaluation.h"
#include "train/folder.h"
#include "train/run_settings.h"
#include "train/state.h"
#include "train/step.h"
#include "train/stop.h"
#include "train/trace.h"

enum { N_STEP_FLAGS = 1 + N_STOPS };

typedef struct {
    const RunSettings *run; /* borrowed */
    WordList words;         /* owned; empty without regularizer */
    Arena arena;            /* owned: parameters, states, statistics */
    Model model;            /* owned */
    MethodRun method;       /* owned, with the data */
    char *freeze;           /* owned: patterns of what is not trained */
    int row_states;         /* vectors of a row that the method asked for, as its keys say */
    CollapseLoss collapse;
    Step step;             /* owned */
    Batch trace_batch;     /* all samples of this rank, for the trace */
    BatchItem *trace_item; /* owned [batch] */
    int *order;            /* owned [method.data.n]: permutation of the epoch */
    int *chosen;           /* owned [batch]: items of the step, where the method chooses them */
    int64_t total_steps;
    TrainState state;
    bool writes_behind; /* checkpoints are written behind the steps */
    CheckpointWriter writer;
    bool write_failed;       /* of some write behind the steps, seen by all ranks */
    const char *metric;      /* name of the regularizer's measure */
    char *log_path;          /* owned */
    double began_s;          /* when the step at hand began */
    Folder folder;           /* owned */
    bool is_done;            /* the folder holds the finished model: nothing to do */
    Trace trace;             /* owned */
    Evaluations evaluations; /* owned */
} Trainer;

/* Own the folder, read model, text and words, lay out memory, continue a checkpoint if there is one. When is_done is
 * set afterwards, the rest was not made. Collective. */
Status setup_open(const Comm *comm, const RunSettings *run, const char *settings, const char *command_line,
                  Trainer *trainer);
void setup_close(Trainer *trainer);

/* The parts of setup_open that a run on other data (collapse bench) takes too. trainer->run, model (opened),
 * method with its data, and words must be there. */
void setup_method(Trainer *trainer); /* its keys and memory; before the model is laid out */
/* Count, log, take. Collective. */
void setup_memory(const Comm *comm, Trainer *trainer);
void setup_state(const char *settings, const char *command_line, Trainer *trainer);
void setup_order(Trainer *trainer); /* the permutation of state.epoch */
int setup_epoch_items(const Trainer *trainer);

#endif
