/* pieces.c: samples dealt to ranks or shards by their tokens; a rank's samples cut into even pieces. */
#include "train/pieces.h"

#include <stdlib.h>

#include "base/memory.h"

int pieces_global_samples(const Trainer *t)
{
    const int64_t left = t->corpus.n - t->state.next_sample;
    return left < t->run->batch ? (int)left : (int)t->run->batch;
}

void pieces_deal(const Comm *comm, Trainer *t)
{
    const int n = pieces_global_samples(t), parts = t->n_shards ? t->n_shards : comm->n_ranks;
    const int *sample = t->order + t->state.next_sample;
    Dealing *d = &t->dealing;
    int *tokens = memory_alloc(2 * (size_t)n, sizeof *tokens), *part_of = tokens + n;
    if (!d->sample) d->sample = memory_alloc((size_t)t->run->batch, sizeof *d->sample);
    if (!d->first) d->first = memory_alloc((size_t)parts + 2, sizeof *d->first);
    for (int p = 0; p <= parts + 1; p++) d->first[p] = 0;
    for (int i = 0; i < n; i++) tokens[i] = corpus_length(&t->corpus, sample[i]);
    partition_balanced(n, tokens, parts, part_of);
    for (int i = 0; i < n; i++) d->first[part_of[i] + 2]++;
    for (int p = 2; p <= parts + 1; p++) d->first[p] += d->first[p - 1];
    for (int i = 0; i < n; i++) d->sample[d->first[part_of[i] + 1]++] = sample[i]; /* in the order of the batch */
    free(tokens);
}

void pieces_free(Dealing *d)
{
    free(d->sample);
    free(d->first);
    *d = (Dealing){0};
}

static int samples_of(const Trainer *t, int part)
{
    return t->dealing.first[part + 1] - t->dealing.first[part];
}

static int micro_pieces(const Trainer *t, int samples)
{
    const int micro = (int)t->run->work.micro_batch;
    return micro > 0 && samples > micro ? (samples + micro - 1) / micro : 1;
}

int pieces_count(const Comm *comm, const Trainer *t)
{
    if (t->n_shards) return partition_even(t->n_shards, comm->rank, comm->n_ranks).n;
    return micro_pieces(t, samples_of(t, comm->rank));
}

Piece pieces_at(const Comm *comm, const Trainer *t, int i)
{
    const Dealing *d = &t->dealing;
    if (t->n_shards) {
        const int shard = partition_even(t->n_shards, comm->rank, comm->n_ranks).first + i;
        return (Piece){d->sample + d->first[shard], samples_of(t, shard), shard};
    }
    const int n = samples_of(t, comm->rank);
    const Part cut = partition_even(n, i, micro_pieces(t, n));
    return (Piece){d->sample + d->first[comm->rank] + cut.first, cut.n, 0};
}

Piece pieces_to_trace(const Comm *comm, const Trainer *t)
{
    const Part part = partition_even(pieces_global_samples(t), comm->rank, comm->n_ranks);
    return (Piece){t->order + t->state.next_sample + part.first, part.n, 0};
}

bool pieces_are_many(const Trainer *t)
{
    return t->n_shards > 0 || t->run->work.micro_batch > 0;
}

int pieces_most_samples(const RunSettings *run, int64_t batch)
{
    const bool cuts = !run->work.reproducible && run->work.micro_batch > 0 && run->work.micro_batch < batch;
    return (int)(cuts ? run->work.micro_batch : batch);
}

int64_t pieces_most_tokens(const Comm *comm, const RunSettings *run, int64_t batch, int longest)
{
    const int64_t parts = run->work.reproducible ? run->work.shards : comm->n_ranks, each = (batch + parts - 1) / parts;
    const int64_t most = pieces_most_samples(run, batch);
    return (each < most ? each : most) * longest; /* no part gets more than each * longest: partition_balanced */
}
