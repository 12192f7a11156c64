/* table.c: which format a file has, which columns are wanted, and the way from record to record. */
#include "io/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "table_parts.h"

const char *table_format_name(TableFormat format)
{
    static const char *const name[] = {"auto", "text", "tsv", "csv", "jsonl"};
    return name[format];
}

bool table_is_text(const Table *t)
{
    return t->format == FORMAT_TEXT;
}

Status table_want_table(const Table *t, const char *who)
{
    CHECK(!table_is_text(t), STATUS_DATA,
          "%s: is read as plain text; %s reads a table: name it .csv, .tsv or .jsonl, or set format", t->path, who);
    return STATUS_OK;
}

/* --- by name ---------------------------------------------------------------------------------------- */

/* Does the name of n bytes end so, in any case? */
static bool ends_with(const char *path, size_t n, const char *ending)
{
    const size_t length = strlen(ending);
    return n > length && strncasecmp(path + n - length, ending, length) == 0;
}

static size_t length_without_gz(const char *path)
{
    const size_t n = strlen(path);
    return ends_with(path, n, ".gz") ? n - 3 : n;
}

static TableFormat format_by_name(const char *path)
{
    static const struct {
        const char *ending;
        TableFormat format;
    } known[] = {{".tsv", FORMAT_TSV},
                 {".tab", FORMAT_TSV},
                 {".csv", FORMAT_CSV},
                 {".jsonl", FORMAT_JSONL},
                 {".ndjson", FORMAT_JSONL}};
    const size_t n = length_without_gz(path);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (ends_with(path, n, known[i].ending)) return known[i].format;
    return FORMAT_TEXT;
}

/* --- by content ------------------------------------------------------------------------------------- */

static bool is_json_document(const Table *t)
{
    const Slice text = slice_trim((Slice){t->data, t->length});
    return ends_with(t->path, length_without_gz(t->path), ".json") && text.length &&
           (text.start[0] == '[' || text.start[0] == '{');
}

/* What else the text surely is, told by a header with the wanted column; NULL: nothing else. */
static const char *other_table(const Table *t, const char *column)
{
    if (t->format != FORMAT_TSV && rows_would_fit(t, '\t', false, column))
        return "looks like a table with TABs; give it a .tsv name, or format = tsv";
    if (t->format != FORMAT_CSV && rows_would_fit(t, ',', false, column))
        return "looks like CSV; give it a .csv name, or format = csv";
    if (t->format != FORMAT_CSV && rows_would_fit(t, ';', false, column))
        return "looks like CSV with semicolons; give it a .csv name, or format = csv";
    if (rows_would_fit(t, ' ', true, column))
        return "looks like R's write.table with blanks between the fields; write it with sep = \"\\t\" as .tsv";
    return NULL;
}

/* A name without a known ending says nothing about a table, so the content is asked. */
static Status check_plain(const Table *t, const char *column)
{
    if (t->is_told) return STATUS_OK;
    CHECK(!json_lines_would_fit(t), STATUS_DATA,
          "%s: looks like JSON lines; give it a .jsonl name, or format = jsonl (format = text takes its lines as they "
          "are)",
          t->path);
    CHECK(!is_json_document(t), STATUS_DATA,
          "%s: is one JSON document; write one object a line (jq -c '.[]') into a .jsonl file", t->path);
    const char *other = other_table(t, column);
    CHECK(!other, STATUS_DATA, "%s: %s (format = text takes its lines as they are)", t->path, other);
    return STATUS_OK;
}

/* --- open and close --------------------------------------------------------------------------------- */

static Status open_format(Table *t)
{
    switch (t->format) {
    case FORMAT_TSV:
    case FORMAT_CSV:
        CHECK(t->is_told || !json_lines_would_fit(t), STATUS_DATA,
              "%s: looks like JSON lines; give it a .jsonl name, or format = jsonl", t->path);
        return rows_open(t);
    case FORMAT_JSONL: return json_lines_open(t);
    default: return STATUS_OK;
    }
}

Status table_open_text(const char *path, char *data, size_t length, TableFormat format, Table *t)
{
    *t = (Table){.path = path, .data = data, .length = length, .record = -1, .is_told = format != FORMAT_AUTO};
    t->is_whole = true;
    t->format = format == FORMAT_AUTO ? format_by_name(path) : format;
    t->cursor = line_cursor((Slice){data, length});
    Status status = open_format(t);
    if (status) table_close(t);
    return status;
}

