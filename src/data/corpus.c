/* corpus.c: text -> samples on rank 0 -> ids, every rank its share over its threads -> all ranks. */
#include "data/corpus.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/timer.h"
#include "corpus_cache.h"
#include "corpus_text.h"
#include "data/items.h"
#include "data/texts.h"
#include "data/wordpiece.h"
#include "io/file.h"
#include "io/table.h"
#include "kernels/team.h"

/* --- ids of a range of samples ------------------------------------------------------------------- */

typedef struct {
    const Vocabulary *vocabulary;
    const CorpusOptions *options;
    int max_length; /* in force */
} Encoder;

/* The ids of samples next to each other. */
typedef struct {
    IdList ids;
    int32_t *length; /* owned [n]; 0: nothing but control characters */
    int n, n_cut;
} Encoded;

static int count_words(Slice text)
{
    int n = 0;
    bool inside = false;
    for (size_t i = 0; i < text.length; i++) {
        const char c = text.start[i];
        const bool is_space = c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
        n += !is_space && !inside;
        inside = !is_space;
    }
    return n;
}

static int power_of_two_length(const SampleList *list, int limit)
{
    int most = 1, power = 1;
    for (size_t i = 0; i < list->n; i++) {
        const int words = count_words(list->sample[i]);
        if (words > most) most = words;
    }
    while (power < most) power *= 2;
    return power < limit ? power : limit;
}

static void encode_sample(const Encoder *e, Slice text, Encoded *out)
{
    IdList *ids = &out->ids;
    const int longest = e->max_length;
    const size_t start = ids->n;
    id_list_add(ids, vocabulary_special(e->vocabulary, SPECIAL_CLS));
    wordpiece_encode(e->vocabulary, text, ids);
    if (ids->n == start + 1) {
        ids->n = start;
        out->length[out->n++] = 0;
        return;
    }
    const bool is_cut = ids->n - start > (size_t)longest - 1;
    const bool keeps_separator = !(is_cut && e->options->cut_separator);
    if (is_cut) {
        out->n_cut++;
        const size_t kept = (size_t)longest - (keeps_separator ? 1 : 0);
        if (ids->n - start > kept) ids->n = start + kept;
    }
    if (keeps_separator) id_list_add(ids, vocabulary_special(e->vocabulary, SPECIAL_SEP));
    while (e->options->pad_masked && ids->n - start < (size_t)longest)
        id_list_add(ids, vocabulary_special(e->vocabulary, SPECIAL_MASK));
    out->length[out->n++] = (int32_t)(ids->n - start);
}

enum { BLOCK_SAMPLES = 256 /* of a thread at a time */ };

/* Samples of this rank, over its threads; the result is in their order. */
static Encoded encode_range(const Encoder *e, const Slice *sample, int n)
{
    const int n_blocks = (n + BLOCK_SAMPLES - 1) / BLOCK_SAMPLES;
    Encoded *block = memory_alloc((size_t)n_blocks + 1, sizeof *block), all = {0};
    int64_t bytes = 0;
    for (int i = 0; i < n; i++) bytes += (int64_t)sample[i].length;
#pragma omp parallel for schedule(dynamic) num_threads(team_for_text(bytes))
    for (int b = 0; b < n_blocks; b++) {
        const int first = b * BLOCK_SAMPLES, end = first + BLOCK_SAMPLES < n ? first + BLOCK_SAMPLES : n;
        block[b].length = memory_alloc(BLOCK_SAMPLES, sizeof *block[b].length);
        if (interrupt_caught()) continue; /* the caller asks too */
        if (omp_get_thread_num() == 0) log_share("tokenizing", (double)b / n_blocks);
        for (int i = first; i < end; i++) encode_sample(e, sample[i], &block[b]);
    }
    size_t n_ids = 0;
    for (int b = 0; b < n_blocks; b++) n_ids += block[b].ids.n;
    all.ids.id = memory_alloc(n_ids + 1, sizeof *all.ids.id);
    all.length = memory_alloc((size_t)n + 1, sizeof *all.length);
    for (int b = 0; b < n_blocks; b++) {
        if (block[b].ids.n) memcpy(all.ids.id + all.ids.n, block[b].ids.id, block[b].ids.n * sizeof *all.ids.id);
        memcpy(all.length + all.n, block[b].length, (size_t)block[b].n * sizeof *all.length);
        all.ids.n += block[b].ids.n;
        all.n += block[b].n;
        all.n_cut += block[b].n_cut;
        free(block[b].ids.id);
        free(block[b].length);
    }
    free(block);
    return all;
}

