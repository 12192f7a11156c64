/* text_file.h: a text file in memory, in the one form every reader of text expects. Local.
 *
 * Compression by gzip is undone, whatever the name says; a UTF-8 byte order mark is left out. Refused in one sentence
 * with the cure: UTF-16 and UTF-32, other compressions, spreadsheets and other binary files, bytes that are not UTF-8,
 * NUL bytes. Lines end with LF, CR LF or a lone CR. */
#ifndef IO_TEXT_FILE_H
#define IO_TEXT_FILE_H

#include "base/status.h"
#include "base/text.h"

/* Read a whole text file, once; *data ends with an extra NUL and is owned by the caller (free). */
Status text_file_read(const char *path, char **data, size_t *length);

/* The same piece by piece, for files larger than memory. path is borrowed. */
typedef struct TextReader TextReader;
Status text_reader_open(const char *path, TextReader **reader);
/* Drop the first `drop` bytes of the text at hand, so that the rest begins in line `line` (from 1), and read on by at
 * least `more` bytes, less only at the end. *data: the text at hand, borrowed until the next call and writable; *ended:
 * nothing follows it. */
Status text_reader_next(TextReader *reader, size_t drop, int64_t line, size_t more, char **data, size_t *length,
                        bool *ended);
double text_reader_share(const TextReader *reader); /* of the file that has been read; 0 where its size is unknown */
void text_reader_close(TextReader **reader);

/* Refuse text that is not UTF-8 or holds a NUL byte, with its line and offset. name: used in the message. */
Status text_check(const char *name, Slice text);

/* Where the next line of a text ends. A cursor walks once over the text: all calls together take linear time. */
typedef struct {
    const char *at, *end; /* rest of the text */
    const char *lf, *cr;  /* the next of each at or behind `at`, end if there is none; NULL: not looked for yet */
    int64_t line;         /* number of the line `at` stands in, from 1 */
} LineCursor;

LineCursor line_cursor(Slice text);
/* The first line end at or behind cursor->at: at an LF or CR, or the end of the text. */
const char *line_cursor_find(LineCursor *cursor);
/* Move to `to`, which is a line end or the end of the text, and over the line end. */
void line_cursor_pass(LineCursor *cursor, const char *to);
/* Cut the next line off, without its end. False when nothing is left. */
bool line_cursor_next(LineCursor *cursor, Slice *line);

#endif
