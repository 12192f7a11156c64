/* test_cda.c: which of an item's two texts is trained on. Oracles: shares of a fair and of an unfair coin over many
 * items and epochs; the samples of the two texts by hand.
 * ranks: 1 */
#include "methods/cda.h"

#include <stdlib.h>

#include "../harness.h"
#include "base/log.h"
#include "base/memory.h"

enum { ITEMS = 400 };

static const char *const pieces[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "he", "she", "sings"};

typedef struct {
    bool both;
    double probability;
    const char *pairs, *names;
    int twice;
} Options;

typedef struct {
    Arena arena;
    Model model;
    Batch batch;
    MethodRun run;
    Options options;
    BatchItem item[ITEMS];
} Bench;

static void lay_out(Bench *s)
{
    batch_init(&s->arena, 2 * ITEMS, 8 * ITEMS, &s->batch);
}

/* Item i is "he sings" and "she sings". */
static bool make(const Comm *comm, Bench *s)
{
    Tokenizer tokenizer;
    char path[400];
    const char *base = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/cda.csv", base ? base : "/tmp");
    FILE *f = fopen(path, "w");
    fprintf(f, "text,swapped\n");
    for (int i = 0; i < ITEMS; i++) fprintf(f, "he sings,she sings\n"), s->item[i] = (BatchItem){i, i};
    fclose(f);
    if (tokenizer_plain("by hand", pieces, 8, true, &tokenizer)) return false;
    s->model.vocabulary = vocabulary_from(&tokenizer);
    tokenizer_free(&tokenizer);
    lay_out(s);
    arena_open(&s->arena);
    lay_out(s);
    s->run = (MethodRun){.method = &method_cda, .options = &s->options, .model = &s->model, .masking = {.seed = 7}};
    CorpusOptions request = {.max_length = 8};
    s->options = (Options){.pairs = "", .names = ""};
    return method_cda.read(comm, &s->run, path, &request) == STATUS_OK && s->run.data.n == ITEMS;
}

/* Samples that are the second text, over all samples of an epoch; each must hold the piece of its text. */
static double share(Bench *s, uint32_t epoch)
{
    int swapped = 0, wrong = 0;
    s->run.masking.epoch = epoch;
    method_cda.fill(&s->run, s->item, ITEMS, &s->batch);
    const Packed *p = &s->batch.packed;
    for (int b = 0; b < p->n_samples; b++) {
        swapped += s->batch.text[b];
        wrong += p->id[p->offset[b] + 1] != (s->batch.text[b] ? 6 : 5);
    }
    check(wrong == 0, "epoch %d: every sample is the text it says", (int)epoch);
    return (double)swapped / p->n_samples;
}

int main(int argc, char **argv)
{
    Comm comm;
    static Bench s;
    if (comm_init(&argc, &argv, &comm)) return 1;
    log_init(false);
    if (check(make(&comm, &s), "two columns are read: %s", status_message())) {
        s.options = (Options){false, 0.5, "", "", 0};
        const double one = share(&s, 0), other = share(&s, 1);
        int32_t first[ITEMS], differ = 0;
        for (int b = 0; b < ITEMS; b++) first[b] = s.batch.text[b];
        check(s.batch.packed.n_samples == ITEMS, "one sample an item");
        check(fabs(one - 0.5) < 0.1 && fabs(other - 0.5) < 0.1, "a fair coin: %.3f %.3f", one, other);
        share(&s, 1);
        for (int b = 0; b < ITEMS; b++) differ += first[b] != s.batch.text[b];
        check(differ == 0, "the coin is a function of seed, epoch and item");
        share(&s, 0);
        for (int b = 0; b < ITEMS; b++) differ += first[b] != s.batch.text[b];
        check(differ > ITEMS / 4, "another epoch tosses again: %d of %d differ", differ, ITEMS);
        s.options.probability = 0.2;
        const double unfair = share(&s, 2);
        check(fabs(unfair - 0.2) < 0.07, "an unfair coin: %.3f", unfair);
        s.options.probability = 0;
        check(share(&s, 0) == 0, "probability 0: the texts as they are");
        s.options = (Options){true, 0, "", "", 0};
        check(share(&s, 0) == 0.5 && s.batch.packed.n_samples == 2 * ITEMS, "both: each item is two samples");
    }
    dataset_free(&s.run.data);
    vocabulary_free(s.model.vocabulary);
    arena_close(&s.arena);
    const int code = harness_done();
    comm_finalize(&comm);
    return code;
}
