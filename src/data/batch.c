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
    batch->text = arena_cut(arena, (size_t)max_samples, sizeof(int));
    batch->place = arena_cut(arena, (size_t)max_samples, sizeof(int));
    batch->is_extra = arena_cut(arena, (size_t)max_samples, sizeof(bool));
}

void batch_behind(const Batch *pool, const Packed *last, Batch *batch)
{
    const int token = last ? (int)(last->id - pool->packed.id) + last->n_tokens : 0;
    const int sample = last ? (int)(last->offset - pool->packed.offset) + last->n_samples + 1 : 0;
    *batch = (Batch){.true_id = pool->true_id + token,
                     .label = pool->label + token,
                     .item = pool->item + sample,
                     .text = pool->text + sample,
                     .place = pool->place + sample,
                     .is_extra = pool->is_extra + sample};
    packed_behind(&pool->packed, token, sample, &batch->packed);
}

/* The id fed at a chosen position. word: three independent random words. */
static int masked_id(const Vocabulary *vocabulary, int true_id, const uint32_t word[4])
{
    if (random_unit(word[1]) < 0.8) return vocabulary_special(vocabulary, SPECIAL_MASK);
    if (random_unit(word[2]) < 0.5) return vocabulary_draw(vocabulary, word[3]);
    return true_id;
}

void batch_clear(Batch *batch)
{
    packed_clear(&batch->packed);
    batch->n_labels = 0;
}

int batch_add(const Dataset *data, BatchItem item, int text, uint32_t key, Batch *batch)
{
    const int number = item.number * data->n_texts + text, length = dataset_length(data, number);
    const int64_t offset = data->offset[number];
    const int b = batch->packed.n_samples;
    const int first =
        packed_add(&batch->packed, length, data->id + offset, data->kind ? data->kind + offset : NULL, key);
    for (int t = 0; t < length; t++) {
        batch->true_id[first + t] = batch->packed.id[first + t];
        batch->label[first + t] = -1;
    }
    batch->item[b] = item.number;
    batch->text[b] = text;
    batch->place[b] = item.place;
    batch->is_extra[b] = false;
    return b;
}

void batch_pad(int n, int id, bool is_seen, Batch *batch)
{
    const int first = batch->packed.n_tokens;
    packed_pad(&batch->packed, n, id, is_seen);
    for (int t = 0; t < n; t++) {
        batch->true_id[first + t] = id;
        batch->label[first + t] = -1;
    }
}

void batch_mask(const Vocabulary *vocabulary, const Masking *masking, int sample, uint32_t stream, Batch *batch)
{
    const RandomKey key = random_key(masking->seed, RANDOM_MASK, 0, masking->epoch, stream);
    const int first = batch->packed.offset[sample], n = packed_length(&batch->packed, sample);
    for (int t = 0; t < n && masking->rate > 0; t++) {
        const int i = first + t, true_id = batch->true_id[i];
        if (vocabulary_is_special(vocabulary, true_id)) continue;
        uint32_t word[4];
        random_words(&key, (uint32_t)t, word);
        if (random_unit(word[0]) >= masking->rate) continue;
        batch->label[i] = true_id;
        batch->packed.id[i] = masked_id(vocabulary, true_id, word);
        batch->n_labels++;
    }
}

void batch_fill(const Dataset *data, const Vocabulary *vocabulary, const BatchItem *item, int n, const Masking *masking,
                Batch *batch)
{
    batch_clear(batch);
    for (int i = 0; i < n; i++)
        for (int text = 0; text < data->n_texts; text++) {
            const uint32_t stream = (uint32_t)(item[i].number * data->n_texts + text);
            batch_mask(vocabulary, masking, batch_add(data, item[i], text, stream, batch), stream, batch);
        }
}
