/* partition.h: who owns what. Contiguous blocks of one globally ordered list. Local. */
#ifndef PARALLEL_PARTITION_H
#define PARALLEL_PARTITION_H

typedef struct {
    int first, n; /* items first .. first + n - 1 */
} Part;

/* The part of `rank` when n items are dealt to n_ranks as evenly as possible; n may be smaller than
 * n_ranks, and a part may be empty. */
Part partition_even(int n, int rank, int n_ranks);

#endif
