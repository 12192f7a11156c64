/* state.h: everything a run carries from one step to the next: what a checkpoint holds. */
#ifndef TRAIN_STATE_H
#define TRAIN_STATE_H

#include "analysis/class_means.h"
#include "base/hash.h"
#include "io/model_file.h"
#include "methods/method.h"
#include "model/params.h"
#include "objectives/pairing.h"
#include "parallel/bucket_sum.h"
#include "train/history.h"

typedef struct {
    int64_t step;        /* optimizer steps done */
    int64_t epoch;       /* epochs completed */
    int64_t next_sample; /* first sample of the next step, in the order of the epoch */
    int64_t seed;
    int64_t tokens;                     /* trained on so far, all ranks */
    double seconds;                     /* of training so far */
    int64_t samples_hash;               /* of the tokenized corpus: the position means nothing in another one */
    Params *params;                     /* borrowed */
    const Buckets *dealt;               /* borrowed: first and second hold what this rank owns; NULL: everything */
    const Tokenizer *tokenizer;         /* borrowed */
    ClassMeans *means;                  /* borrowed; NULL without regularizer */
    int *class_id;                      /* borrowed [K_all] */
    const Pairing *pairing;             /* borrowed: of states and classes, which the model carries with it */
    bool means_by_rank;                 /* nc-sync = none: every rank has its own */
    MethodArray carried[METHOD_ARRAYS]; /* borrowed: numbers of the method */
    int n_carried;
    bool checks;       /* the method looks at held-out data */
    real *best_weight; /* then: the weights that did best so far */
    int64_t best_step; /* after which step that was; 0 = none yet */
    double best_value;
    History history;
    char init_hash[HASH_TEXT_SIZE];        /* of the weights of the model the run began with; "" = random */
    int64_t planned_steps, planned_epochs; /* what the checkpoint it goes on with was to reach; rank 0; 0 = not said */
    const char *settings;                  /* borrowed: `key = value` lines of the run */
    const char *command_line;
} TrainState;

#endif
