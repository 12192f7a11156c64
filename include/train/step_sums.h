/* step_sums.h: what a step adds up over portions, shards and ranks: gradients, losses, class sums.
 *
 * One face for every way of adding: parts of ranks summed in rank order, after the backward pass or behind it with a
 * thread; the tree of shards that makes results independent of the ranks; sums dealt to the ranks with the optimizer's
 * state (ZeRO stage 1). The order of a step: begin; for each portion begin_portion, the passes, end_portion; finish.
 * Functions marked [all] are Collective, the others Local. Nothing here allocates after step_sums_open. */
#ifndef TRAIN_STEP_SUMS_H
#define TRAIN_STEP_SUMS_H

#include "model/params.h"
#include "parallel/bucket_sum.h"
#include "parallel/tree_sum.h"

typedef struct {
    int n_shards;         /* reproducible = yes; else 0 */
    bool deals_optimizer; /* each rank keeps and updates its part of the optimizer's state */
    bool in_background;   /* sums go on behind the backward pass */
    int64_t n_doubles;    /* of a portion's other sums (class sums); 0 = none */
    bool shares_doubles;  /* they are summed over ranks; else every rank keeps its own */
    int64_t n_rows;       /* numbers of all rows of a batch (methods/method.h); 0 = none */
    int n_terms;          /* of the loss, the task's first */
    int n_flags;          /* numbers that ranks have to tell each other in a step */
    const char *freeze;   /* what is not trained: patterns (io/bert_layout); borrowed */
} StepSumsRule;

typedef struct {
    const Comm *comm; /* borrowed */
    StepSumsRule rule;
    Params *params;       /* borrowed */
    Buckets buckets;      /* owned: of the gradient block */
    const Buckets *dealt; /* the same if the optimizer is dealt; else NULL: every rank has all */
    BucketSum sums;       /* owned */
    TreeStack tree;       /* gradients of the shards */
    int n_sets;           /* shards, or 1 */
    double *loss;         /* [n_sets, n_terms] sums over the portions */
    double *flags;        /* [n_flags] zero at begin; behind loss, with which they cross the network */
    double *doubles;      /* [n_sets, n_doubles] */
    double *rows;         /* [n_rows] */
    double *norm_part;    /* scratch of gradients_norm */
    int shard;            /* of the portion at hand */
    bool is_final;        /* its gradients are the last of this rank: they may be summed */
} StepSums;               /* arrays live in the arena */

/* What must be known before memory is laid out: who owns which part. Local. */
void step_sums_plan(const Comm *comm, const BertConfig *config, const StepSumsRule *rule, StepSums *sums);
/* Cut memory; params: laid out before. Local. */
void step_sums_lay_out(Arena *arena, Params *params, StepSums *sums);
void step_sums_open(StepSums *sums);  /* [all] */
void step_sums_close(StepSums *sums); /* [all] */

/* Numbers of the optimizer's state this rank keeps; -1: all. */
int64_t step_sums_moments(const StepSums *sums);

void step_sums_begin(StepSums *sums);
/* Gradients of this portion are formed where they belong. is_last: of this rank. */
void step_sums_begin_portion(StepSums *sums, int shard, bool is_last);
/* In the backward pass: the head's gradients are complete; those of layer l (context: sums). */
void step_sums_head_done(StepSums *sums);
void step_sums_layer_done(void *context, int l);
void step_sums_end_portion(StepSums *sums);

/* Where a portion of this shard adds its class sums [n_doubles]. */
double *step_sums_doubles(const StepSums *sums, int shard);
/* Where it adds its terms of the loss [n_terms]. */
double *step_sums_terms(const StepSums *sums, int shard);

/* This rank's class sums are complete: their sum begins. Afterwards all sets are complete, in the order of the shards.
 */
void step_sums_begin_doubles(StepSums *sums);  /* [all] */
void step_sums_finish_doubles(StepSums *sums); /* [all] */
/* A few numbers, over all ranks. */
void step_sums_counts(StepSums *sums, int64_t *x, int n); /* [all] */
void step_sums_numbers(StepSums *sums, double *x, int n); /* [all] */
/* The gradients of the global loss: of all parameters, or of those this rank owns. */
void step_sums_finish(StepSums *sums); /* [all] */
/* The sums of the losses, term [n_terms]: shards in order, or ranks in order. Afterwards flags hold their sums. */
void step_sums_losses(StepSums *sums, double *term); /* [all] */
double step_sums_norm(StepSums *sums);               /* [all] */
/* After the update, which may have failed on this rank: what each rank owns of the weights goes to all. */
Status step_sums_share_weights(StepSums *sums, Status updated); /* [all] */

#endif
