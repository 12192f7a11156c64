/* batch_states.h: from a batch to the encoder, and which id a state of it is paired with. Local. */
#ifndef OBJECTIVES_BATCH_STATES_H
#define OBJECTIVES_BATCH_STATES_H

#include "data/batch.h"
#include "model/encoder.h"

typedef enum { ALIGN_SAME, ALIGN_SHIFT, ALIGN_MASKED } CollapseAlign;

static inline PackedInput batch_input(const Batch *b)
{
    return (PackedInput){.n_samples = b->n_samples,
                         .n_tokens = b->n_tokens,
                         .longest = b->longest,
                         .id = b->id,
                         .position = b->position,
                         .kind = b->kind,
                         .offset = b->offset,
                         .sample = b->sample};
}

/* The id paired with the state of token t of a sample of n tokens that begins at first; -1 = none. id: batch->true_id,
 * or batch->id as fed. same: at t itself; shift: at t + 1; masked: the label of a chosen position. */
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
