/* partition.c: even contiguous parts, the first n mod n_ranks one item longer; and parts of even cost. */
#include "parallel/partition.h"

#include <stdbool.h>

Part partition_even(int n, int rank, int n_ranks)
{
    int each = n / n_ranks, longer = n % n_ranks;
    Part part = {rank * each + (rank < longer ? rank : longer), each + (rank < longer)};
    return part;
}

static bool comes_first(const PartitionLoad *x, const PartitionLoad *y)
{
    return x->load != y->load ? x->load < y->load : x->number < y->number;
}

/* Restore the order of a heap (least first) below its entry `at`. */
static void sift_down(int n, PartitionLoad *heap, int at)
{
    for (;;) {
        int least = at;
        for (int child = 2 * at + 1; child <= 2 * at + 2 && child < n; child++)
            if (comes_first(&heap[child], &heap[least])) least = child;
        if (least == at) return;
        const PartitionLoad moved = heap[at];
        heap[at] = heap[least];
        heap[least] = moved;
        at = least;
    }
}

void partition_balanced(int n, const int *cost, int n_parts, int *part_of, PartitionLoad *scratch)
{
    PartitionLoad *item = scratch, *part = scratch + n;
    for (int i = 0; i < n; i++) item[i] = (PartitionLoad){-(int64_t)cost[i], i};
    for (int p = 0; p < n_parts; p++) part[p] = (PartitionLoad){0, p};
    for (int i = n / 2; i >= 0; i--) sift_down(n, item, i);
    for (int left = n; left > 0; left--) { /* the costliest item that is left, to the part with the least */
        part_of[item[0].number] = part[0].number;
        part[0].load -= item[0].load;
        sift_down(n_parts, part, 0);
        item[0] = item[left - 1];
        sift_down(left - 1, item, 0);
    }
}
