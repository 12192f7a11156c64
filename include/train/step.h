/* step.h: one optimizer step of the global batch. docs/training.md has the mathematics. */
#ifndef TRAIN_STEP_H
#define TRAIN_STEP_H

#include "base/timer.h"
#include "kernels/vector.h"
#include "methods/method.h"
#include "objectives/collapse_loss.h"
#include "train/history.h"
#include "train/portions.h"
#include "train/schedule.h"
#include "train/step_sums.h"

/* What a step computes with. */
typedef struct {
    Model *model;           /* borrowed */
    MethodRun *method;      /* borrowed */
    CollapseLoss *collapse; /* borrowed: the regularizer, or class means alone (weight 0); NULL: neither */
    Portions portions;      /* of the step at hand */
    StepSums sums;          /* owned */
    Schedule schedule;
    AdamSettings adam; /* but for what changes from step to step */
    double clip;
    Timer timer;
    /* What this rank has to tell the others, asked for near the end of a step: flags [n_flags], zero before. */
    void (*tell)(void *context, double *flags);
    void *context;

    /* Of the step at hand: */
    StepCounts counts;
    bool is_exchanged; /* class sums and rows are those of all ranks; R and the method's whole are evaluated */
    double nc_norm;    /* of R's gradient to the rows */
    double once[1 + HISTORY_TERMS]; /* values of the terms without samples */
} Step;

/* Where in the run the step stands, and its batch. */
typedef struct {
    int64_t step, epoch; /* done before it */
    bool begins_epoch;
    const int *item; /* [n_items] numbers in the method's data */
    int n_items;
} StepInput;

/* One step; fills line but for tokens and seconds, which are sums over steps. Afterwards sums.flags hold the sums of
 * what all ranks told. Fails with STATUS_DIVERGED, before the weights are touched, when a loss or the gradient's norm
 * is not finite. Collective. */
Status step_run(Step *step, const StepInput *input, HistoryLine *line);

#endif