static void free_encoded(Encoded *e)
{
    free(e->ids.id);
    free(e->length);
    *e = (Encoded){0};
}

/* --- over ranks ----------------------------------------------------------------------------------- */

/* Rank r tokenizes the r-th part of the samples; list: rank 0 only. Returns this rank's part. Collective. */
static Encoded encode_shared(const Comm *comm, const Encoder *e, const SampleList *list)
{
    Texts mine = {0};
    texts_deal(comm, list->sample, (int)list->n, &mine);
    Encoded encoded = encode_range(e, mine.text, mine.n);
    texts_free(&mine);
    return encoded;
}

/* The parts of all ranks, on rank 0, as a corpus. Collective. */
static void collect(const Comm *comm, const Encoded *mine, Dataset *corpus)
{
    int64_t count[] = {(int64_t)mine->ids.n, mine->n, mine->n_cut};
    comm_sum_i64(comm, count, 3);
    const bool here = comm->rank == 0;
    int32_t *length = here ? memory_alloc((size_t)count[1] + 1, sizeof *length) : NULL;
    if (here) corpus->id = memory_alloc((size_t)count[0] + 1, sizeof *corpus->id);
    comm_gather(comm, mine->ids.id, (int64_t)mine->ids.n * (int64_t)sizeof *mine->ids.id, corpus->id);
    comm_gather(comm, mine->length, mine->n * (int64_t)sizeof *mine->length, length);
    if (!here) return;
    corpus->offset = memory_alloc((size_t)count[1] + 1, sizeof *corpus->offset);
    corpus->n_cut = (int)count[2];
    for (int64_t i = 0; i < count[1]; i++) {
        if (!length[i]) continue;
        if (length[i] > corpus->longest) corpus->longest = length[i];
        corpus->offset[corpus->n + 1] = corpus->offset[corpus->n] + length[i];
        corpus->n++;
    }
    free(length);
}

/* Rank 0's part of tokenize: samples, and the length in force. */
static Status split_text(Table *table, int place, const CorpusOptions *options, SampleList *list, Encoder *encoder)
{
    TRY(corpus_text_split(table, place, options->split, list));
    if (options->cut_separator) encoder->max_length = power_of_two_length(list, options->max_length);
    CHECK(encoder->max_length >= 3, STATUS_DATA, "%s: samples would be cut to %d pieces; at least 3 are needed",
          table->path, encoder->max_length);
    char *remark = table_remark(table);
    if (remark) log_line("%s", remark);
    free(remark);
    return STATUS_OK;
}

/* table: rank 0 only. */
static Status tokenize(const Comm *comm, const char *path, Table *table, int place, const Vocabulary *vocabulary,
                       const CorpusOptions *options, Dataset *corpus)
{
    const double began_s = timer_now();
    SampleList list = {0};
    Encoder encoder = {vocabulary, options, options->max_length};
    Status status = comm->rank == 0 ? split_text(table, place, options, &list, &encoder) : STATUS_OK;
    status = comm_agree(comm, status);
    if (!status) {
        comm_broadcast(comm, &encoder.max_length, sizeof encoder.max_length);
        Encoded mine = encode_shared(comm, &encoder, &list);
        status = comm_agree(comm, interrupt_status());
        if (!status) collect(comm, &mine, corpus);
        free_encoded(&mine);
    }
    if (!status) {
        corpus->max_length = encoder.max_length;
        if (comm->rank == 0 && corpus->n == 0)
            status = status_set(STATUS_DATA, __FILE__, __LINE__, "%s: holds no text to train on", path);
        status = comm_agree(comm, status);
    }
    free(list.sample);
    const double took_s = timer_now() - began_s;
    if (!status && took_s > 0.5)
        log_line("%s: tokenized in %.1f s, %.0f MB/s", path, took_s, 1e-6 * (double)table->length / took_s);
    return status;
}

