/* pieces.c: even, contiguous cuts. */
#include "train/pieces.h"

int pieces_global_samples(const Trainer *t)
{
    const int64_t left = t->corpus.n - t->state.next_sample;
    return left < t->run->batch ? (int)left : (int)t->run->batch;
}

static int micro_pieces(const Trainer *t, int samples)
{
    const int micro = (int)t->run->micro_batch;
    return micro > 0 && samples > micro ? (samples + micro - 1) / micro : 1;
}

int pieces_count(const Comm *comm, const Trainer *t)
{
    if (t->n_shards) return partition_even(t->n_shards, comm->rank, comm->n_ranks).n;
    return micro_pieces(t, partition_even(pieces_global_samples(t), comm->rank, comm->n_ranks).n);
}

Piece pieces_at(const Comm *comm, const Trainer *t, int i)
{
    const int n = pieces_global_samples(t);
    if (t->n_shards) {
        const int shard = partition_even(t->n_shards, comm->rank, comm->n_ranks).first + i;
        return (Piece){partition_even(n, shard, t->n_shards), shard};
    }
    const Part mine = partition_even(n, comm->rank, comm->n_ranks);
    Part samples = partition_even(mine.n, i, micro_pieces(t, mine.n));
    samples.first += mine.first;
    return (Piece){samples, 0};
}

Part pieces_of_rank(const Comm *comm, const Trainer *t)
{
    const int n = pieces_global_samples(t);
    if (!t->n_shards) return partition_even(n, comm->rank, comm->n_ranks);
    const Part shards = partition_even(t->n_shards, comm->rank, comm->n_ranks);
    Part samples = {partition_even(n, shards.first, t->n_shards).first, 0};
    for (int s = 0; s < shards.n; s++) samples.n += partition_even(n, shards.first + s, t->n_shards).n;
    return samples;
}

bool pieces_are_many(const Trainer *t)
{
    return t->n_shards > 0 || t->run->micro_batch > 0;
}

int pieces_most_samples(const Comm *comm, const RunSettings *run, int64_t batch)
{
    const int64_t parts = run->reproducible ? run->shards : comm->n_ranks;
    const int64_t samples = (batch + parts - 1) / parts;
    return (int)(!run->reproducible && run->micro_batch > 0 && run->micro_batch < samples ? run->micro_batch : samples);
}
