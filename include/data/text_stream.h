/* text_stream.h: the records of a file through the ranks, block by block, and what they answer in the records' order.
 *
 * Rank 0 reads a block of records and deals it in even, contiguous parts; every rank answers its own; rank 0 receives
 * the answers in rank order. What is received does not depend on the number of ranks. No rank holds more than a block
 * of about a MB for each rank, or the longest record, and its answers. */
#ifndef DATA_TEXT_STREAM_H
#define DATA_TEXT_STREAM_H

#include "base/buffer.h"
#include "io/table.h"
#include "parallel/comm.h"

enum { STREAM_COLUMNS = 4, STREAM_OUTPUTS = 2 };

typedef struct {
    const char *path;
    TableFormat format;
    const char *column[STREAM_COLUMNS]; /* names of the columns wanted; plain text has its lines for the first */
    int n_columns;                      /* plain text is refused if there are more than one */
    const char *doing;                  /* beside the progress: "swapping" */
} StreamSource;

typedef struct {
    const Slice *field; /* [n_columns] */
    int64_t line;       /* of the file, from 1 */
    bool is_plain;      /* a line of plain text, not a row of a table */
} StreamRecord;

typedef struct {
    /* Answer one record of this rank's part. Local. */
    Status (*answer)(void *context, const StreamRecord *record, Buffer output[STREAM_OUTPUTS]);
    /* What the ranks have answered to a block, in the order of its records. Local, rank 0. */
    Status (*take)(void *context, const Slice output[STREAM_OUTPUTS]);
    void *context; /* of both */
} StreamUse;

/* Collective. *n_records: of the file. Fails alike on all ranks: as table_stream and table_want, as answer (the first
 * record that fails) and take, or without a record. */
Status text_stream(const Comm *comm, const StreamSource *source, const StreamUse *use, int64_t *n_records);

#endif