/* corpus from rank 0 to all. */
static void share(const Comm *comm, Dataset *corpus)
{
    struct {
        int n, longest, n_cut, max_length;
        int64_t n_ids;
    } shape = {corpus->n, corpus->longest, corpus->n_cut, corpus->max_length, 0};
    if (comm->rank == 0) shape.n_ids = corpus->offset[corpus->n];
    comm_broadcast(comm, &shape, sizeof shape);
    if (comm->rank > 0) {
        *corpus = (Dataset){
            .n = shape.n, .n_texts = 1, .longest = shape.longest, .n_cut = shape.n_cut, .max_length = shape.max_length};
        corpus->id = memory_alloc((size_t)shape.n_ids, sizeof *corpus->id);
        corpus->offset = memory_alloc((size_t)shape.n + 1, sizeof *corpus->offset);
    }
    comm_broadcast(comm, corpus->id, shape.n_ids * (int64_t)sizeof *corpus->id);
    comm_broadcast(comm, corpus->offset, ((int64_t)shape.n + 1) * (int64_t)sizeof *corpus->offset);
}

/* rank 0: is the cache of this text and of these rules? */
static bool read_cache(const char *cache, const CorpusKey *key, Dataset *corpus)
{
    if (!corpus_cache_is(cache)) return false;
    bool is_same = false;
    const Status status = corpus_cache_read(cache, key, corpus, &is_same);
    if (status) log_warning("%s; the text is tokenized again", status_message());
    else if (!is_same) log_line("%s: of another text, vocabulary or cut; the text is tokenized again", cache);
    return !status && is_same;
}

/* Before the work: can the cache be written where it is wanted? A place the program chose is given up with a warning.
 */
static Status may_keep(const Comm *comm, const CorpusOptions *options, bool *keeps)
{
    if (comm->rank > 0 || !*keeps) return STATUS_OK;
    const Status status = corpus_cache_may_write(options->cache);
    if (!status || !options->cache_bytes) return status;
    log_warning("%s; the tokenized text is not kept", status_message());
    *keeps = false;
    return STATUS_OK;
}

static Status read_pairs(const Comm *comm, const char *path, const Vocabulary *vocabulary, const CorpusOptions *o,
                         Dataset *corpus)
{
    const ItemsRequest request = {.format = (TableFormat)o->format,
                                  .n_columns = 2,
                                  .column = {o->column, o->pair},
                                  .is_pair = true,
                                  .max_length = o->max_length};
    *corpus = (Dataset){0};
    CHECK(o->split == SPLIT_AUTO || o->split == SPLIT_AUTO_PLAIN || o->split == SPLIT_LINES, STATUS_USAGE,
          "split asks for sentences, but with pair-column a sample is a pair of texts; leave split out");
    CHECK(!o->pad_masked && !o->cut_separator, STATUS_USAGE,
          "pair-column does not go with bec-pad = mask or bec-length = words-pow2");
    return items_read(comm, path, vocabulary, &request, corpus);
}

Status corpus_read(const Comm *comm, const char *path, const Vocabulary *vocabulary, const CorpusOptions *options,
                   Dataset *corpus)
{
    Table table = {0};
    CorpusKey key;
    int found = 0, place = 0;
    if (options->pair && options->pair[0]) return read_pairs(comm, path, vocabulary, options, corpus);
    *corpus = (Dataset){.n_texts = 1};
    Status opened = STATUS_OK;
    if (comm->rank == 0) {
        opened = table_open(path, (TableFormat)options->format, &table);
        if (!opened) opened = table_want(&table, options->column, &place);
    }
    Status status = comm_agree(comm, opened);
    const bool caches = options->cache[0] && table.length >= options->cache_bytes; /* as rank 0 sees it */
    if (!status && comm->rank == 0 && caches) {
        corpus_cache_key(&table, vocabulary, options, &key);
        found = read_cache(options->cache, &key, corpus);
        if (found) log_line("%s: pieces from %s", path, options->cache);
    }
    bool keeps = caches && !found;
    if (!status) status = comm_agree(comm, may_keep(comm, options, &keeps));
    if (!status) comm_broadcast(comm, &found, sizeof found);
    if (!status && !found) {
        status = tokenize(comm, path, &table, place, vocabulary, options, corpus);
        Status wrote = STATUS_OK;
        if (!status && comm->rank == 0 && keeps) wrote = corpus_cache_write(options->cache, &key, corpus);
        if (!status) status = comm_agree(comm, wrote);
    }
    table_close(&table);
    if (!status) share(comm, corpus);
    else dataset_free(corpus);
    return status;
}
