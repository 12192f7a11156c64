/* masked_lm.h: cross-entropy of the masked-LM head at labelled positions. Local. */
#ifndef OBJECTIVES_MASKED_LM_H
#define OBJECTIVES_MASKED_LM_H

#include "data/batch.h"
#include "model/mlm_head.h"

typedef struct {
    MlmHead *head;    /* borrowed */
    real *x, *dx;     /* [mlm_head_rows, D] gathered rows */
    int *row, *label; /* [mlm_head_rows] */
} MaskedLm;           /* arrays live in the arena */

void masked_lm_init(Arena *arena, MlmHead *head, MaskedLm *objective);

/* Returns the sum over this rank's labelled positions of -log p(label), given the last hidden states
 * [N, D]. n_labels_global > 0: the gradient of (sum over all ranks) / n_labels_global is added to
 * dhidden [N, D] and to the head's parameters; 0: value only. */
double masked_lm_loss(MaskedLm *objective, const Batch *batch, const real *hidden, int64_t n_labels_global,
                      real *dhidden);

/* The same; the gradient of scale times the sum is added. */
double masked_lm_scaled(MaskedLm *objective, const Batch *batch, const real *hidden, double scale, real *dhidden);

#endif
