/* examples.c: the table on rank 0 and the texts on all ranks -> items with marks and kinds; draws of them. */
#include "methods/examples.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "data/items.h"

enum { WORD, TEXT, N_COLUMNS };
static const char neutral[] = "neutral";

/* Streams of RANDOM_EXAMPLES. */
enum { STREAM_HELD_OUT, STREAM_KINDS, STREAM_CYCLE, STREAM_FRESH, STREAM_MEAN };

/* --- groups on rank 0 ------------------------------------------------------------------------------------ */

enum { NAME_SIZE = 64 };

/* The columns word and group as they stand in the file, and the kinds that follow. */
typedef struct {
    Table table;
    Slice *word; /* owned [n]; slices of the table */
    int32_t *kind;
    size_t n, word_capacity, kind_capacity;
    char name[MOST_KINDS][NAME_SIZE]; /* [n_kinds], the first is neutral */
    int n_kinds;
} Rows;

static void free_rows(Rows *r)
{
    free(r->word);
    free(r->kind);
    table_close(&r->table);
}

static Status kind_of(Rows *r, Slice group, int32_t *kind)
{
    for (*kind = 0; *kind < r->n_kinds; ++*kind)
        if (slice_is(group, r->name[*kind])) return STATUS_OK;
    CHECK(group.length > 0 && group.length < NAME_SIZE, STATUS_DATA,
          "%s: record %lld, line %lld: the group '%.*s' is %s; name it neutral, or in fewer than %d bytes",
          r->table.path, (long long)r->table.record + 1, (long long)r->table.line, (int)group.length, group.start,
          group.length ? "too long" : "empty", NAME_SIZE);
    CHECK(r->n_kinds < MOST_KINDS, STATUS_DATA,
          "%s: record %lld, line %lld: '%.*s' is one attribute group more than %d; keep those that are to be compared",
          r->table.path, (long long)r->table.record + 1, (long long)r->table.line, (int)group.length, group.start,
          MOST_GROUPS);
    memcpy(r->name[r->n_kinds], group.start, group.length);
    r->name[r->n_kinds++][group.length] = '\0';
    return STATUS_OK;
}

static Status read_rows(const char *path, TableFormat format, Rows *r)
{
    int word, group;
    TRY(table_open(path, format, &r->table));
    CHECK(
        !table_is_text(&r->table), STATUS_DATA,
        "%s: is plain text, but a table with the columns word, group and text is needed; name it .csv, .tsv or .jsonl, "
        "or set format",
        path);
    TRY(table_want(&r->table, "word", &word));
    TRY(table_want(&r->table, "group", &group));
    memcpy(r->name[0], neutral, sizeof neutral);
    r->n_kinds = 1;
    for (bool more;;) {
        TRY(table_next(&r->table, &more));
        if (!more) return STATUS_OK;
        memory_reserve((void **)&r->word, &r->word_capacity, r->n + 1, sizeof *r->word);
        memory_reserve((void **)&r->kind, &r->kind_capacity, r->n + 1, sizeof *r->kind);
        r->word[r->n] = slice_trim(r->table.field[word]);
        TRY(kind_of(r, slice_trim(r->table.field[group]), &r->kind[r->n++]));
    }
}

/* --- words in their texts -------------------------------------------------------------------------------- */

/* Where the n pieces of a word first stand in a text; -1: nowhere. */
static int find(const int32_t *word, int n, const int32_t *text, int length)
{
    for (int t = 0; t + n <= length; t++)
        if (memcmp(text + t, word, (size_t)n * sizeof *word) == 0) return t;
    return -1;
}

