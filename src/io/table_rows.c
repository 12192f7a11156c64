/* table_rows.c: fields between separators, with quotes. A field is found first and unescaped only if it is wanted. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "table_parts.h"

enum { MOST_COLUMNS = 1 << 24 };

typedef enum { QUOTES_NONE, QUOTES_DOUBLED, QUOTES_ESCAPED } Quotes;

typedef struct {
    Slice raw; /* without the quotes around it */
    Quotes quotes;
} Field;

typedef enum { ROW_COUNT, ROW_HEADER, ROW_DATA } RowUse;

typedef struct {
    int n_fields;
    bool first_is_empty, last_is_empty, all_quoted;
} Row;

/* --- one field -------------------------------------------------------------------------------------- */

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

/* Is p, behind blanks, where a field ends? */
static bool ends_field(const Table *t, const char *p)
{
    while (t->separator != ' ' && p < t->cursor.end && *p == ' ') p++;
    return p == t->cursor.end || *p == t->separator || is_line_end(*p);
}

/* The quote that closes the field opened at `open` under a rule, or NULL. It stops at the next quote that begins a
 * field, so that all calls together take linear time. */
static const char *closing_quote(const Table *t, const char *open, Quotes rule)
{
    const char *end = t->cursor.end, *q = open + 1;
    for (; q < end && (q = memchr(q, '"', (size_t)(end - q))); q++) {
        if (rule == QUOTES_ESCAPED && q[-1] == '\\' && q - 1 > open) continue;
        if (rule == QUOTES_DOUBLED && q + 1 < end && q[1] == '"') q++;
        else return ends_field(t, q + 1) ? q : NULL;
    }
    if (t->hit_end) *t->hit_end = true;
    return NULL;
}

static Field plain_field(Table *t)
{
    LineCursor *c = &t->cursor;
    const char *start = c->at, *end = line_cursor_find(c);
    const char *separator = start < end ? memchr(start, t->separator, (size_t)(end - start)) : NULL;
    c->at = separator ? separator : end;
    return (Field){{start, (size_t)(c->at - start)}, QUOTES_NONE};
}

static Field quoted_field(Table *t, const char *close, Quotes quotes)
{
    LineCursor *c = &t->cursor;
    const char *start = c->at + 1;
    for (const char *end = line_cursor_find(c); end < close; end = line_cursor_find(c)) line_cursor_pass(c, end);
    for (c->at = close + 1; t->separator != ' ' && c->at < c->end && *c->at == ' ';) c->at++;
    return (Field){{start, (size_t)(close - start)}, quotes};
}

/* A field that begins with a quote and is not quoted as a whole. */
static Status literal_field(Table *t, Field *field)
{
    const int64_t line = t->cursor.line;
    *field = plain_field(t);
    CHECK(
        memchr(field->raw.start + 1, '"', field->raw.length - 1), STATUS_DATA,
        "%s: line %lld: a field begins with a quote that is never closed; close it, or write \"\"\"text\" if the quote "
        "belongs to the text",
        t->path, (long long)line);
    CHECK(t->format != FORMAT_CSV, STATUS_DATA,
          "%s: line %lld: text follows the closing quote of a field; inside a quoted field a quote must be doubled",
          t->path, (long long)line);
    t->n_literal++;
    return STATUS_OK;
}

/* CSV: blanks between a separator and a field that is quoted as a whole are none of its text. */
static void pass_blanks(Table *t)
{
    LineCursor *c = &t->cursor;
    const char *p = c->at;
    while (t->format == FORMAT_CSV && p < c->end && *p == ' ') p++;
    if (p == c->at || p == c->end || *p != '"') return;
    if (closing_quote(t, p, QUOTES_DOUBLED) || closing_quote(t, p, QUOTES_ESCAPED)) c->at = p;
}

/* The field at the cursor, which then stands at a separator, a line end or the end. */
static Status next_field(Table *t, Field *field)
{
    const LineCursor *c = &t->cursor;
    pass_blanks(t);
    if (c->at == c->end || *c->at != '"') {
        *field = plain_field(t);
        return STATUS_OK;
    }
    for (Quotes rule = QUOTES_DOUBLED; rule <= QUOTES_ESCAPED; rule++) {
        const char *close = closing_quote(t, c->at, rule);
        if (!close) continue;
        *field = quoted_field(t, close, rule);
        return STATUS_OK;
    }
    return literal_field(t, field);
}

