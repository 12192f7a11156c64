/* repeats.h: which tokens of a pack are alike. What the first layer computes before its attention is a function of a
 * token's id, place and type alone; sequences that differ in a masked piece share nearly all of it. Local. */
#ifndef MODEL_REPEATS_H
#define MODEL_REPEATS_H

#include "data/packed.h"

typedef struct {
    int n;                     /* different ones */
    int *id, *position, *kind; /* [n] in the order in which they first stand in the pack */
    int *of;                   /* [N] which of them a token is */
    int *last, *before;        /* by place, the last one found there; the one found there before it; -1: none */
    int places;
} Repeats; /* arrays live in the arena given to repeats_init */

/* For packs of max_tokens tokens at most, none of them at a place from `places` on. */
void repeats_init(Arena *arena, int max_tokens, int places, Repeats *repeats);
void repeats_find(const Packed *input, Repeats *repeats);

#endif
