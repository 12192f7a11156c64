/* repeats.c: the different tokens found at a place are a chain: a pack has at most one token a sample there. */
#include "model/repeats.h"

void repeats_init(Arena *arena, int max_tokens, int places, Repeats *r)
{
    const size_t tokens = (size_t)max_tokens;
    *r = (Repeats){.places = places};
    r->id = arena_cut(arena, tokens, sizeof(int));
    r->position = arena_cut(arena, tokens, sizeof(int));
    r->kind = arena_cut(arena, tokens, sizeof(int));
    r->of = arena_cut(arena, tokens, sizeof(int));
    r->before = arena_cut(arena, tokens, sizeof(int));
    r->last = arena_cut(arena, (size_t)places, sizeof(int));
}

static int find(const Packed *in, int token, const Repeats *r)
{
    int i = r->last[in->position[token]];
    while (i >= 0 && (r->id[i] != in->id[token] || r->kind[i] != in->kind[token])) i = r->before[i];
    return i;
}

void repeats_find(const Packed *in, Repeats *r)
{
    r->n = 0;
    for (int p = 0; p < r->places; p++) r->last[p] = -1;
    for (int t = 0; t < in->n_tokens; t++) {
        const int place = in->position[t];
        r->of[t] = find(in, t, r);
        if (r->of[t] >= 0) continue;
        r->id[r->n] = in->id[t], r->position[r->n] = place, r->kind[r->n] = in->kind[t];
        r->before[r->n] = r->last[place];
        r->of[t] = r->last[place] = r->n++;
    }
}
