/* portions.c: samples dealt to ranks or shards by their tokens; a rank's samples cut into even portions. */
#include "train/portions.h"

static int parts_of(const PortionRule *r)
{
    return r->n_shards ? r->n_shards : r->n_ranks;
}

bool portions_are_many(const PortionRule *r)
{
    return r->n_shards > 0 || r->micro_batch > 0;
}

static int most_items(const PortionRule *r)
{
    const bool cuts = !r->n_shards && r->micro_batch > 0 && r->micro_batch < r->batch;
    return cuts ? r->micro_batch : r->batch;
}

int portions_most_samples(const PortionRule *r)
{
    return most_items(r) * r->per_item;
}

/* No part gets more items' worth of tokens than this times the longest: partition_balanced. */
static int64_t items_of_part(const PortionRule *r)
{
    return (r->batch + parts_of(r) - 1) / parts_of(r);
}

int64_t portions_most_tokens(const PortionRule *r)
{
    const int64_t each = items_of_part(r), most = most_items(r);
    return (each < most ? each : most) * r->per_item * r->longest;
}

static int most_portions(const PortionRule *r)
{
    if (r->n_shards) return (r->n_shards + r->n_ranks - 1) / r->n_ranks;
    return (r->batch + most_items(r) - 1) / most_items(r);
}

int64_t portions_all_tokens(const PortionRule *r)
{
    return (r->n_shards ? most_portions(r) : 1) * items_of_part(r) * r->per_item * r->longest;
}

void portions_init(Arena *arena, const PortionRule *rule, Portions *p)
{
    const size_t batch = (size_t)rule->batch, parts = (size_t)parts_of(rule);
    const int most = most_portions(rule);
    *p = (Portions){.rule = *rule};
    p->portion = arena_cut(arena, (size_t)most, sizeof *p->portion);
    batch_init(arena, rule->batch * rule->per_item + most, (int)portions_all_tokens(rule),
               &p->pool); /* every offset has one more */
    p->item = arena_cut(arena, batch, sizeof *p->item);
    p->first = arena_cut(arena, parts + 2, sizeof(int));
    p->tokens = arena_cut(arena, batch, sizeof(int));
    p->part_of = arena_cut(arena, batch, sizeof(int));
    p->scratch = arena_cut(arena, batch + parts, sizeof *p->scratch);
}

/* item, first: the items of part 0 in the order of the batch, of part 1, ... */
static void deal(Portions *p, const Dataset *data, const int *number, int n)
{
    const int parts = parts_of(&p->rule);
    int *first = p->first;
    for (int i = 0; i < n; i++) p->tokens[i] = data->is_padded ? data->longest : dataset_item_length(data, number[i]);
    partition_balanced(n, p->tokens, parts, p->part_of, p->scratch);
    for (int k = 0; k <= parts + 1; k++) first[k] = 0;
    for (int i = 0; i < n; i++) first[p->part_of[i] + 2]++;
    for (int k = 2; k <= parts + 1; k++) first[k] += first[k - 1];
    for (int i = 0; i < n; i++) p->item[first[p->part_of[i] + 1]++] = (BatchItem){number[i], i};
}

/* One more portion: n items. It lies behind the others in the pool. */
static void pack(Portions *p, MethodRun *method, const BatchItem *item, int n, int shard)
{
    const Packed *last = p->n ? &p->portion[p->n - 1].batch.packed : NULL;
    Portion *portion = &p->portion[p->n++];
    portion->shard = shard;
    batch_behind(&p->pool, last, &portion->batch);
    method->method->fill(method, item, n, &portion->batch);
}

void portions_deal(Portions *p, MethodRun *method, const int *number, int n)
{
    const PortionRule *r = &p->rule;
    deal(p, &method->data, number, n);
    p->n = 0;
    if (r->n_shards) {
        const Part mine = partition_even(r->n_shards, r->rank, r->n_ranks);
        for (int s = mine.first; s < mine.first + mine.n; s++)
            pack(p, method, p->item + p->first[s], p->first[s + 1] - p->first[s], s);
        return;
    }
    const BatchItem *mine = p->item + p->first[r->rank];
    const int n_mine = p->first[r->rank + 1] - p->first[r->rank];
    const bool cuts = r->micro_batch > 0 && n_mine > r->micro_batch;
    const int n_portions = cuts ? (n_mine + r->micro_batch - 1) / r->micro_batch : 1;
    for (int i = 0; i < n_portions; i++) {
        const Part cut = partition_even(n_mine, i, n_portions);
        pack(p, method, mine + cut.first, cut.n, 0);
    }
}
