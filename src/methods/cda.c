/* cda.c: an item is a text and its counterfactual; each step takes one of them by a coin of (seed, epoch, item), or
 * both. The objective is mlm's. */
#include "methods/cda.h"

#include <stddef.h>
#include <string.h>

#include "base/random.h"
#include "data/items.h"
#include "methods/mlm.h"

enum { ORIGINAL, SWAPPED, N_TEXTS };

typedef struct {
    bool both;
    double probability;
    const char *pairs, *names;
    int twice;
} CdaOptions;

static const char own_list[] = "own"; /* value of cda-pairs */

static const Setting key[] = {
    {"cda-both", SETTING_SWITCH, "no", "", 0, 0, offsetof(CdaOptions, both),
     "yes: an item is trained on as it is and swapped, in the same step"},
    {"cda-probability", SETTING_REAL, "0.5", "", 0, 1, offsetof(CdaOptions, probability),
     "of the swapped text, where an item is one of the two"},
    {"cda-pairs", SETTING_PATH, "", own_list, 0, 0, offsetof(CdaOptions, pairs),
     "swap any text by this list (a pair of words a line; collapse swap --help), or by the program's own; none: the "
     "data "
     "have both texts"},
    {"cda-pairs-twice", SETTING_CHOICE, "refuse", PAIRS_TWICE, 0, 0, offsetof(CdaOptions, twice),
     "a word with two counterparts: refuse the list, or take the first"},
    {"cda-names", SETTING_PATH, "", "", 0, 0, offsetof(CdaOptions, names),
     "names and counterparts, a pair a line, with cda-pairs"},
};

/* A running text, swapped by lists. */
static Status read_swapped(const Comm *comm, MethodRun *m, const char *path, const CorpusOptions *request)
{
    const CdaOptions *o = m->options;
    WordPairs pairs = {0}, names = {0};
    const char *list = strcmp(o->pairs, own_list) == 0 ? "" : o->pairs;
    Status status = word_pairs_read(comm, list, "", (PairsTwice)o->twice, &pairs);
    if (!status && o->names[0]) status = word_pairs_read(comm, o->names, "", (PairsTwice)o->twice, &names);
    const ItemsRequest items = {.format = (TableFormat)request->format,
                                .n_columns = N_TEXTS,
                                .column = {request->column},
                                .max_length = request->max_length,
                                .pairs = &pairs,
                                .names = o->names[0] ? &names : NULL,
                                .split = request->split};
    if (!status) status = items_read(comm, path, m->model->vocabulary, &items, &m->data);
    word_pairs_free(&pairs);
    word_pairs_free(&names);
    return status;
}

static Status read_texts(const Comm *comm, MethodRun *m, const char *path, CorpusOptions *request)
{
    const CdaOptions *o = m->options;
    const ItemsRequest items = {.format = (TableFormat)request->format,
                                .n_columns = N_TEXTS,
                                .max_length = request->max_length,
                                .cure = "or set cda-pairs = own, which swaps a running text"};
    CHECK(!request->pair || !request->pair[0], STATUS_USAGE, "method = cda reads no pairs; leave pair-column out");
    CHECK(o->pairs[0] || !o->names[0], STATUS_USAGE, "cda-names is for cda-pairs, which is not set");
    if (o->pairs[0]) return read_swapped(comm, m, path, request);
    return items_read(comm, path, m->model->vocabulary, &items, &m->data);
}

/* The coin of an item in this epoch. */
static bool takes_swapped(const MethodRun *m, int number)
{
    const CdaOptions *o = m->options;
    const RandomKey key_of_coin = random_key(m->masking.seed, RANDOM_CHOICE, 0, m->masking.epoch, (uint32_t)number);
    uint32_t word[4];
    random_words(&key_of_coin, 0, word);
    return random_unit(word[0]) < o->probability;
}

static void fill(MethodRun *m, const BatchItem *item, int n, Batch *batch)
{
    const CdaOptions *o = m->options;
    batch_clear(batch);
    for (int i = 0; i < n; i++) {
        const int one = takes_swapped(m, item[i].number) ? SWAPPED : ORIGINAL;
        for (int text = 0; text < N_TEXTS; text++) {
            const uint32_t stream = (uint32_t)(item[i].number * N_TEXTS + text);
            if (!o->both && text != one) continue;
            batch_mask(m->model->vocabulary, &m->masking, batch_add(&m->data, item[i], text, stream, batch), stream,
                       batch);
        }
    }
}

static const MethodValue usual[] = {{"batch", "16"}, {"learning-rate", "5e-5"}, {"epochs", "1"}, {NULL, NULL}};

const Method method_cda = {.name = "cda",
                           .summary = "masked-LM training on texts and their gender-swapped copies, by a coin or both",
                           .usual = usual,
                           .key = key,
                           .n_keys = sizeof key / sizeof key[0],
                           .options_bytes = sizeof(CdaOptions),
                           .own_bytes = sizeof(MlmOwn),
                           .read = read_texts,
                           .lay_out = mlm_lay_out,
                           .fill = fill,
                           .add = mlm_add};
