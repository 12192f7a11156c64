/* tree_sum.c: a stack of complete nodes; two neighbours that are halves of one node become that node. */
#include "parallel/tree_sum.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static bool are_halves(TreeNode left, TreeNode right)
{
    return left.n == right.n && left.first % (2 * left.n) == 0 && right.first == left.first + left.n;
}

/* The nodes of a range of shards, in order; returns how many, and the most there were at once. */
static int range_nodes(Part range, TreeNode *node, int *most)
{
    int n = 0;
    *most = 0;
    for (int s = range.first; s < range.first + range.n; s++) {
        node[n++] = (TreeNode){s, 1};
        while (n > 1 && are_halves(node[n - 2], node[n - 1])) node[--n - 1].n *= 2;
        if (n > *most) *most = n;
    }
    return n;
}

void tree_stack_init(Arena *arena, int n_shards, int n_ranks, int64_t length,
                     void (*add)(int64_t, const real *, real *), real *scratch, TreeStack *stack)
{
    *stack = (TreeStack){.n_shards = n_shards, .length = length, .add = add, .scratch = scratch};
    int deepest = 0;
    for (int r = 0; r < n_ranks; r++) {
        TreeNode node[2 * TREE_DEPTH];
        int most;
        range_nodes(partition_even(n_shards, r, n_ranks), node, &most);
        if (most > deepest) deepest = most;
    }
    for (int i = 0; i < deepest; i++) stack->sum[i] = arena_cut(arena, (size_t)length, sizeof(real));
}

void tree_stack_clear(TreeStack *stack)
{
    stack->n_nodes = 0;
}

static bool completes_pair(const TreeStack *s, int shard)
{
    return s->n_nodes && are_halves(s->node[s->n_nodes - 1], (TreeNode){shard, 1});
}

real *tree_stack_leaf(const TreeStack *s, int shard)
{
    return completes_pair(s, shard) ? s->scratch : s->sum[s->n_nodes];
}

void tree_stack_push(TreeStack *s, int shard)
{
    if (completes_pair(s, shard)) {
        s->add(s->length, s->scratch, s->sum[s->n_nodes - 1]);
        s->node[s->n_nodes - 1].n = 2;
    } else {
        s->node[s->n_nodes++] = (TreeNode){shard, 1};
    }
    while (s->n_nodes > 1 && are_halves(s->node[s->n_nodes - 2], s->node[s->n_nodes - 1])) {
        s->n_nodes--;
        s->add(s->length, s->sum[s->n_nodes], s->sum[s->n_nodes - 1]);
        s->node[s->n_nodes - 1].n *= 2;
    }
}

/* Add received nodes, which lie one after the other in order, into the first: [n] numbers each. */
static void add_nodes(int n_nodes, const TreeNode *received, int n, real *data)
{
    TreeNode node[64];
    real *sum[64];
    int depth = 0;
    for (int i = 0; i < n_nodes; i++) {
        node[depth] = received[i];
        sum[depth++] = data + (size_t)i * (size_t)n;
        while (depth > 1 && are_halves(node[depth - 2], node[depth - 1])) {
            depth--;
            for (int j = 0; j < n; j++) sum[depth - 1][j] += sum[depth][j];
            node[depth - 1].n *= 2;
        }
    }
}

enum { BLOCK = 1 << 20 /* numbers that are summed at once */ };

real *tree_sum_finish(const Comm *comm, const TreeStack *s)
{
    if (comm->n_ranks == 1) return s->sum[0];
    const int ranks = comm->n_ranks;
    TreeNode node[64];
    int n_nodes = 0, *of_rank = memory_alloc((size_t)ranks, sizeof *of_rank), most;
    for (int r = 0; r < ranks; r++)
        n_nodes += of_rank[r] = range_nodes(partition_even(s->n_shards, r, ranks), node + n_nodes, &most);
    const int part = (BLOCK + ranks - 1) / ranks;
    real *received = memory_alloc((size_t)n_nodes * (size_t)part, sizeof *received);
    for (int64_t first = 0; first < s->length; first += (int64_t)part * ranks) {
        const int64_t left = s->length - first;
        const int length = left < (int64_t)part * ranks ? (int)left : part * ranks;
        comm_exchange_parts(comm, s->n_nodes, (const real *const *)s->sum, first, length, part, of_rank, received);
        const int mine = comm_part_length(length, part, comm->rank);
        add_nodes(n_nodes, node, mine, received);
        comm_gather_parts(comm, received, length, part, s->scratch + first);
    }
    free(received);
    free(of_rank);
    return s->scratch;
}