/* rows: of rank 0, for the sentence; elsewhere NULL. */
static Status check_word(const MethodRun *m, const char *path, const Rows *rows, int i, bool stands, bool was_cut)
{
    const Dataset *data = &m->data;
    const int unknown = vocabulary_special(m->model->vocabulary, SPECIAL_UNK);
    const Slice word = rows ? rows->word[i] : slice_of("");
    for (int64_t k = data->offset[N_COLUMNS * i] + 1; k < data->offset[N_COLUMNS * i + 1] - 1; k++)
        CHECK(data->id[k] != unknown, STATUS_DATA,
              "%s: record %d: the vocabulary of the model has no pieces for the word '%.*s'; take the record out", path,
              i + 1, (int)word.length, word.start);
    CHECK(stands || was_cut, STATUS_DATA, "%s: record %d: the word '%.*s' does not stand in its text", path, i + 1,
          (int)word.length, word.start);
    return STATUS_OK;
}

/* Item i becomes item `to`: its text alone, closed up behind the one before, the word marked at `at`. */
static void keep(Dataset *data, int i, int to, int at, int pieces)
{
    const int64_t first = data->offset[N_COLUMNS * i + TEXT], n = data->offset[N_COLUMNS * i + TEXT + 1] - first;
    const int64_t start = to ? data->offset[to] : 0, mark = data->mark_offset[to];
    memmove(data->id + start, data->id + first, (size_t)n * sizeof *data->id);
    data->offset[to] = start; /* behind its own numbers: to <= i */
    data->offset[to + 1] = start + n;
    for (int k = 0; k < pieces; k++) data->mark[mark + k] = at + k;
    data->mark_offset[to + 1] = mark + pieces;
    if (n > data->longest) data->longest = (int)n;
}

/* Word and text of each record to an item: its text, with the word's pieces marked. Words behind the cut are left out
 * with their texts. kind: of the records; becomes that of the items. */
static Status mark_words(MethodRun *m, const char *path, const Rows *rows, int32_t *kind)
{
    Dataset *data = &m->data;
    int n = 0;
    data->mark = memory_alloc((size_t)data->offset[dataset_texts(data)] + 1, sizeof *data->mark);
    data->mark_offset = memory_alloc((size_t)data->n + 1, sizeof *data->mark_offset);
    data->longest = 0;
    const int64_t *offset = data->offset;
    for (int i = 0; i < data->n; i++) {
        const int64_t word = offset[N_COLUMNS * i + WORD] + 1, text = offset[N_COLUMNS * i + TEXT];
        const int pieces = (int)(text - word) - 1, length = (int)(offset[N_COLUMNS * i + TEXT + 1] - text);
        const int at = find(data->id + word, pieces, data->id + text + 1, length - 2);
        TRY(check_word(m, path, rows, i, at >= 0, length == data->max_length));
        if (at < 0) continue;
        kind[n] = kind[i];
        keep(data, i, n++, at + 1, pieces);
    }
    if (n < data->n) log_line("%d texts are left out: their words stand behind the cut", data->n - n);
    data->n = n;
    data->n_texts = 1;
    data->part = kind;
    return STATUS_OK;
}

/* --- held out, and enough ---------------------------------------------------------------------------------- */

static void count(const Dataset *data, int *n_kinds, int n[MOST_KINDS], int held[MOST_KINDS])
{
    *n_kinds = 0;
    for (int k = 0; k < MOST_KINDS; k++) n[k] = held[k] = 0;
    for (int i = 0; i < data->n; i++) {
        const int k = data->part[i] & (EXAMPLES_HELD_OUT - 1);
        if (k >= *n_kinds) *n_kinds = k + 1;
        if (data->part[i] & EXAMPLES_HELD_OUT) held[k]++;
        else n[k]++;
    }
}

static void hold_out(const ExamplesRequest *request, int kind, int n, Dataset *data)
{
    const RandomKey key = random_key(request->rule.seed, RANDOM_EXAMPLES, STREAM_HELD_OUT, 0, (uint32_t)kind);
    int *order = memory_alloc((size_t)n + 1, sizeof *order), *item = memory_alloc((size_t)n + 1, sizeof *item);
    for (int i = 0, k = 0; i < data->n; i++)
        if (data->part[i] == kind) item[k++] = i;
    random_order(&key, n, order);
    for (int k = 0; k < request->held_out && k < n; k++) data->part[item[order[k]]] |= EXAMPLES_HELD_OUT;
    free(order), free(item);
}

