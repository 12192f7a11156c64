/* original.h: the model that a run began with, beside the one that is trained: its states are a target.
 *
 * Its weights (4 bytes each) are never trained: no gradients, no moments. They are those of init, read anew by every
 * run that goes on; a checkpoint holds the hash of init (/progress/init_hash), and goes on with no other. */
#ifndef METHODS_ORIGINAL_H
#define METHODS_ORIGINAL_H

#include "model/model.h"

typedef struct {
    Params params;
    Encoder encoder;
    Packed input;
    int *first; /* [max_samples + 1] where samples of input begin in the batch they are from */
} Original;     /* arrays live in the arena; original_free gives back the rest */

/* Room for passes as large as the model's. without_prefix: it has none, whatever the model has. Local. */
void original_lay_out(Arena *arena, const Model *model, bool without_prefix, Original *original);
void original_free(Original *original);
/* The model's weights as they are. Local. */
void original_take(const Model *model, Original *original);

/* Its input: begin, add samples of a batch as they are fed, and read. Local. */
void original_begin(Original *original);
void original_add(const Packed *from, int sample, Original *original);
/* States h [layers + 1] of [N, D] of the samples added, without dropout. */
real *const *original_states(Original *original);

#endif
