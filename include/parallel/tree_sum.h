/* tree_sum.h: sums whose order does not depend on the number of ranks.
 *
 * S shards (a power of two) are the leaves of a complete binary tree; a node is the sum of its left and
 * its right half, in this order. Each rank owns a contiguous range of shards and adds what lies wholly
 * within it: a TreeStack holds the nodes that are complete. tree_sum_finish then adds the nodes of all
 * ranks along the same tree. So the result has the same bits on 1, 2, ... S ranks. */
#ifndef PARALLEL_TREE_SUM_H
#define PARALLEL_TREE_SUM_H

#include <stdbool.h>

#include "base/arena.h"
#include "parallel/comm.h"
#include "parallel/partition.h"

enum { TREE_DEPTH = 12 /* at most 2^11 shards */, TREE_NODES = 64 };

typedef struct {
    int first, n; /* shards first .. first + n - 1; n a power of two, first a multiple of it */
} TreeNode;

typedef struct {
    int n_shards;
    int64_t length; /* numbers of one shard's array */
    TreeNode node[2 * TREE_DEPTH];
    real *sum[2 * TREE_DEPTH]; /* [length] each; live in the arena */
    real *scratch;             /* borrowed [length]: the right half of a pair */
    int n_nodes;
    /* of all ranks, for tree_sum_finish */
    TreeNode complete[TREE_NODES];                  /* the nodes of rank 0's range, of rank 1's, ... */
    int n_complete, *of_rank;                       /* [n_ranks] how many are of a rank */
    int64_t part;                                   /* numbers a rank adds at once */
    real *received;                                 /* [n_complete, part]; one rank: NULL */
    void (*add)(int64_t n, const real *x, real *y); /* y += x, element by element */
} TreeStack;

/* Cut as many buffers as the ranges of n_ranks ranks need at most. scratch [length], add: borrowed. */
void tree_stack_init(Arena *arena, int n_shards, int n_ranks, int64_t length,
                     void (*add)(int64_t, const real *, real *), real *scratch, TreeStack *stack);
void tree_stack_clear(TreeStack *stack);
/* Where the array of the next shard of this rank is to be formed (not cleared), so that it need not be copied; then
 * tree_stack_push adds it. Shards come in ascending order. Local. */
real *tree_stack_leaf(const TreeStack *stack, int shard);
void tree_stack_push(TreeStack *stack, int shard);

/* The sum over all shards of all ranks [length], in one of the stack's arrays or in scratch; ranges of shards as
 * partition_even deals them. Collective. */
real *tree_sum_finish(const Comm *comm, const TreeStack *stack);

#endif
