/* table.h: the records of a text file, one after the other: lines of plain text, or rows of a table. Local.
 *
 * text   a record is a line
 * tsv    a header line, then fields between TABs
 * csv    the same between commas (RFC 4180), or semicolons if the header line has more of them (Excel in Europe)
 * jsonl  one JSON object a line
 *
 * auto tells the format by the name's ending (.tsv .tab .csv .jsonl .ndjson; any other is text; case does not matter;
 * .gz may follow) and refuses content that surely is of another format. Names in the header are trimmed; a header with
 * one field less than each row leaves out the column of row names (R), which is said. In a .csv blanks before a quoted
 * field do not count. Blank lines between rows are skipped. Every row
 * must have as many fields as the header, every object the keys asked for. Quotes: a field that begins with one ends at
 * the quote before the next separator or line end, and may hold both; "" in it is one quote. Where that fails, \" is
 * one quote (R's write.table). A field that has more quotes but is not quoted as a whole is taken as it stands in a
 * .tsv, and counted, and refused in a .csv; one that is never closed is refused. Quotes inside other fields are
 * literal.
 *
 * The file is held in memory once; fields are slices of it, unescaped where they stand, and live until table_close. A
 * stream holds a window of the file instead; its fields live until the next record. */
#ifndef IO_TABLE_H
#define IO_TABLE_H

#include "base/status.h"
#include "base/text.h"
#include "io/text_file.h"

typedef enum { FORMAT_AUTO, FORMAT_TEXT, FORMAT_TSV, FORMAT_CSV, FORMAT_JSONL } TableFormat;
#define TABLE_FORMATS     "auto text tsv csv jsonl" /* choices of the key `format` */
#define TABLE_FORMAT_HELP "auto: by the name's ending (.tsv .tab .csv .jsonl .ndjson, other: text); .gz is read as well"

#define TABLE_COLUMN "Text" /* default of the key `text-column` */

typedef struct {
    const char *path;   /* borrowed; names the file in messages */
    TableFormat format; /* in force, never auto */
    bool is_told;       /* by the caller: the content is not doubted */
    bool has_row_names; /* tsv, csv: a first column that the header does not name */
    char separator;     /* tsv, csv */
    char *data;         /* owned: the text; of a stream borrowed: the window */
    size_t length;
    LineCursor cursor;
    TextReader *reader; /* owned: of a stream; else NULL */
    size_t window;      /* bytes it reads on by */
    bool is_whole;      /* nothing follows the text at hand */
    bool *hit_end;      /* borrowed: set by who looked to the end of the text at hand for a quote; or NULL */
    char **column;      /* owned [n_columns]: names in the header, or of the first object */
    int n_columns;
    int *place_of; /* owned [n_columns]: where the column stands in field[], or -1 */
    char **wanted; /* owned [n_wanted]: names of the columns asked for */
    Slice *field;  /* owned [n_wanted]: of the record at hand; text has one, the line */
    int n_wanted;
    int64_t line;      /* where the record at hand begins, from 1 */
    int64_t record;    /* its number, from 0; the header does not count */
    int64_t n_literal; /* tsv: fields that begin with a quote but are not quoted */
} Table;

/* Read a file. Fails: it cannot be read, is no text, has no header, or is not what format or its name says. */
Status table_open(const char *path, TableFormat format, Table *table);
/* The same for a text at hand; data [length + 1] ends with a NUL, is owned by the table from here on (free), also on
 * failure. */
Status table_open_text(const char *path, char *data, size_t length, TableFormat format, Table *table);
/* The same without holding the file: a window of it at a time, of at least so many bytes (0: a few MB) and as large as
 * the longest record. */
Status table_stream(const char *path, TableFormat format, size_t window, Table *table);
double table_share(const Table *table); /* of the file a stream has read; 0 where its size is unknown */
void table_close(Table *table);

bool table_is_text(const Table *table);
/* Refuse plain text, which has no columns; who: what reads the table ("crows-pairs"). */
Status table_want_table(const Table *table, const char *who);
/* Ask for a column before the first record; *place: its place in field[]. Fails, with the columns found, if there is
 * none of that name or there are two. Plain text has one nameless column, given for any name. */
Status table_want(Table *table, const char *name, int *place);
/* Go to the next record; *more = false behind the last. */
Status table_next(Table *table, bool *more);
/* What a user should know about how the file was read, in one line owned by the caller; NULL if nothing. After the
 * last record. */
char *table_remark(const Table *table);

const char *table_format_name(TableFormat format);

#endif
