/* items.c: columns on rank 0 -> ids, every rank its share of the records over its threads -> all ranks. */
#include "data/items.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/memory.h"
#include "corpus_text.h"
#include "data/swap.h"
#include "data/texts.h"
#include "data/wordpiece.h"
#include "kernels/team.h"

/* --- records on rank 0 ------------------------------------------------------------------------------ */

typedef struct {
    Slice *text[ITEMS_COLUMNS]; /* owned [n] each; slices of the table */
    size_t n, capacity[ITEMS_COLUMNS];
    int *record; /* owned [n]: number of the record, from 1 */
    size_t record_capacity;
} Records;

static void free_records(Records *r)
{
    for (int c = 0; c < ITEMS_COLUMNS; c++) free(r->text[c]);
    free(r->record);
    *r = (Records){0};
}

static Status want_columns(Table *table, const ItemsRequest *request, int place[ITEMS_COLUMNS])
{
    if (table_is_text(table)) {
        CHECK(
            request->is_pair, STATUS_DATA,
            "%s: is plain text, but %d texts an item need a table with as many columns; name it .csv, .tsv or .jsonl, "
            "or set format%s%s",
            table->path, request->n_columns, request->cure ? "; " : "", request->cure ? request->cure : "");
        return table_want(table, "", &place[0]);
    }
    for (int c = 0; c < request->n_columns; c++) {
        const char *name = request->column[c];
        CHECK(name || c < table->n_columns, STATUS_DATA,
              "%s: has %d columns, but %d are needed, one for each text of an item", table->path, table->n_columns,
              request->n_columns);
        TRY(table_want(table, name ? name : table->column[c], &place[c]));
    }
    return STATUS_OK;
}

static void add_record(Records *r, const ItemsRequest *request, const Slice *text, int record)
{
    for (int c = 0; c < request->n_columns; c++) {
        memory_reserve((void **)&r->text[c], &r->capacity[c], r->n + 1, sizeof **r->text);
        r->text[c][r->n] = text[c];
    }
    memory_reserve((void **)&r->record, &r->record_capacity, r->n + 1, sizeof *r->record);
    r->record[r->n++] = record;
}

/* The texts of the record at hand. A line of plain text without a TAB has an empty second one. */
static void cut_record(const Table *table, const ItemsRequest *request, const int *place, Slice *text)
{
    for (int c = 0; c < request->n_columns && !table_is_text(table); c++) text[c] = slice_trim(table->field[place[c]]);
    if (!table_is_text(table)) return;
    Slice rest = table->field[place[0]];
    text[0] = text[1] = (Slice){NULL, 0};
    slice_next_field(&rest, '\t', &text[0]);
    text[0] = slice_trim(text[0]);
    if (rest.start) text[1] = slice_trim(rest);
}

static Status check_record(const Table *table, const ItemsRequest *request, const Slice *text, int record)
{
    for (int c = 0; c < request->n_columns; c++)
        CHECK(text[c].length || (table_is_text(table) && c == 1), STATUS_DATA,
              "%s: record %d, line %lld: text %d of %d is empty; every record needs all of them", table->path, record,
              (long long)table->line, c + 1, request->n_columns);
    return STATUS_OK;
}

static Status read_records(Table *table, const ItemsRequest *request, Records *r)
{
    int place[ITEMS_COLUMNS] = {0};
    TRY(want_columns(table, request, place));
    for (bool more;;) {
        Slice text[ITEMS_COLUMNS];
        TRY(table_next(table, &more));
        if (!more) break;
        cut_record(table, request, place, text);
        if (table_is_text(table) && !text[0].length && !text[1].length) continue;
        TRY(check_record(table, request, text, (int)table->record + 1));
        CHECK(r->n < INT32_MAX / ITEMS_COLUMNS, STATUS_DATA, "%s: has more than 2^28 records; split the file",
              table->path);
        add_record(r, request, text, (int)table->record + 1);
    }
    char *remark = table_remark(table);
    if (remark) log_line("%s", remark);
    free(remark);
    CHECK(r->n > 0, STATUS_DATA, "%s: holds no text to train on", table->path);
    return STATUS_OK;
}