enum { WINDOW = 1 << 22 /* bytes */ };

/* Move the window: what the cursor has passed is dropped, and at least `more` bytes follow, if there are any. */
static Status move_window(Table *t, size_t more)
{
    LineCursor *c = &t->cursor;
    const size_t passed = t->data ? (size_t)(c->at - t->data) : 0;
    const int64_t line = t->data ? c->line : 1;
    TRY(text_reader_next(t->reader, passed, line, more, &t->data, &t->length, &t->is_whole));
    *c = line_cursor((Slice){t->data, t->length});
    c->line = line;
    return STATUS_OK;
}

Status table_stream(const char *path, TableFormat format, size_t window, Table *t)
{
    *t = (Table){.path = path, .window = window ? window : WINDOW, .record = -1, .is_told = format != FORMAT_AUTO};
    t->format = format == FORMAT_AUTO ? format_by_name(path) : format;
    Status status = text_reader_open(path, &t->reader);
    if (!status) status = move_window(t, t->window);
    if (!status) status = open_format(t);
    if (status) table_close(t);
    return status;
}

double table_share(const Table *t)
{
    return t->reader ? text_reader_share(t->reader) : 0;
}

Status table_open(const char *path, TableFormat format, Table *t)
{
    char *data;
    size_t length;
    *t = (Table){0};
    TRY(text_file_read(path, &data, &length));
    return table_open_text(path, data, length, format, t);
}

void table_close(Table *t)
{
    for (int i = 0; i < t->n_columns; i++) free(t->column[i]);
    for (int i = 0; i < t->n_wanted; i++) free(t->wanted[i]);
    free(t->column);
    free(t->wanted);
    free(t->place_of);
    free(t->field);
    if (t->reader) text_reader_close(&t->reader);
    else free(t->data);
    *t = (Table){0};
}

void table_add_column(Table *t, char *name)
{
    const bool is_power = (t->n_columns & (t->n_columns - 1)) == 0; /* full at 0, 1, 2, 4, ... */
    if (is_power) t->column = memory_resize(t->column, 2 * (size_t)t->n_columns + 1, sizeof *t->column);
    t->column[t->n_columns++] = name;
}

/* --- columns ---------------------------------------------------------------------------------------- */

/* "'ID', 'Body'": the first columns, long names cut. */
static char *list_columns(const Table *t)
{
    enum { MOST = 12, WIDTH = 40 };
    char *list = memory_copy_text(t->n_columns ? "" : "none");
    for (int i = 0; i < t->n_columns && i < MOST; i++) {
        Slice name = slice_of(t->column[i]);
        const bool cut = name.length > WIDTH;
        if (cut) name.length = WIDTH;
        while (cut && name.length && ((unsigned char)name.start[name.length] & 0xC0) == 0x80) name.length--;
        char *longer =
            memory_print("%s%s'%.*s%s'", list, i ? ", " : "", (int)name.length, name.start, cut ? "..." : "");
        free(list);
        list = longer;
    }
    if (t->n_columns <= MOST) return list;
    char *longer = memory_print("%s and %d more", list, t->n_columns - MOST);
    free(list);
    return longer;
}

static Status say_missing(const Table *t, const char *name)
{
    const char *hint = t->format == FORMAT_JSONL ? NULL : other_table(t, name);
    const int near = t->n_columns < 1000 ? t->n_columns : 1000;
    const char *nearest = hint ? NULL : text_nearest(name, (const char *const *)t->column, near);
    char *list = list_columns(t);
    const bool one = t->format == FORMAT_CSV && t->n_columns == 1 && !hint;
    Status status =
        status_set(STATUS_DATA, __FILE__, __LINE__, "%s: line %lld names no %s '%s'; it names: %s%s%s%s%s%s", t->path,
                   (long long)t->line, t->format == FORMAT_JSONL ? "key" : "column", name, list,
                   one ? " (no comma or semicolon)" : "", nearest ? "; did you mean '" : "", nearest ? nearest : "",
                   nearest ? "'?" : "", hint ? "; it " : "");
    free(list);
    if (!hint) return status;
    char *whole = memory_print("%s%s", status_message(), hint);
    status = status_set(STATUS_DATA, __FILE__, __LINE__, "%s", whole);
    free(whole);
    return status;
}