static Status check_groups(const char *path, const char *method, const char name[MOST_KINDS][NAME_SIZE], int n_kinds,
                           const int n[MOST_KINDS])
{
    CHECK(n_kinds > 2, STATUS_DATA,
          "%s: holds %s%s%s, but method = %s compares at least two attribute groups; a group's name stands in the "
          "column group",
          path, n_kinds == 2 ? "the one attribute group '" : "no attribute group", n_kinds == 2 ? name[1] : "",
          n_kinds == 2 ? "'" : "", method);
    CHECK(n[0] > 0, STATUS_DATA, "%s: holds no text of the group neutral, whose words method = %s moves", path, method);
    return STATUS_OK;
}

static Status divide(const char *path, MethodRun *m, const ExamplesRequest *r, const char name[MOST_KINDS][NAME_SIZE],
                     int n_kinds)
{
    int n[MOST_KINDS], held[MOST_KINDS], found;
    count(&m->data, &found, n, held);
    TRY(check_groups(path, r->method, name, n_kinds, n));
    for (int k = 0; k < n_kinds; k++) {
        log_line("%s: %d texts, %d of them held out", name[k], n[k], n[k] < r->held_out ? n[k] : r->held_out);
        CHECK(
            n[k] - r->held_out >= r->rule.size, STATUS_DATA,
            "%s: group %s has %d texts, but %d are held out and %d make a draw (batch / %s-draws); lower %s or batch, "
            "or give more texts",
            path, name[k], n[k], r->held_out, r->rule.size, r->method, r->name);
        hold_out(r, k, n[k], &m->data);
    }
    return STATUS_OK;
}

/* --- reading ------------------------------------------------------------------------------------------------ */

/* Kinds of the records and their names to all ranks. */
static int32_t *share(const Comm *comm, Rows *r, int n)
{
    int32_t *kind = memory_alloc((size_t)n + 1, sizeof *kind);
    if (comm->rank == 0) memcpy(kind, r->kind, (size_t)n * sizeof *kind);
    comm_broadcast(comm, kind, n * (int64_t)sizeof *kind);
    comm_broadcast(comm, r->name, sizeof r->name);
    comm_broadcast(comm, &r->n_kinds, sizeof r->n_kinds);
    return kind;
}

static Status take(const Comm *comm, MethodRun *m, const char *path, const ExamplesRequest *request, Rows *rows)
{
    CHECK(comm->rank > 0 || rows->n == (size_t)m->data.n, STATUS_IO, "%s: was changed while it was read", path);
    int32_t *kind = share(comm, rows, m->data.n);
    Status status = comm_agree(comm, mark_words(m, path, comm->rank == 0 ? rows : NULL, kind));
    if (status && !m->data.part) free(kind);
    return status ? status : divide(path, m, request, (const char(*)[NAME_SIZE])rows->name, rows->n_kinds);
}

static void set_epoch(MethodRun *m, const DrawRule *rule)
{
    Examples e = {0};
    Arena none = {0};
    examples_lay_out(&none, &m->data, rule, &e);
    m->epoch_items = e.of_epoch * rule->size;
}

Status examples_read(const Comm *comm, MethodRun *m, const char *path, TableFormat format,
                     const ExamplesRequest *request)
{
    const ItemsRequest items = {
        .format = format, .n_columns = N_COLUMNS, .column = {"word", "text"}, .max_length = request->max_length};
    Rows rows = {0};
    Status status = comm_agree(comm, comm->rank == 0 ? read_rows(path, format, &rows) : STATUS_OK);
    if (!status) status = items_read(comm, path, m->model->vocabulary, &items, &m->data);
    if (!status) status = take(comm, m, path, request, &rows);
    free_rows(&rows);
    if (status) dataset_free(&m->data);
    else set_epoch(m, &request->rule);
    return status;
}

