/* batch.h: the samples of one step on one rank, packed end to end, with their masks and labels. Local.
 *
 * Masking (BERT, Devlin et al. 2019): every position that is not a special token is chosen with
 * probability mask_rate; of the chosen, 80 % become [MASK], 10 % a uniform random id, 10 % stay. What
 * happens at a position is a function of (seed, epoch, sample, position) alone. */
#ifndef DATA_BATCH_H
#define DATA_BATCH_H

#include "base/arena.h"
#include "data/corpus.h"

typedef struct {
    int n_samples, n_tokens; /* B, N of this rank; may be 0 */
    int n_labels;            /* positions with a label */
    int longest;             /* pieces of the longest sample */
    int *id;                 /* [N] as fed to the encoder */
    int *true_id;            /* [N] before masking */
    int *label;              /* [N] true id at chosen positions, else -1 */
    int *position, *kind;    /* [N] place in its sample; token type */
    int *offset;             /* [B+1] first token of a sample */
    int64_t *sample;         /* [B] number in the corpus */
    int max_samples, max_tokens;
} Batch; /* arrays live in the arena given to batch_init */

typedef struct {
    double rate; /* mask-rate; 0 = no masks, no labels */
    uint64_t seed;
    uint32_t epoch;
} Masking;

void batch_init(Arena *arena, int max_samples, int max_tokens, Batch *batch);

/* Fill the batch with samples order[0..n) of the corpus. */
void batch_fill(const Corpus *corpus, const Vocabulary *vocabulary, const int *order, int n, const Masking *masking,
                Batch *batch);

/* The largest number of tokens a rank can meet when n samples are dealt to it. */
int batch_token_bound(const Corpus *corpus, int n);

#endif