static Status find_column(const Table *t, const char *name, int *column)
{
    *column = -1;
    for (int i = 0; i < t->n_columns; i++) {
        if (strcmp(t->column[i], name) != 0) continue;
        CHECK(*column < 0, STATUS_DATA, "%s: line %lld names the column '%s' twice; rename one of them", t->path,
              (long long)t->line, name);
        *column = i;
    }
    return *column >= 0 ? STATUS_OK : say_missing(t, name);
}

Status table_want(Table *t, const char *name, int *place)
{
    int column = -1;
    if (t->format == FORMAT_TEXT) TRY(check_plain(t, name));
    else TRY(find_column(t, name, &column));
    *place = t->format == FORMAT_TEXT ? 0 : t->n_wanted;
    if (*place < t->n_wanted) return STATUS_OK;
    if (t->place_of) {
        if (t->place_of[column] >= 0) {
            *place = t->place_of[column];
            return STATUS_OK;
        }
        t->place_of[column] = t->n_wanted;
    }
    t->wanted = memory_resize(t->wanted, (size_t)t->n_wanted + 1, sizeof *t->wanted);
    t->field = memory_resize(t->field, (size_t)t->n_wanted + 1, sizeof *t->field);
    t->wanted[t->n_wanted] = memory_copy_text(name);
    t->field[t->n_wanted++] = (Slice){NULL, 0};
    return STATUS_OK;
}

/* --- records ---------------------------------------------------------------------------------------- */

bool table_skip_blank(Table *t)
{
    LineCursor *c = &t->cursor;
    while (c->at < c->end) {
        const char *p = c->at;
        while (p < c->end && *p == ' ') p++;
        if (p < c->end && *p != '\n' && *p != '\r') return true;
        line_cursor_pass(c, p);
    }
    return false;
}

static Status next_line(Table *t, bool *more)
{
    Slice line;
    t->line = t->cursor.line;
    *more = line_cursor_next(&t->cursor, &line);
    if (*more && t->n_wanted) t->field[0] = line;
    return STATUS_OK;
}

bool table_is_cut(const Table *t)
{
    return !t->is_whole && t->cursor.at == t->cursor.end;
}

/* The next line, or the end of the file, is wholly in the window; so is the LF that may follow a CR. */
static bool line_is_whole(const Table *t)
{
    Table probe = *t;
    Slice line;
    if (t->format != FORMAT_TEXT && !table_skip_blank(&probe)) return false;
    return line_cursor_next(&probe.cursor, &line) && !table_is_cut(&probe);
}

static Status want_whole_record(Table *t)
{
    while (!t->is_whole) {
        const bool has_rows = t->format == FORMAT_TSV || t->format == FORMAT_CSV;
        if (has_rows ? rows_are_whole(t) : line_is_whole(t)) break;
        const size_t left = (size_t)(t->cursor.end - t->cursor.at);
        TRY(move_window(t, left > t->window ? left : t->window));
    }
    return STATUS_OK;
}

Status table_next(Table *t, bool *more)
{
    t->record++;
    *more = false;
    TRY(want_whole_record(t));
    switch (t->format) {
    case FORMAT_TSV:
    case FORMAT_CSV: return rows_next(t, more);
    case FORMAT_JSONL: return json_lines_next(t, more);
    default: return next_line(t, more);
    }
}

char *table_remark(const Table *t)
{
    if (table_is_text(t) && t->n_wanted && strcmp(t->wanted[0], TABLE_COLUMN) != 0)
        return memory_print(
            "%s: is plain text and has no column '%s'; its lines are taken (a table: format = tsv, csv or "
            "jsonl)",
            t->path, t->wanted[0]);
    if (t->has_row_names)
        return memory_print(
            "%s: the rows have one field more than the header names; the first is taken for R's row names", t->path);
    if (t->format == FORMAT_CSV && t->separator != ',')
        return memory_print("%s: the columns are separated by '%c'", t->path, t->separator);
    if (t->n_literal)
        return memory_print(
            "%s: %lld fields begin with a quote but are not quoted as a whole; they are taken as they stand", t->path,
            (long long)t->n_literal);
    return NULL;
}