/* The field's text, written to out, which may be the field itself. */
static Slice unescape(const Field *field, char *out)
{
    const Slice raw = field->raw;
    const char lead = field->quotes == QUOTES_DOUBLED ? '"' : '\\';
    size_t n = 0;
    for (size_t i = 0; i < raw.length;) {
        const char *q = memchr(raw.start + i, lead, raw.length - i);
        const size_t plain = q ? (size_t)(q - raw.start) - i : raw.length - i;
        memmove(out + n, raw.start + i, plain);
        n += plain;
        i += plain;
        if (!q) break;
        if (i + 1 < raw.length && raw.start[i + 1] == '"') i++;
        out[n++] = raw.start[i++];
    }
    return (Slice){out, n};
}

static Slice text_of(Table *t, const Field *field)
{
    if (field->quotes == QUOTES_NONE) return field->raw;
    return unescape(field, t->data + (field->raw.start - t->data));
}

/* Without blanks that nobody sees at both ends: ASCII, no-break and zero-width ones, byte order marks. */
static Slice trim_name(Slice name)
{
    static const char *const blank[] = {"\xC2\xA0", "\xE2\x80\x8B", "\xEF\xBB\xBF"};
    size_t before;
    do {
        name = slice_trim(name);
        before = name.length;
        for (size_t i = 0; i < sizeof blank / sizeof blank[0]; i++) {
            const size_t n = strlen(blank[i]);
            if (name.length >= n && memcmp(name.start, blank[i], n) == 0) name.start += n, name.length -= n;
            if (name.length >= n && memcmp(name.start + name.length - n, blank[i], n) == 0) name.length -= n;
        }
    } while (name.length < before);
    return name;
}

static void add_name(Table *t, const Field *field)
{
    char *copy = memory_alloc(field->raw.length + 1, 1);
    Slice name = field->raw;
    if (field->quotes != QUOTES_NONE) name = unescape(field, copy);
    table_add_column(t, slice_copy(trim_name(name)));
    free(copy);
}

/* --- one row ---------------------------------------------------------------------------------------- */

static Status next_row(Table *t, RowUse use, Row *row)
{
    LineCursor *c = &t->cursor;
    *row = (Row){.all_quoted = true};
    t->line = c->line;
    for (int i = 0;; i++) {
        Field field = {{NULL, 0}, QUOTES_NONE};
        CHECK(i < MOST_COLUMNS, STATUS_DATA, "%s: line %lld has more than %d fields", t->path, (long long)t->line,
              MOST_COLUMNS);
        TRY(next_field(t, &field));
        row->n_fields = i + 1;
        row->last_is_empty = !field.raw.length && field.quotes == QUOTES_NONE;
        row->all_quoted = row->all_quoted && field.quotes != QUOTES_NONE;
        if (i == 0) row->first_is_empty = row->last_is_empty;
        if (use == ROW_HEADER) add_name(t, &field);
        if (use == ROW_DATA && i < t->n_columns && t->place_of[i] >= 0) t->field[t->place_of[i]] = text_of(t, &field);
        if (c->at == c->end || is_line_end(*c->at)) break;
        c->at++;
    }
    line_cursor_pass(c, c->at);
    return STATUS_OK;
}

static const char *separator_name(char c)
{
    return c == '\t' ? "a TAB" : c == ',' ? "a comma" : c == ';' ? "a semicolon" : "a separator";
}

Status rows_next(Table *t, bool *more)
{
    Row row;
    *more = table_skip_blank(t);
    if (!*more) return STATUS_OK;
    TRY(next_row(t, ROW_DATA, &row));
    CHECK(row.n_fields == t->n_columns, STATUS_DATA,
          "%s: line %lld has %d fields, the header has %d; a text that holds %s or a line break must stand in quotes",
          t->path, (long long)t->line, row.n_fields, t->n_columns, separator_name(t->separator));
    return STATUS_OK;
}

