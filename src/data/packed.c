/* packed.c: samples appended one by one. */
#include "data/packed.h"

#include "base/status.h"

void packed_init(Arena *arena, int max_samples, int max_tokens, Packed *p)
{
    const size_t tokens = (size_t)max_tokens, samples = (size_t)max_samples;
    *p = (Packed){.max_samples = max_samples, .max_tokens = max_tokens};
    p->id = arena_cut(arena, tokens, sizeof(int));
    p->position = arena_cut(arena, tokens, sizeof(int));
    p->kind = arena_cut(arena, tokens, sizeof(int));
    p->offset = arena_cut(arena, samples + 1, sizeof(int));
    p->keys = arena_cut(arena, samples, sizeof(int));
    p->key = arena_cut(arena, samples, sizeof(uint32_t));
}

void packed_behind(const Packed *pool, int token, int sample, Packed *p)
{
    *p = (Packed){.id = pool->id + token,
                  .position = pool->position + token,
                  .kind = pool->kind + token,
                  .offset = pool->offset + sample,
                  .keys = pool->keys + sample,
                  .key = pool->key + sample,
                  .max_samples = pool->max_samples - sample,
                  .max_tokens = pool->max_tokens - token};
}

void packed_clear(Packed *p)
{
    p->n_samples = p->n_tokens = p->longest = 0;
    p->offset[0] = 0;
}

static void check_room(const Packed *p, bool is_new, int n)
{
    if ((is_new && p->n_samples == p->max_samples) || n > p->max_tokens - p->n_tokens)
        status_abort(__FILE__, __LINE__, "a pack of %d samples and %d tokens has no room for %d more tokens",
                     p->max_samples, p->max_tokens, n);
}

static void end_sample(Packed *p, int n)
{
    p->n_tokens += n;
    p->offset[p->n_samples] = p->n_tokens;
    const int length = packed_length(p, p->n_samples - 1);
    if (length > p->longest) p->longest = length;
}

int packed_add(Packed *p, int n, const int32_t *id, const int32_t *kind, uint32_t key)
{
    const int first = p->n_tokens;
    check_room(p, true, n);
    for (int t = 0; t < n; t++) {
        p->id[first + t] = id[t];
        p->position[first + t] = t;
        p->kind[first + t] = kind ? kind[t] : 0;
    }
    p->keys[p->n_samples] = n;
    p->key[p->n_samples++] = key;
    end_sample(p, n);
    return first;
}

void packed_pad(Packed *p, int n, int id, bool is_seen)
{
    const int first = p->n_tokens, sample = p->n_samples - 1, length = packed_length(p, sample);
    check_room(p, false, n);
    for (int t = 0; t < n; t++) {
        p->id[first + t] = id;
        p->position[first + t] = length + t;
        p->kind[first + t] = 0;
    }
    if (is_seen) p->keys[sample] += n;
    end_sample(p, n);
}
