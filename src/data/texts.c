/* texts.c: read on rank 0, packed and sent part by part. */
#include "data/texts.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "parallel/partition.h"

typedef struct {
    const Slice *text;
    int n, n_ranks;
} Dealing;

/* A part as one block: first, n, n_all, the n lengths, then the bytes. */
enum { HEAD = 3 };

static void *pack(const void *context, int rank, int64_t *bytes)
{
    const Dealing *d = context;
    const Part part = partition_even(d->n, rank, d->n_ranks);
    const Slice *text = d->text + part.first;
    *bytes = (int64_t)sizeof(int64_t) * (HEAD + part.n);
    for (int i = 0; i < part.n; i++) *bytes += (int64_t)text[i].length;
    char *block = memory_alloc((size_t)*bytes, 1), *at = block + sizeof(int64_t) * (HEAD + (size_t)part.n);
    int64_t *head = (int64_t *)(void *)block;
    head[0] = part.first, head[1] = part.n, head[2] = d->n;
    for (int i = 0; i < part.n; i++) {
        head[HEAD + i] = (int64_t)text[i].length;
        if (text[i].length) memcpy(at, text[i].start, text[i].length);
        at += text[i].length;
    }
    return block;
}

static void unpack(Texts *t)
{
    const int64_t *head = (const int64_t *)(const void *)t->block;
    t->first = (int)head[0], t->n = (int)head[1], t->n_all = (int)head[2];
    t->text = memory_alloc((size_t)t->n + 1, sizeof *t->text);
    const char *at = t->block + sizeof(int64_t) * (HEAD + (size_t)t->n);
    for (int i = 0; i < t->n; i++) {
        t->text[i] = (Slice){at, (size_t)head[HEAD + i]};
        at += head[HEAD + i];
    }
}

void texts_deal(const Comm *comm, const Slice *text, int n, Texts *t)
{
    const Dealing dealing = {text, n, comm->n_ranks};
    t->block = comm_scatter(comm, pack, &dealing);
    if (t->block) {
        unpack(t);
        return;
    }
    const Part mine = partition_even(n, 0, comm->n_ranks);
    t->first = mine.first, t->n = mine.n, t->n_all = n;
    t->text = memory_alloc((size_t)mine.n + 1, sizeof *t->text);
    if (mine.n) memcpy(t->text, text, (size_t)mine.n * sizeof *text);
}

/* Rank 0: all records. */
static Status read_all(const char *path, TableFormat format, const char *column, Table *table, Slice **text, int *n)
{
    size_t capacity = 0;
    int place;
    TRY(table_open(path, format, table));
    TRY(table_want(table, column, &place));
    for (bool more;;) {
        TRY(table_next(table, &more));
        if (!more) break;
        CHECK(*n < INT32_MAX, STATUS_DATA, "%s: has more than 2^31 records; split the file", path);
        memory_reserve((void **)text, &capacity, (size_t)*n + 1, sizeof **text);
        (*text)[(*n)++] = table->field[place];
    }
    char *remark = table_remark(table);
    if (remark) log_line("%s", remark);
    free(remark);
    CHECK(*n > 0, STATUS_DATA, "%s: holds no %s", path, table_is_text(table) ? "line" : "row");
    return STATUS_OK;
}

Status texts_read(const Comm *comm, const char *path, TableFormat format, const char *column, Texts *t)
{
    Slice *text = NULL;
    int n = 0;
    *t = (Texts){0};
    Status status = comm->rank == 0 ? read_all(path, format, column, &t->table, &text, &n) : STATUS_OK;
    status = comm_agree(comm, status);
    if (!status) {
        t->is_plain = comm->rank == 0 && table_is_text(&t->table);
        comm_broadcast(comm, &t->is_plain, sizeof t->is_plain);
        texts_deal(comm, text, n, t);
    }
    free(text);
    return status;
}

void texts_free(Texts *t)
{
    free(t->text);
    free(t->block);
    table_close(&t->table);
    *t = (Texts){0};
}

Status texts_share(const Comm *comm, const char *path, char **data, size_t *length)
{
    *data = NULL;
    *length = 0;
    TRY(comm_agree(comm, comm->rank == 0 ? text_file_read(path, data, length) : STATUS_OK));
    comm_broadcast(comm, length, sizeof *length);
    if (comm->rank > 0) *data = memory_alloc(*length + 1, 1);
    comm_broadcast(comm, *data, (int64_t)*length);
    return STATUS_OK;
}
