/* text_stream.c: a block of records on rank 0, its parts to the ranks, their answers back. */
#include "data/text_stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "parallel/partition.h"

enum { BLOCK = 1 << 20 /* bytes of a block, for each rank */, MOST_BLOCK = 1 << 26 };

/* A record in a block: its line, the lengths of its fields, their bytes. */
typedef struct {
    int64_t line, is_plain, length[STREAM_COLUMNS];
} Head;

typedef struct {
    const Comm *comm;
    const StreamSource *source;
    const StreamUse *use;
    Table table; /* rank 0 */
    int place[STREAM_COLUMNS];
    bool more;      /* records may follow the block at hand */
    Status read;    /* rank 0: how the reading of the block ended; what was read before that is answered first */
    char *sentence; /* owned: of a reading that failed */
    Buffer block;   /* rank 0: heads and bytes of the records */
    size_t *offset; /* rank 0, owned [n + 1]: where they begin */
    size_t offset_capacity;
    int n;
    int64_t n_records;
    Buffer output[STREAM_OUTPUTS]; /* of this rank */
    Buffer whole[STREAM_OUTPUTS];  /* rank 0: of all ranks */
} Stream;

/* --- rank 0 reads ------------------------------------------------------------------------------------ */

static Status open_source(Stream *s)
{
    const StreamSource *f = s->source;
    TRY(table_stream(f->path, f->format, 0, &s->table));
    CHECK(f->n_columns == 1 || !table_is_text(&s->table), STATUS_DATA,
          "%s: is plain text, but %d columns of a table are needed; name it .csv, .tsv or .jsonl, or set format",
          f->path, f->n_columns);
    for (int c = 0; c < f->n_columns; c++) TRY(table_want(&s->table, f->column[c], &s->place[c]));
    return STATUS_OK;
}

static void add_offset(Stream *s)
{
    memory_reserve((void **)&s->offset, &s->offset_capacity, (size_t)s->n + 1, sizeof *s->offset);
    s->offset[s->n] = s->block.n;
}

static void add_record(Stream *s)
{
    Head head = {.line = s->table.line, .is_plain = table_is_text(&s->table)};
    for (int c = 0; c < s->source->n_columns; c++) head.length[c] = (int64_t)s->table.field[s->place[c]].length;
    buffer_add(&s->block, &head, sizeof head);
    for (int c = 0; c < s->source->n_columns; c++) buffer_add_slice(&s->block, s->table.field[s->place[c]]);
    s->n++;
    add_offset(s);
}

static Status read_block(Stream *s)
{
    const size_t wanted = (size_t)BLOCK * (size_t)s->comm->n_ranks;
    s->n = 0;
    s->block.n = 0;
    s->more = true;
    add_offset(s);
    while (s->block.n < wanted && s->block.n < MOST_BLOCK) {
        TRY(table_next(&s->table, &s->more));
        if (!s->more) break;
        add_record(s);
    }
    return STATUS_OK;
}

/* --- parts ------------------------------------------------------------------------------------------- */

static Slice part_of(const Stream *s, int rank)
{
    const Part part = partition_even(s->n, rank, s->comm->n_ranks);
    const size_t from = s->offset[part.first];
    return (Slice){s->block.data + from, s->offset[part.first + part.n] - from};
}

/* The bytes of a part, in front of them how many. */
static void *pack(const void *context, int rank, int64_t *bytes)
{
    const Slice part = part_of(context, rank);
    const int64_t length = (int64_t)part.length;
    *bytes = (int64_t)sizeof length + length;
    char *copy = memory_alloc((size_t)*bytes, 1);
    memcpy(copy, &length, sizeof length);
    if (part.length) memcpy(copy + sizeof length, part.start, part.length);
    return copy;
}

