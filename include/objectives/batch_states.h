/* batch_states.h: which id a state of a batch is paired with. Local. */
#ifndef OBJECTIVES_BATCH_STATES_H
#define OBJECTIVES_BATCH_STATES_H

#include "data/batch.h"

typedef enum { ALIGN_SAME, ALIGN_SHIFT, ALIGN_MASKED } CollapseAlign;

/* The id paired with the state of token t of a sample of n tokens that begins at first; -1 = none. id: batch->true_id,
 * or batch->packed.id as fed. same: at t itself; shift: at t + 1; masked: the label of a chosen position. */
static inline int batch_paired_id(const Batch *batch, CollapseAlign align, const int *id, int first, int n, int t)
{
    switch (align) {
    case ALIGN_SAME: return id[first + t];
    case ALIGN_SHIFT: return t + 1 < n ? id[first + t + 1] : -1;
    case ALIGN_MASKED: return batch->label[first + t];
    }
    return -1;
}

#endif