bool rows_are_whole(const Table *t)
{
    Table probe = *t;
    bool hit_end = false;
    Row row;
    probe.hit_end = &hit_end;
    return table_skip_blank(&probe) && (next_row(&probe, ROW_COUNT, &row) || !table_is_cut(&probe)) && !hit_end;
}

/* --- the header ------------------------------------------------------------------------------------- */

/* A look at the row at the cursor, which stays. False: there is none, or it cannot be read. */
static bool peek(const Table *t, char separator, Row *row)
{
    Table probe = *t;
    probe.separator = separator;
    return table_skip_blank(&probe) && !next_row(&probe, ROW_COUNT, row);
}

/* Excel's own hint: a first line that says sep=; */
static bool takes_hint(Table *t)
{
    const char *at = t->cursor.at, *end = line_cursor_find(&t->cursor);
    if (end - at != 5 || strncmp(at, "sep=", 4) != 0 || !strchr(",;\t|:", at[4])) return false;
    t->separator = at[4];
    line_cursor_pass(&t->cursor, end);
    return true;
}

static void choose_separator(Table *t)
{
    Row comma, semicolon;
    t->separator = t->format == FORMAT_TSV ? '\t' : ',';
    if (t->format == FORMAT_TSV || takes_hint(t)) return;
    const int commas = peek(t, ',', &comma) ? comma.n_fields : 0;
    if (peek(t, ';', &semicolon) && semicolon.n_fields > commas) t->separator = ';';
}

/* R leaves the name of the column of row names out. A separator too many at the end of each row would look alike: its
 * last field is always empty. */
static bool leaves_row_names_out(const Table *t)
{
    enum { ROWS = 64 };
    Table probe = *t;
    bool ends_in_text = false;
    for (int i = 0; i < ROWS && table_skip_blank(&probe); i++) {
        Row row;
        const bool failed = next_row(&probe, ROW_COUNT, &row) != STATUS_OK;
        if (i && table_is_cut(&probe)) break;
        if (failed || row.n_fields != t->n_columns + 1 || row.first_is_empty) return false;
        ends_in_text = ends_in_text || !row.last_is_empty;
    }
    return ends_in_text;
}

static void add_row_names(Table *t)
{
    table_add_column(t, memory_copy_text(""));
    char *empty = t->column[t->n_columns - 1];
    memmove(t->column + 1, t->column, (size_t)(t->n_columns - 1) * sizeof *t->column);
    t->column[0] = empty;
}

Status rows_open(Table *t)
{
    Row header;
    CHECK(table_skip_blank(t), STATUS_DATA, "%s: is empty; a table needs a header line", t->path);
    choose_separator(t);
    CHECK(table_skip_blank(t), STATUS_DATA, "%s: is empty; a table needs a header line", t->path);
    TRY(next_row(t, ROW_HEADER, &header));
    t->n_literal = 0; /* names are not samples */
    t->has_row_names = leaves_row_names_out(t);
    if (t->has_row_names) add_row_names(t);
    t->place_of = memory_alloc((size_t)t->n_columns, sizeof *t->place_of);
    for (int i = 0; i < t->n_columns; i++) t->place_of[i] = -1;
    return STATUS_OK;
}

bool rows_would_fit(const Table *t, char separator, bool quoted, const char *column)
{
    Table probe = {.path = t->path, .format = FORMAT_TSV, .separator = separator, .data = t->data, .length = t->length};
    Row header, row;
    enum { LONGEST = 1 << 16 /* bytes of a line that may be a header */ };
    probe.cursor = line_cursor((Slice){t->data, t->length});
    if (line_cursor_find(&probe.cursor) - probe.cursor.at > LONGEST) return false;
    bool fits = table_skip_blank(&probe) && !next_row(&probe, ROW_HEADER, &header) && header.n_fields >= 2 &&
                (!quoted || header.all_quoted);
    bool named = false;
    for (int i = 0; fits && i < probe.n_columns; i++) named = named || strcmp(probe.column[i], column) == 0;
    for (int i = 0; i < probe.n_columns; i++) free(probe.column[i]);
    free(probe.column);
    return named && peek(&probe, separator, &row) &&
           (row.n_fields == header.n_fields || row.n_fields == header.n_fields + 1);
}