/* Samples of a running text, of which each will be swapped. */
static Status read_samples(Table *table, const ItemsRequest *request, Records *r)
{
    SampleList list = {0};
    int place;
    TRY(table_want(table, request->column[0], &place));
    Status status = corpus_text_split(table, place, request->split, &list);
    if (!status && !list.n)
        status = status_set(STATUS_DATA, __FILE__, __LINE__, "%s: holds no text to train on", table->path);
    if (!status && list.n >= INT32_MAX / ITEMS_COLUMNS)
        status =
            status_set(STATUS_DATA, __FILE__, __LINE__, "%s: has more than 2^28 samples; split the file", table->path);
    for (size_t i = 0; i < list.n && !status; i++)
        add_record(r, request, (const Slice[]){list.sample[i], list.sample[i]}, (int)i + 1);
    free(list.sample);
    return status;
}

/* --- ids of a range of records --------------------------------------------------------------------------- */

typedef struct {
    const Vocabulary *vocabulary;
    const ItemsRequest *request;
    Texts column[ITEMS_COLUMNS];
} Share;

/* Texts of records next to each other. */
typedef struct {
    IdList ids, kinds;
    int32_t *length; /* owned [n] */
    int n, n_cut;
    int64_t n_swapped, n_doubts; /* texts in which something was swapped; ambiguous places */
    int empty;                   /* the first record with a text of no pieces, -1: none */
} Encoded;

static void add(Encoded *out, int32_t id, int32_t kind)
{
    id_list_add(&out->ids, id);
    id_list_add(&out->kinds, kind);
}

/* Without a [CLS] in front and a [SEP] behind that the text brought along. */
static void drop_specials(const Vocabulary *v, IdList *ids)
{
    if (ids->n && ids->id[ids->n - 1] == vocabulary_special(v, SPECIAL_SEP)) ids->n--;
    if (!ids->n || ids->id[0] != vocabulary_special(v, SPECIAL_CLS)) return;
    memmove(ids->id, ids->id + 1, --ids->n * sizeof *ids->id);
}

/* [CLS] a [SEP], or [CLS] a [SEP] b [SEP]. scratch: pieces of the texts. */
static void encode_text(const Share *s, Slice a, Slice b, int record, IdList scratch[2], Encoded *out)
{
    const Vocabulary *v = s->vocabulary;
    const size_t start = out->ids.n, room = (size_t)s->request->max_length - (b.length ? 3 : 2);
    const bool is_pair = b.length > 0;
    scratch[0].n = scratch[1].n = 0;
    wordpiece_encode(v, a, &scratch[0]);
    if (is_pair) wordpiece_encode(v, b, &scratch[1]);
    if (s->request->has_specials) drop_specials(v, &scratch[0]);
    if ((scratch[0].n == 0 || (is_pair && scratch[1].n == 0)) && out->empty < 0) out->empty = record;
    out->n_cut += scratch[0].n + scratch[1].n > room;
    while (scratch[0].n + scratch[1].n > room) scratch[scratch[0].n > scratch[1].n ? 0 : 1].n--;
    add(out, vocabulary_special(v, SPECIAL_CLS), 0);
    for (size_t i = 0; i < scratch[0].n; i++) add(out, scratch[0].id[i], 0);
    add(out, vocabulary_special(v, SPECIAL_SEP), 0);
    for (size_t i = 0; i < scratch[1].n; i++) add(out, scratch[1].id[i], 1);
    if (is_pair) add(out, vocabulary_special(v, SPECIAL_SEP), 1);
    out->length[out->n++] = (int32_t)(out->ids.n - start);
}

/* A text, and the same swapped. */
static void encode_swapped(const Share *s, int i, Swapper *swapper, IdList scratch[2], Encoded *out)
{
    const Slice none = {NULL, 0}, text = s->column[0].text[i];
    swap_text(swapper, text);
    out->n_swapped += swapper->places.n > 0;
    out->n_doubts += swapper->n_doubts;
    encode_text(s, text, none, i, scratch, out);
    encode_text(s, buffer_slice(&swapper->out), none, i, scratch, out);
}

