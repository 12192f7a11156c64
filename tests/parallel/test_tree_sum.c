/* test_tree_sum.c: sums over shards have the bits of the tree on any number of ranks. Oracle: the tree itself, written
 * as a recursion over all shards on every rank. ranks: 1 2 3 4 */
#include "parallel/tree_sum.h"

#include "../harness.h"

/* Number i of shard s: of very different sizes, so that another order shows. */
static real number(int shard, int64_t i)
{
    return (real)ldexp(1 + 0.37 * (double)((shard * 7 + i) % 11), (int)((shard * 5 + i) % 24) - 12);
}

static real tree(int first, int n, int64_t i)
{
    return n == 1 ? number(first, i) : tree(first, n / 2, i) + tree(first + n / 2, n / 2, i);
}

static void add(int64_t n, const real *x, real *y)
{
    for (int64_t i = 0; i < n; i++) y[i] += x[i];
}

static void sum(const Comm *comm, int n_shards, int64_t length)
{
    Arena arena = {0};
    TreeStack stack;
    real *scratch = calloc((size_t)length, sizeof *scratch);
    tree_stack_init(&arena, n_shards, comm->n_ranks, length, add, scratch, &stack);
    arena_open(&arena);
    tree_stack_init(&arena, n_shards, comm->n_ranks, length, add, scratch, &stack);
    const Part mine = partition_even(n_shards, comm->rank, comm->n_ranks);
    int64_t wrong = 0, in_order = 0;
    for (int round = 0; round < 2; round++) {
        tree_stack_clear(&stack);
        for (int s = mine.first; s < mine.first + mine.n; s++) {
            real *leaf = tree_stack_leaf(&stack, s);
            for (int64_t i = 0; i < length; i++) leaf[i] = number(s, i);
            tree_stack_push(&stack, s);
        }
        const real *total = tree_sum_finish(comm, &stack);
        for (int64_t i = 0; i < length; i++) {
            real plain = 0;
            for (int s = 0; s < n_shards; s++) plain += number(s, i);
            wrong += total[i] != tree(0, n_shards, i);
            in_order += total[i] != plain;
        }
    }
    comm_sum_i64(comm, &wrong, 1);
    check(wrong == 0, "%d shards, %lld numbers: the bits of the tree on all ranks, twice", n_shards, (long long)length);
    if (n_shards >= 8) check(in_order > 0, "control: the order of the shards would give other bits");
    free(scratch);
    arena_close(&arena);
}

int main(int argc, char **argv)
{
    Comm comm;
    if (comm_init(&argc, &argv, &comm)) return 1;
    harness_speaks = comm.rank == 0;
    for (int n_shards = 1; n_shards <= 16; n_shards *= 2)
        if (n_shards >= comm.n_ranks) sum(&comm, n_shards, 1000 + n_shards);
    sum(&comm, 4, (1 << 20) + 4321); /* in two blocks */
    const int code = harness_done();
    comm_finalize(&comm);
    return code;
}
