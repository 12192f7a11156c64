/* collapse_loss.h: the global collapse regularizer. One more objective: it plugs into every method
 * and knows none of them. Xu et al. 2025; all of it Local; the order inside a
 * step is docs/training.md's:
 *
 *   collapse_loss_add      a portion's (state, class) pairs into sums of the step; the caller adds them over ranks
 *   collapse_loss_value    these sums into the totals; R and its gradients, from the totals
 *   collapse_loss_states   nc-grad = both: gradient to a portion's states
 *   collapse_loss_rows     gradient to the K rows of the embeddings: ADDED ONCE, after the sum over ranks
 *                          (sync = none: by every rank before the sum, scaled by 1 / n_ranks)
 *
 * The statistics contain the current batch (Q-R13); a class counts from its first state on.
 *
 * eval = micro: a step has parts of as many items, in the order of the batch; part after part goes to the totals, R is
 * evaluated after each, and its value and gradient are the mean over the parts (one without measure counts 0). That is
 * what the published code of ADEPT makes of gradients that are added up. */
#ifndef OBJECTIVES_COLLAPSE_LOSS_H
#define OBJECTIVES_COLLAPSE_LOSS_H

#include "analysis/collapse.h"
#include "data/batch.h"
#include "data/wordlist.h"
#include "model/mlm_head.h"
#include "objectives/pairing.h"

typedef enum { GRAD_ROWS, GRAD_BOTH } CollapseGrad;
typedef enum { RESET_EPOCH, RESET_RUN, RESET_STEP, RESET_EMA } CollapseReset;
typedef enum { SYNC_GLOBAL, SYNC_NONE } CollapseSync;
typedef enum { EVAL_STEP, EVAL_MICRO } CollapseEval;

typedef struct {
    double weight; /* lambda; 0 = off */
    CollapseMetric metric;
    Pairing pairing; /* which state belongs to which class */
    CollapseGrad grad;
    CollapseReset reset;
    double ema;        /* fade of older states per step, RESET_EMA */
    CollapseSync sync; /* none: every rank its own statistics; gradients are averaged */
    CollapseEval eval; /* of R: once a step, or after every part of it; micro is not for grad = both */
} CollapseOptions;

typedef struct {
    CollapseOptions options;
    const WordList *words; /* borrowed */
    MlmHead *head;         /* borrowed; transforms rows */
    ClassMeans total;
    Collapse measure;
    int part_items, most_parts; /* eval = micro: items of a part, parts of a step at most; else 0 and 1 */
    int parts;                  /* of the step at hand */
    double *drow;               /* [K_all, D] the mean gradient of the parts; NULL with one part: measure.drow */
    double value;               /* R of this step (of this rank's statistics if sync = none) */
    bool is_measured;           /* in any part of this step */
    double share;               /* of this rank's R in the loss: 1, or 1 / n_ranks if sync = none */
    real *x, *dz, *dx;          /* [HEAD_ROWS, D] */
    int *row, *class;           /* [HEAD_ROWS] */
    int *place;                 /* [K_all] class -> place among the active ones, or -1 */
} CollapseLoss;                 /* arrays live in the arena */

/* part_items, most_parts: items of a part and parts of a step at most, with eval = micro; else 0 and 1. */
void collapse_loss_init(Arena *arena, const CollapseOptions *options, const WordList *words, MlmHead *head, int n_ranks,
                        int part_items, int most_parts, CollapseLoss *loss);

/* Forget the statistics where the reset rule says so. Call before every step of n_items items. */
void collapse_loss_begin_step(CollapseLoss *loss, bool first_of_epoch, int n_items);

/* The sums of a step: so many doubles, for every part of it. */
int64_t collapse_loss_doubles(int n_classes, int n_features);
/* Add to them; doubles [most_parts, collapse_loss_doubles]: zero at the beginning of the step. */
void collapse_loss_add(CollapseLoss *loss, double *doubles, const Batch *batch, const real *hidden);
/* n_sets such sums (shards, or one), over all ranks unless sync = none, go to the totals in their order, part after
 * part; returns R, NaN if it cannot be measured. Once a step. */
double collapse_loss_value(CollapseLoss *loss, int n_sets, double *doubles);
void collapse_loss_states(CollapseLoss *loss, const Batch *batch, const real *hidden, real *dhidden);
/* Add weight * dR/dw_c to the rows of dword [V, D]; returns the norm of what was added. */
double collapse_loss_rows(const CollapseLoss *loss, real *dword);

#endif