static void encode_record(const Share *s, int i, IdList scratch[2], Encoded *out)
{
    const Slice none = {NULL, 0};
    if (s->request->is_pair) {
        encode_text(s, s->column[0].text[i], s->column[1].text[i], i, scratch, out);
        return;
    }
    for (int c = 0; c < s->request->n_columns; c++) encode_text(s, s->column[c].text[i], none, i, scratch, out);
}

enum { BLOCK = 64 /* records of a thread at a time */ };

static void join(Encoded *block, int n_blocks, Encoded *all)
{
    size_t n_ids = 0;
    int n = 0;
    for (int b = 0; b < n_blocks; b++) n_ids += block[b].ids.n, n += block[b].n;
    all->ids.id = memory_alloc(n_ids + 1, sizeof(int32_t));
    all->kinds.id = memory_alloc(n_ids + 1, sizeof(int32_t));
    all->length = memory_alloc((size_t)n + 1, sizeof(int32_t));
    for (int b = 0; b < n_blocks; b++) {
        const Encoded *e = &block[b];
        if (e->ids.n) memcpy(all->ids.id + all->ids.n, e->ids.id, e->ids.n * sizeof(int32_t));
        if (e->ids.n) memcpy(all->kinds.id + all->ids.n, e->kinds.id, e->ids.n * sizeof(int32_t));
        if (e->n) memcpy(all->length + all->n, e->length, (size_t)e->n * sizeof(int32_t));
        if (all->empty < 0) all->empty = e->empty;
        all->ids.n += e->ids.n, all->n += e->n, all->n_cut += e->n_cut;
        all->n_swapped += e->n_swapped, all->n_doubts += e->n_doubts;
        free(e->ids.id), free(e->kinds.id), free(e->length);
    }
}

static int64_t bytes_of(const Share *s)
{
    int64_t bytes = 0;
    for (int c = 0; c < ITEMS_COLUMNS; c++)
        for (int i = 0; i < s->column[c].n; i++) bytes += (int64_t)s->column[c].text[i].length;
    return bytes;
}

/* The share of this rank, over its threads; in the order of the records. */
static Encoded encode_share(const Share *s)
{
    const int n = s->column[0].n, n_blocks = (n + BLOCK - 1) / BLOCK;
    Encoded *block = memory_alloc((size_t)n_blocks + 1, sizeof *block), all = {.empty = -1};
#pragma omp parallel for schedule(dynamic) num_threads(team_for_text(bytes_of(s)))
    for (int b = 0; b < n_blocks; b++) {
        const int first = b * BLOCK, end = first + BLOCK < n ? first + BLOCK : n;
        IdList scratch[2] = {{0}};
        Swapper swapper;
        swap_init(&swapper, s->request->pairs, s->request->names);
        block[b] = (Encoded){.empty = -1, .length = memory_alloc(BLOCK * ITEMS_COLUMNS, sizeof(int32_t))};
        for (int i = first; i < end && !interrupt_caught(); i++) {
            if (s->request->pairs) encode_swapped(s, i, &swapper, scratch, &block[b]);
            else encode_record(s, i, scratch, &block[b]);
        }
        swap_free(&swapper);
        free(scratch[0].id), free(scratch[1].id);
    }
    join(block, n_blocks, &all);
    free(block);
    return all;
}

/* --- over ranks -------------------------------------------------------------------------------------------- */