static Status answer_part(Stream *s, Slice part)
{
    for (int o = 0; o < STREAM_OUTPUTS; o++) s->output[o].n = 0;
    for (const char *at = part.start, *end = at + part.length; at < end;) {
        Head head;
        Slice field[STREAM_COLUMNS];
        memcpy(&head, at, sizeof head);
        at += sizeof head;
        for (int c = 0; c < s->source->n_columns; c++) {
            field[c] = (Slice){at, (size_t)head.length[c]};
            at += head.length[c];
        }
        const StreamRecord record = {field, head.line, head.is_plain};
        TRY(s->use->answer(s->use->context, &record, s->output));
    }
    return STATUS_OK;
}

/* Deal the block, answer. */
static Status answer_block(Stream *s)
{
    char *dealt = comm_scatter(s->comm, pack, s);
    Slice mine;
    if (dealt) {
        int64_t length;
        memcpy(&length, dealt, sizeof length);
        mine = (Slice){dealt + sizeof length, (size_t)length};
    } else {
        mine = part_of(s, 0);
    }
    Status status = mine.length ? answer_part(s, mine) : STATUS_OK;
    if (!mine.length)
        for (int o = 0; o < STREAM_OUTPUTS; o++) s->output[o].n = 0;
    free(dealt);
    return comm_agree(s->comm, status);
}

static Status take_answers(Stream *s)
{
    Slice whole[STREAM_OUTPUTS];
    for (int o = 0; o < STREAM_OUTPUTS; o++) {
        Buffer *to = &s->whole[o];
        int64_t bytes[1] = {(int64_t)s->output[o].n};
        comm_sum_i64(s->comm, bytes, 1);
        if (s->comm->rank == 0) memory_reserve((void **)&to->data, &to->capacity, (size_t)bytes[0] + 1, 1);
        comm_gather(s->comm, s->output[o].data, (int64_t)s->output[o].n, to->data);
        whole[o] = (Slice){to->data, (size_t)bytes[0]};
    }
    return comm_agree(s->comm, s->comm->rank == 0 ? s->use->take(s->use->context, whole) : STATUS_OK);
}

/* --- block after block ------------------------------------------------------------------------------- */

/* The sentence of a reading that failed waits for the records in front of it, whose answers may fail earlier. */
static void hold(Stream *s, Status read)
{
    s->read = read;
    if (!read) return;
    s->sentence = memory_copy_text(status_message());
    s->more = false;
}

static Status tell(Stream *s)
{
    if (s->read) status_adopt(s->sentence);
    return comm_agree(s->comm, s->read);
}

static Status pass_blocks(Stream *s)
{
    if (s->comm->rank == 0) log_share(s->source->doing, 0);
    do {
        if (s->comm->rank == 0) hold(s, read_block(s));
        comm_broadcast(s->comm, &s->more, sizeof s->more);
        TRY(answer_block(s));
        TRY(take_answers(s));
        TRY(tell(s));
        s->n_records += s->n;
        if (s->comm->rank == 0 && s->more) log_share(s->source->doing, table_share(&s->table));
    } while (s->more);
    return STATUS_OK;
}

static Status check_end(const Stream *s)
{
    char *remark = table_remark(&s->table);
    if (remark) log_line("%s", remark);
    free(remark);
    CHECK(s->n_records > 0, STATUS_DATA, "%s: holds no %s", s->source->path, table_is_text(&s->table) ? "line" : "row");
    return STATUS_OK;
}

Status text_stream(const Comm *comm, const StreamSource *source, const StreamUse *use, int64_t *n_records)
{
    Stream s = {.comm = comm, .source = source, .use = use};
    Status status = comm_agree(comm, comm->rank == 0 ? open_source(&s) : STATUS_OK);
    if (!status) status = pass_blocks(&s);
    log_status("%s", "");
    if (!status) status = comm_agree(comm, comm->rank == 0 ? check_end(&s) : STATUS_OK);
    comm_broadcast(comm, &s.n_records, sizeof s.n_records);
    *n_records = s.n_records;
    table_close(&s.table);
    buffer_free(&s.block);
    for (int o = 0; o < STREAM_OUTPUTS; o++) buffer_free(&s.output[o]), buffer_free(&s.whole[o]);
    free(s.offset);
    free(s.sentence);
    return status;
}