/* --- draws -------------------------------------------------------------------------------------------------- */

void examples_lay_out(Arena *arena, const Dataset *data, const DrawRule *rule, Examples *e)
{
    *e = (Examples){.rule = *rule, .kind_epoch = -1};
    count(data, &e->n_kinds, e->n_train, e->n_held);
    e->per_kind = INT32_MAX;
    for (int k = 0; k < e->n_kinds; k++) {
        const int draws = e->n_train[k] / rule->size;
        if (k > 0 && draws < e->per_kind) e->per_kind = draws;
        e->train[k] = arena_cut(arena, (size_t)e->n_train[k], sizeof(int));
        e->held[k] = arena_cut(arena, (size_t)e->n_held[k], sizeof(int));
        e->order[k] = arena_cut(arena, (size_t)e->n_train[k], sizeof(int));
    }
    e->of_epoch = e->n_kinds * e->per_kind;
    if (rule->is_fresh && e->of_epoch >= rule->of_step) e->of_epoch -= e->of_epoch % rule->of_step;
    e->kind = arena_cut(arena, (size_t)e->n_kinds * (size_t)e->per_kind, sizeof(int));
}

void examples_sort(const Dataset *data, Examples *e)
{
    int n[MOST_KINDS] = {0}, held[MOST_KINDS] = {0};
    for (int i = 0; i < data->n; i++) {
        const int k = data->part[i] & (EXAMPLES_HELD_OUT - 1);
        if (data->part[i] & EXAMPLES_HELD_OUT) e->held[k][held[k]++] = i;
        else e->train[k][n[k]++] = i;
    }
}

static void set_kinds(Examples *e, int64_t epoch)
{
    if (e->kind_epoch == epoch) return;
    const int n = e->n_kinds * e->per_kind;
    const RandomKey key = random_key(e->rule.seed, RANDOM_EXAMPLES, STREAM_KINDS, (uint32_t)epoch, 0);
    random_order(&key, n, e->kind);
    for (int i = 0; i < n; i++) e->kind[i] %= e->n_kinds;
    e->kind_epoch = epoch;
}

int examples_kind(Examples *e, int64_t epoch, int draw)
{
    set_kinds(e, epoch);
    return e->kind[draw];
}

/* order: the examples of a kind, in the order of a stream. */
static void set_order(Examples *e, int kind, int stream, int64_t number)
{
    const RandomKey key = random_key(e->rule.seed, RANDOM_EXAMPLES, (uint32_t)stream, (uint32_t)number, (uint32_t)kind);
    if (e->has_order[kind] && memcmp(&key, &e->order_key[kind], sizeof key) == 0) return;
    random_order(&key, e->n_train[kind], e->order[kind]);
    e->order_key[kind] = key, e->has_order[kind] = true;
}

static void take_order(const Examples *e, int kind, int first, int n, int *item)
{
    for (int i = 0; i < n; i++) item[i] = e->train[kind][e->order[kind][first + i]];
}

void examples_draw(Examples *e, int64_t epoch, int draw, int *item)
{
    const int kind = examples_kind(e, epoch, draw), of_cycle = e->n_train[kind] / e->rule.size;
    if (e->rule.is_fresh) {
        set_order(e, kind, STREAM_FRESH, epoch * e->of_epoch + draw);
        take_order(e, kind, 0, e->rule.size, item);
        return;
    }
    int64_t before = epoch * e->per_kind; /* draws of this kind */
    for (int i = 0; i < draw; i++) before += e->kind[i] == kind;
    set_order(e, kind, STREAM_CYCLE, before / of_cycle);
    take_order(e, kind, (int)(before % of_cycle) * e->rule.size, e->rule.size, item);
}

void examples_shuffled(Examples *e, int kind, int64_t epoch, int n, int *item)
{
    set_order(e, kind, STREAM_MEAN, epoch);
    take_order(e, kind, 0, n, item);
}