/* The shares of all ranks, on all ranks. kinds: token types are kept. */
static void collect(const Comm *comm, const Encoded *mine, bool kinds, Dataset *data)
{
    int64_t count[] = {(int64_t)mine->ids.n, mine->n, mine->n_cut};
    const int64_t size = sizeof(int32_t);
    comm_sum_i64(comm, count, 3);
    int32_t *length = memory_alloc((size_t)count[1] + 1, sizeof *length);
    data->id = memory_alloc((size_t)count[0] + 1, sizeof *data->id);
    data->kind = kinds ? memory_alloc((size_t)count[0] + 1, sizeof *data->kind) : NULL;
    data->offset = memory_alloc((size_t)count[1] + 1, sizeof *data->offset);
    comm_gather(comm, mine->ids.id, (int64_t)mine->ids.n * size, data->id);
    if (kinds) comm_gather(comm, mine->kinds.id, (int64_t)mine->ids.n * size, data->kind);
    comm_gather(comm, mine->length, mine->n * size, length);
    comm_broadcast(comm, data->id, count[0] * size);
    if (kinds) comm_broadcast(comm, data->kind, count[0] * size);
    comm_broadcast(comm, length, count[1] * size);
    data->n = (int)(count[1] / data->n_texts);
    data->n_cut = (int)count[2];
    for (int64_t i = 0; i < count[1]; i++) {
        if (length[i] > data->longest) data->longest = length[i];
        data->offset[i + 1] = data->offset[i] + length[i];
    }
    free(length);
}

/* A text that is nothing but control characters. */
static Status check_pieces(const char *path, const Encoded *mine, const Texts *record)
{
    CHECK(mine->empty < 0, STATUS_DATA,
          "%s: record %.*s: a text is nothing but control characters; every text needs a word", path,
          (int)record->text[mine->empty].length, record->text[mine->empty].start);
    return STATUS_OK;
}

/* The numbers of the records go with them, as texts. */
static void deal(const Comm *comm, const Records *r, int n_columns, Share *share, Texts *number)
{
    Slice *name = memory_alloc(r->n + 1, sizeof *name);
    char *text = memory_alloc(r->n + 1, 12);
    for (size_t i = 0; i < r->n; i++)
        name[i] = (Slice){text + 12 * i, (size_t)snprintf(text + 12 * i, 12, "%d", r->record[i])};
    for (int c = 0; c < n_columns; c++) texts_deal(comm, r->text[c], (int)r->n, &share->column[c]);
    texts_deal(comm, name, (int)r->n, number);
    free(name);
    if (comm->rank == 0) number->block = text; /* its slices lie there */
    else free(text);
}

static void tell_swapped(const Comm *comm, const Encoded *mine, const Dataset *data)
{
    int64_t count[] = {mine->n_swapped, mine->n_doubts};
    comm_sum_i64(comm, count, 2);
    log_line(
        "genders were swapped in %lld of %d texts; %lld places are ambiguous and have the likelier answer (collapse "
        "swap lists them)",
        (long long)count[0], data->n, (long long)count[1]);
}

Status items_read(const Comm *comm, const char *path, const Vocabulary *vocabulary, const ItemsRequest *request,
                  Dataset *data)
{
    Table table = {0};
    Records records = {0};
    Texts number = {0};
    Share share = {.vocabulary = vocabulary, .request = request};
    *data = (Dataset){.n_texts = request->is_pair ? 1 : request->n_columns, .max_length = request->max_length};
    Status status = STATUS_OK;
    if (comm->rank == 0) {
        status = table_open(path, request->format, &table);
        if (!status) status = (request->pairs ? read_samples : read_records)(&table, request, &records);
    }
    status = comm_agree(comm, status);
    if (!status) {
        deal(comm, &records, request->pairs ? 1 : request->n_columns, &share, &number);
        Encoded mine = encode_share(&share);
        status = comm_agree(comm, interrupt_caught() ? interrupt_status() : check_pieces(path, &mine, &number));
        if (!status) collect(comm, &mine, request->is_pair, data);
        if (!status && request->pairs) tell_swapped(comm, &mine, data);
        free(mine.ids.id), free(mine.kinds.id), free(mine.length);
    }
    for (int c = 0; c < ITEMS_COLUMNS; c++) texts_free(&share.column[c]);
    texts_free(&number);
    free_records(&records);
    table_close(&table);
    return status;
}
