/* partition.c: even contiguous parts, the first n mod n_ranks one item longer; and parts of even cost. */
#include "parallel/partition.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"

Part partition_even(int n, int rank, int n_ranks)
{
    int each = n / n_ranks, longer = n % n_ranks;
    Part part = {rank * each + (rank < longer ? rank : longer), each + (rank < longer)};
    return part;
}

typedef struct {
    int64_t load; /* or minus the cost of an item */
    int number;
} Load;

static int by_load(const void *a, const void *b)
{
    const Load *x = a, *y = b;
    if (x->load != y->load) return x->load < y->load ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Restore the order of a heap (smallest first) after its first entry has grown. */
static void sift_down(int n, Load *heap)
{
    for (int at = 0;;) {
        int least = at;
        for (int child = 2 * at + 1; child <= 2 * at + 2 && child < n; child++)
            if (by_load(&heap[child], &heap[least]) < 0) least = child;
        if (least == at) return;
        const Load moved = heap[at];
        heap[at] = heap[least];
        heap[least] = moved;
        at = least;
    }
}

void partition_balanced(int n, const int *cost, int n_parts, int *part_of)
{
    Load *item = memory_alloc((size_t)n + (size_t)n_parts, sizeof *item), *heap = item + n;
    for (int i = 0; i < n; i++) item[i] = (Load){-(int64_t)cost[i], i};
    for (int p = 0; p < n_parts; p++) heap[p] = (Load){0, p};
    qsort(item, (size_t)n, sizeof *item, by_load);
    for (int i = 0; i < n; i++) {
        part_of[item[i].number] = heap[0].number;
        heap[0].load -= item[i].load;
        sift_down(n_parts, heap);
    }
    free(item);
}
