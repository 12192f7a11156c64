/* batch.h: the samples of one step on one rank, packed end to end, with their masks and labels. Local.
 *
 * Masking (BERT, Devlin et al. 2019): every position that is not a special token is chosen with
 * probability mask_rate; of the chosen, 80 % become [MASK], 10 % a uniform random id, 10 % stay. What
 * happens at a position is a function of (seed, epoch, sample, position) alone. */
#ifndef DATA_BATCH_H
#define DATA_BATCH_H

#include "data/corpus.h"
#include "data/packed.h"

typedef struct {
    Packed packed; /* as fed to the encoder: B samples, N tokens; may be empty */
    int n_labels;  /* positions with a label */
    int *true_id;  /* [N] ids before masking */
    int *label;    /* [N] true id at chosen positions, else -1 */
    int64_t *item; /* [B] number in the corpus */
} Batch;           /* arrays live in the arena given to batch_init */

typedef struct {
    double rate; /* mask-rate; 0 = no masks, no labels */
    uint64_t seed;
    uint32_t epoch;
} Masking;

void batch_init(Arena *arena, int max_samples, int max_tokens, Batch *batch);

/* Let batch use the memory of pool behind the samples of `last`, which lies in it too (NULL: from the beginning). */
void batch_behind(const Batch *pool, const Packed *last, Batch *batch);

/* Fill the batch with samples order[0..n) of the corpus. */
void batch_fill(const Corpus *corpus, const Vocabulary *vocabulary, const int *order, int n, const Masking *masking,
                Batch *batch);

/* The largest number of tokens a rank can meet when n samples are dealt to it. */
int batch_token_bound(const Corpus *corpus, int n);

#endif
