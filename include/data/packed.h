/* packed.h: token sequences end to end, as an encoder reads them: no padding. Local.
 *
 * The one builder of an encoder's input: training, evaluation, geometry and encode all call packed_add. Ids may be
 * changed afterwards (masks). Letters: B samples, N tokens. */
#ifndef DATA_PACKED_H
#define DATA_PACKED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

typedef struct {
    int n_samples, n_tokens; /* B, N; may be 0 */
    int longest;             /* tokens of the longest sample */
    int *id;                 /* [N] */
    int *position, *kind;    /* [N] place in its sample; token type */
    int *offset;             /* [B+1] first token of a sample */
    int *keys;               /* [B] tokens that the others see: all but padding that was added unseen */
    uint32_t *key;           /* [B] stream of random numbers (dropout): the sample's global number */
    int max_samples, max_tokens;
} Packed; /* arrays live in the arena given to packed_init */

void packed_init(Arena *arena, int max_samples, int max_tokens, Packed *packed);
/* The memory of pool from this token and this sample on, as a pack of its own. */
void packed_behind(const Packed *pool, int token, int sample, Packed *packed);
void packed_clear(Packed *packed);
/* Append a sample of n tokens. kind NULL: all of type 0. Returns the place of its first token. */
int packed_add(Packed *packed, int n, const int32_t *id, const int32_t *kind, uint32_t key);

/* Append n tokens of one id to the last sample. is_seen: its tokens attend to them too; else they attend to it alone.
 */
void packed_pad(Packed *packed, int n, int id, bool is_seen);

static inline int packed_length(const Packed *packed, int sample)
{
    return packed->offset[sample + 1] - packed->offset[sample];
}

#endif
