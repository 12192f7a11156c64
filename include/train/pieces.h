/* pieces.h: how the global batch is cut. Local, the same rule on all ranks.
 *
 * The samples of a batch are dealt by their number of tokens: to the ranks, or, with reproducible = yes, to `shards`
 * shards, which does not depend on the ranks; a rank then owns a contiguous range of shards. A rank computes
 * its samples in one piece, in pieces of at most `micro-batch` samples, or shard by shard. */
#ifndef TRAIN_PIECES_H
#define TRAIN_PIECES_H

#include "parallel/partition.h"
#include "train/setup.h"

typedef struct {
    const int *sample; /* borrowed [n]: numbers in the corpus, in the order of the batch */
    int n;
    int shard; /* 0 without shards */
} Piece;

int pieces_global_samples(const Trainer *trainer); /* of the step at hand */
/* Deal the batch of the step at hand; the functions below tell the result. */
void pieces_deal(const Comm *comm, Trainer *trainer);
void pieces_free(Dealing *dealing);
int pieces_count(const Comm *comm, const Trainer *trainer); /* of this rank, at least 1 without shards */
Piece pieces_at(const Comm *comm, const Trainer *trainer, int i);
bool pieces_are_many(const Trainer *trainer); /* can any rank have more than one piece? */

/* Even contiguous parts of the batch, so that the trace of all ranks is in the order of the batch. */
Piece pieces_to_trace(const Comm *comm, const Trainer *trainer);

/* The largest piece there can be. */
int pieces_most_samples(const RunSettings *run, int64_t batch);
int64_t pieces_most_tokens(const Comm *comm, const RunSettings *run, int64_t batch, int longest);

#endif
