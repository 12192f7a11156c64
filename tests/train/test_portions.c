/* test_portions.c: a batch is dealt to ranks or shards whole, within the bounds that memory is laid out for, and a
 * portion holds what its items packed alone would. Oracle: identities over all ranks, and batch_fill. */
#include "train/portions.h"

#include "../harness.h"

enum { ITEMS = 61, LONGEST = 19, VOCAB = 40 };

static Dataset data;
static Vocabulary *vocabulary;

static void make_data(void)
{
    static char name[VOCAB][8];
    const char *piece[VOCAB];
    for (int i = 0; i < VOCAB; i++) {
        snprintf(name[i], sizeof name[i], "p%d", i);
        piece[i] = i < N_SPECIALS ? vocabulary_special_text((Special)i) : name[i];
    }
    if (vocabulary_new("test", piece, VOCAB, true, &vocabulary)) exit(2);
    data = (Dataset){.n = ITEMS, .n_texts = 1, .longest = LONGEST};
    data.offset = calloc(ITEMS + 1, sizeof *data.offset);
    data.id = calloc(ITEMS * LONGEST, sizeof *data.id);
    for (int i = 0; i < ITEMS; i++) {
        const int length = i % 7 == 0 ? LONGEST : 3 + i * i % 11;
        for (int t = 0; t < length; t++) data.id[data.offset[i] + t] = N_SPECIALS + (i + 3 * t) % (VOCAB - N_SPECIALS);
        data.offset[i + 1] = data.offset[i] + length;
    }
}

static void fill(MethodRun *m, const BatchItem *item, int n, Batch *batch)
{
    batch_fill(&m->data, vocabulary, item, n, &m->masking, batch);
}

static const Method method = {.name = "test", .fill = fill};

typedef struct {
    bool complete, ordered, bounded, alike;
    int part_of[ITEMS]; /* rank or shard of an item */
} Found;

/* Does the portion hold what its items packed alone would? */
static bool is_alike(MethodRun *m, const Batch *b)
{
    Arena arena = {0};
    Batch alone;
    BatchItem item[ITEMS];
    batch_init(&arena, ITEMS, ITEMS * LONGEST, &alone);
    arena_open(&arena);
    batch_init(&arena, ITEMS, ITEMS * LONGEST, &alone);
    for (int i = 0; i < b->packed.n_samples; i++) item[i] = (BatchItem){(int)b->item[i], b->place[i]};
    fill(m, item, b->packed.n_samples, &alone);
    const size_t n = (size_t)b->packed.n_tokens * sizeof(int);
    const bool same =
        b->packed.n_tokens == alone.packed.n_tokens && b->n_labels == alone.n_labels &&
        memcmp(b->packed.id, alone.packed.id, n) == 0 && memcmp(b->label, alone.label, n) == 0 &&
        memcmp(b->packed.position, alone.packed.position, n) == 0 &&
        memcmp(b->packed.offset, alone.packed.offset, ((size_t)b->packed.n_samples + 1) * sizeof(int)) == 0;
    arena_close(&arena);
    return same;
}

/* All ranks of a rule, one after the other. */
static Found deal(int n_ranks, int n_shards, int micro, int batch, const int *number, int n)
{
    Found f = {true, true, true, true, {0}};
    int seen[ITEMS] = {0};
    for (int rank = 0; rank < n_ranks; rank++) {
        const PortionRule rule = {rank, n_ranks, n_shards, micro, batch, 1, LONGEST};
        MethodRun m = {.method = &method, .data = data, .masking = {0.3, 5, 1}};
        Arena arena = {0};
        Portions p;
        portions_init(&arena, &rule, &p);
        arena_open(&arena);
        portions_init(&arena, &rule, &p);
        portions_deal(&p, &m, number, n);
        for (int i = 0; i < p.n; i++) {
            const Batch *b = &p.portion[i].batch;
            for (int s = 0; s < b->packed.n_samples; s++) {
                f.ordered = f.ordered && (s == 0 || b->place[s] > b->place[s - 1]) && number[b->place[s]] == b->item[s];
                f.part_of[b->place[s]] = n_shards ? p.portion[i].shard : rank;
                seen[b->place[s]]++;
            }
            f.bounded = f.bounded && b->packed.n_samples <= portions_most_samples(&rule) &&
                        b->packed.n_tokens <= portions_most_tokens(&rule);
        }
        for (int i = 0; i < p.n; i++)
            f.alike = f.alike && is_alike(&m, &p.portion[i].batch); /* none disturbed another */
        f.bounded = f.bounded && (n_shards || p.n >= 1);
        arena_close(&arena);
    }
    for (int i = 0; i < n; i++) f.complete = f.complete && seen[i] == 1;
    return f;
}

int main(void)
{
    make_data();
    int number[ITEMS];
    for (int i = 0; i < ITEMS; i++) number[i] = (i * 17 + 5) % ITEMS;
    Found all = {true, true, true, true, {0}};
    for (int ranks = 1; ranks <= 5; ranks++)
        for (int micro = 0; micro <= 3; micro++)
            for (int n = 1; n <= 24; n += n < 6 ? 1 : 6) {
                const Found f = deal(ranks, 0, micro, 24, number, n);
                all.complete &= f.complete, all.ordered &= f.ordered, all.bounded &= f.bounded, all.alike &= f.alike;
            }
    check(all.complete, "every item goes to one rank, also with fewer items than ranks");
    check(all.ordered, "a portion's items are in the order of the batch and know their places");
    check(all.bounded, "no portion is above the bounds that memory is laid out for; no rank is without one");
    check(all.alike, "a portion holds what its items packed alone would: masks too");
    bool same = true, whole = true;
    const Found one = deal(1, 8, 0, 24, number, 24);
    for (int ranks = 2; ranks <= 8; ranks++) {
        const Found f = deal(ranks, 8, 0, 24, number, 24);
        same = same && memcmp(f.part_of, one.part_of, sizeof one.part_of) == 0;
        whole = whole && f.complete && f.bounded && f.alike;
    }
    check(same, "shards do not depend on the ranks");
    check(whole, "and are complete, bounded, alike");
    free(data.id), free(data.offset);
    vocabulary_free(vocabulary);
    return harness_done();
}
