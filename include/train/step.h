/* step.h: one optimizer step of the global batch. docs/training.md has the mathematics. */
#ifndef TRAIN_STEP_H
#define TRAIN_STEP_H

#include "base/timer.h"
#include "kernels/vector.h"
#include "model/model.h"
#include "objectives/collapse_loss.h"
#include "objectives/masked_lm.h"
#include "train/history.h"
#include "train/portions.h"
#include "train/schedule.h"
#include "train/step_sums.h"

/* What a step computes with. */
typedef struct {
    Model *model; /* borrowed */
    MaskedLm masked_lm;
    CollapseLoss *collapse; /* borrowed: the regularizer, or class means alone (weight 0); NULL: neither */
    Portions portions;      /* of the step at hand */
    StepSums sums;          /* owned */
    Schedule schedule;
    AdamSettings adam; /* but for what changes from step to step */
    double clip;
    Masking masking; /* but for the epoch */
    Timer timer;
    /* What this rank has to tell the others, asked for near the end of a step: flags [n_flags], zero before. */
    void (*tell)(void *context, double *flags);
    void *context;

    /* Of the step at hand: */
    int64_t n_labels, n_tokens; /* of the global batch */
    bool is_exchanged;          /* R has been evaluated */
    double nc_norm;             /* of R's gradient to the rows */
} Step;

/* Where in the run the step stands, and its batch. */
typedef struct {
    int64_t step, epoch; /* done before it */
    bool begins_epoch;
    const Corpus *corpus;
    const int *sample; /* [n_samples] numbers in the corpus */
    int n_samples;
} StepInput;

/* One step; fills line but for tokens and seconds, which are sums over steps. Afterwards sums.flags hold the sums of
 * what all ranks told. Fails with STATUS_DIVERGED, before the weights are touched, when a loss or the gradient's norm
 * is not finite. Collective. */
Status step_run(Step *step, const StepInput *input, HistoryLine *line);

#endif
