/* batch.h: the samples of one step on one rank, packed end to end, with their masks and labels. Local.
 *
 * Masking (BERT, Devlin et al. 2019): every position that is not a special token is chosen with
 * probability mask_rate; of the chosen, 80 % become [MASK], 10 % a uniform random id, 10 % stay. What
 * happens at a position is a function of (seed, epoch, sample, position) alone. */
#ifndef DATA_BATCH_H
#define DATA_BATCH_H

#include "data/dataset.h"
#include "data/packed.h"
#include "data/vocabulary.h"

typedef struct {
    Packed packed;  /* as fed to the encoder: B samples, N tokens; may be empty */
    int n_labels;   /* positions with a label */
    int *true_id;   /* [N] ids before masking */
    int *label;     /* [N] true id at chosen positions, else -1 */
    int64_t *item;  /* [B] number of its item in the dataset */
    int *text;      /* [B] which of the item's texts */
    int *place;     /* [B] the item's place in the batch of all ranks */
    bool *is_extra; /* [B] a masked copy of a text that is here as a whole too: it counts once in class means */
} Batch;            /* arrays live in the arena given to batch_init */

/* An item of a step. */
typedef struct {
    int number; /* in the dataset */
    int place;  /* in the batch of all ranks */
} BatchItem;

typedef struct {
    double rate; /* mask-rate; 0 = no masks, no labels */
    uint64_t seed;
    uint32_t epoch;
} Masking;

void batch_init(Arena *arena, int max_samples, int max_tokens, Batch *batch);

/* Let batch use the memory of pool behind the samples of `last`, which lies in it too (NULL: from the beginning). */
void batch_behind(const Batch *pool, const Packed *last, Batch *batch);

void batch_clear(Batch *batch);
/* Append a text of an item as it is, without labels. key: stream of its dropout. Returns the number of the sample. */
int batch_add(const Dataset *data, BatchItem item, int text, uint32_t key, Batch *batch);
/* Append n tokens of one id, without labels, to the sample added last: as packed_pad. */
void batch_pad(int n, int id, bool is_seen, Batch *batch);
/* Mask a sample, as a function of (seed, epoch, stream, position). */
void batch_mask(const Vocabulary *vocabulary, const Masking *masking, int sample, uint32_t stream, Batch *batch);

/* Fill the batch with the texts of n items, masked; streams of masks and dropout are the texts' numbers. */
void batch_fill(const Dataset *data, const Vocabulary *vocabulary, const BatchItem *item, int n, const Masking *masking,
                Batch *batch);

#endif
