/* writer.h: a text file that is written piece by piece and appears only when it is complete; fields of its rows. Local.
 */
#ifndef IO_WRITER_H
#define IO_WRITER_H

#include <stdio.h>

#include "base/buffer.h"
#include "base/status.h"

typedef struct {
    const char *path; /* borrowed; "" = standard output */
    FILE *stream;     /* owned, but for standard output; NULL: closed */
    char *target, *partial;
} Writer;

Status writer_open(const char *path, Writer *writer);
Status writer_add(Writer *writer, Slice text);
/* keep: sync and rename the file to its name; else remove it. Fails only if it is to be kept. An unopened writer is
 * passed over. */
Status writer_close(Writer *writer, bool keep);

/* A field of a row: in quotes where RFC 4180 needs them. */
void csv_add_field(Buffer *row, Slice field);
/* A field of a row between TABs, or a line of text: TABs and line ends in it become blanks. */
void line_add_field(Buffer *row, Slice field);

#endif
