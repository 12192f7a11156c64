/* partition.h: who owns what. Local. */
#ifndef PARALLEL_PARTITION_H
#define PARALLEL_PARTITION_H

#include <stdint.h>

typedef struct {
    int first, n; /* items first .. first + n - 1 */
} Part;

/* The part of `rank` when n items are dealt to n_ranks as evenly as possible; n may be smaller than
 * n_ranks, and a part may be empty. */
Part partition_even(int n, int rank, int n_ranks);

typedef struct {
    int64_t load; /* of a part; or minus the cost of an item */
    int number;
} PartitionLoad;

/* Deal n items of the given costs to n_parts parts: the costliest first, each to the part with the least so far
 * (Graham 1969). part_of [n]; scratch [n + n_parts]. No part gets more than ceil(n / n_parts) times the largest cost.
 */
void partition_balanced(int n, const int *cost, int n_parts, int *part_of, PartitionLoad *scratch);

#endif
