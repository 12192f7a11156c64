/* batch.c: packing and masking. */
#include "data/batch.h"

#include "base/random.h"

void batch_init(Arena *arena, int max_samples, int max_tokens, Batch *batch)
{
    *batch = (Batch){0};
    packed_init(arena, max_samples, max_tokens, &batch->packed);
    batch->true_id = arena_cut(arena, (size_t)max_tokens, sizeof(int));
    batch->label = arena_cut(arena, (size_t)max_tokens, sizeof(int));
    batch->item = arena_cut(arena, (size_t)max_samples, sizeof(int64_t));
}

void batch_behind(const Batch *pool, const Packed *last, Batch *batch)
{
    const int token = last ? (int)(last->id - pool->packed.id) + last->n_tokens : 0;
    const int sample = last ? (int)(last->offset - pool->packed.offset) + last->n_samples + 1 : 0;
    *batch = (Batch){.true_id = pool->true_id + token, .label = pool->label + token, .item = pool->item + sample};
    packed_behind(&pool->packed, token, sample, &batch->packed);
}

int batch_token_bound(const Corpus *corpus, int n)
{
    return n * corpus->longest;
}

/* The id fed at a chosen position. word: three independent random words. */
static int masked_id(const Vocabulary *vocabulary, int true_id, const uint32_t word[4])
{
    if (random_unit(word[1]) < 0.8) return vocabulary_special(vocabulary, SPECIAL_MASK);
    if (random_unit(word[2]) < 0.5) return (int)random_below(word[3], (uint32_t)vocabulary_size(vocabulary));
    return true_id;
}

static void mask_sample(const Vocabulary *vocabulary, const Masking *masking, int64_t sample, int first, int n,
                        Batch *batch)
{
    const RandomKey key = random_key(masking->seed, RANDOM_MASK, 0, masking->epoch, (uint32_t)sample);
    for (int t = 0; t < n; t++) {
        const int i = first + t, true_id = batch->true_id[i];
        batch->label[i] = -1;
        if (masking->rate <= 0 || vocabulary_is_special(vocabulary, true_id)) continue;
        uint32_t word[4];
        random_words(&key, (uint32_t)t, word);
        if (random_unit(word[0]) >= masking->rate) continue;
        batch->label[i] = true_id;
        batch->packed.id[i] = masked_id(vocabulary, true_id, word);
        batch->n_labels++;
    }
}

void batch_fill(const Corpus *corpus, const Vocabulary *vocabulary, const int *order, int n, const Masking *masking,
                Batch *batch)
{
    packed_clear(&batch->packed);
    batch->n_labels = 0;
    for (int b = 0; b < n; b++) {
        const int sample = order[b], length = corpus_length(corpus, sample);
        const int32_t *id = corpus->id + corpus->offset[sample];
        const int first = packed_add(&batch->packed, length, id, NULL, (uint32_t)sample);
        for (int t = 0; t < length; t++) batch->true_id[first + t] = id[t];
        batch->item[b] = sample;
        mask_sample(vocabulary, masking, sample, first, length, batch);
    }
}
