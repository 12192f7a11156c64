/* pieces.h: how the global batch is cut. Local, the same rule on all ranks.
 *
 * By default a rank's samples are one piece, or several of at most `micro-batch` samples. With
 * reproducible = yes the batch is cut into `shards` shards by a rule that does not know the ranks; each
 * rank computes a contiguous range of shards, one at a time. */
#ifndef TRAIN_PIECES_H
#define TRAIN_PIECES_H

#include "parallel/partition.h"
#include "train/setup.h"

typedef struct {
    Part samples; /* of the global batch */
    int shard;    /* 0 without shards */
} Piece;

int pieces_global_samples(const Trainer *trainer);          /* of the step at hand */
int pieces_count(const Comm *comm, const Trainer *trainer); /* of this rank, at least 1 without shards */
Piece pieces_at(const Comm *comm, const Trainer *trainer, int i);
Part pieces_of_rank(const Comm *comm, const Trainer *trainer); /* all samples of this rank */
bool pieces_are_many(const Trainer *trainer);                  /* can any rank have more than one piece? */
int pieces_most_samples(const Comm *comm, const RunSettings *run, int64_t batch); /* the largest piece there can be */

#endif
