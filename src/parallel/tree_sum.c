/* tree_sum.c: a stack of complete nodes; two neighbours that are halves of one node become that node. */
#include "parallel/tree_sum.h"

#include <string.h>

#include "base/status.h"

static bool are_halves(TreeNode left, TreeNode right)
{
    return left.n == right.n && left.first % (2 * left.n) == 0 && right.first == left.first + left.n;
}

enum { BLOCK = 1 << 20 /* numbers that are summed at once */ };

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
    int deepest = 0, *of_rank = arena_cut(arena, (size_t)n_ranks, sizeof *of_rank);
    for (int r = 0; r < n_ranks; r++) {
        TreeNode node[2 * TREE_DEPTH];
        int most;
        const int n = range_nodes(partition_even(n_shards, r, n_ranks), node, &most);
        if (most > deepest) deepest = most;
        if (stack->n_complete + n > TREE_NODES)
            status_abort(__FILE__, __LINE__, "%d shards on %d ranks make more than %d nodes", n_shards, n_ranks,
                         TREE_NODES);
        memcpy(stack->complete + stack->n_complete, node, (size_t)n * sizeof *node);
        stack->n_complete += n;
        if (of_rank) of_rank[r] = n; /* not while the arena counts */
    }
    for (int i = 0; i < deepest; i++) stack->sum[i] = arena_cut(arena, (size_t)length, sizeof(real));
    stack->of_rank = of_rank;
    if (n_ranks == 1) return;
    stack->part = (BLOCK + n_ranks - 1) / n_ranks;
    stack->received = arena_cut(arena, (size_t)stack->n_complete * (size_t)stack->part, sizeof(real));
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
    TreeNode node[TREE_NODES];
    real *sum[TREE_NODES];
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

real *tree_sum_finish(const Comm *comm, const TreeStack *s)
{
    if (comm->n_ranks == 1) return s->sum[0];
    const int part = (int)s->part, ranks = comm->n_ranks;
    for (int64_t first = 0; first < s->length; first += (int64_t)part * ranks) {
        const int64_t left = s->length - first;
        const int length = left < (int64_t)part * ranks ? (int)left : part * ranks;
        comm_exchange_parts(comm, s->n_nodes, (const real *const *)s->sum, first, length, part, s->of_rank,
                            s->received);
        add_nodes(s->n_complete, s->complete, comm_part_length(length, part, comm->rank), s->received);
        comm_gather_parts(comm, s->received, length, part, s->scratch + first);
    }
    return s->scratch;
}
