/* table_json.c: one JSON object a line (RFC 8259), read without building a tree. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "table_parts.h"

enum { DEEPEST = 512 };

typedef struct {
    const char *at, *end;
    const char *why; /* NULL until something is wrong at `at` */
} Json;

typedef enum { JSON_TEXT, JSON_NUMBER, JSON_WORD, JSON_NOTHING, JSON_NESTED } JsonKindOf;

typedef struct {
    Slice raw; /* JSON_TEXT: without its quotes */
    JsonKindOf kind;
    bool has_escapes;
} JsonValue;

static const char line_ends[] = "the line ends inside the object; one object a line is needed";

static bool wrong(Json *j, const char *why)
{
    if (!j->why) j->why = why;
    return false;
}

static void skip_space(Json *j)
{
    while (j->at < j->end && (*j->at == ' ' || *j->at == '\t' || *j->at == '\r' || *j->at == '\n')) j->at++;
}

static bool is_at(const Json *j, char c)
{
    return j->at < j->end && *j->at == c;
}

/* --- strings ---------------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Four hexadecimal digits at text[at]; -1 if they are not there. */
static int32_t hex_four(Slice text, size_t at)
{
    int32_t value = 0;
    if (at + 4 > text.length) return -1;
    for (size_t i = at; i < at + 4; i++) {
        const int digit = hex_digit(text.start[i]);
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* \uXXXX at text[*at], the backslash; with its other half if it is one. 0: not a character of text. */
static uint32_t escaped_scalar(Slice text, size_t *at)
{
    const int32_t high = hex_four(text, *at + 2);
    *at += 6;
    if (high < 0xD800 || high > 0xDFFF) return high > 0 ? (uint32_t)high : 0;
    const bool pairs = high < 0xDC00 && *at + 1 < text.length && text.start[*at] == '\\' && text.start[*at + 1] == 'u';
    const int32_t low = pairs ? hex_four(text, *at + 2) : -1;
    if (low < 0xDC00 || low > 0xDFFF) return 0;
    *at += 6;
    return 0x10000 + ((uint32_t)(high - 0xD800) << 10) + (uint32_t)(low - 0xDC00);
}

static char escaped_byte(char c)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found = c ? strchr(from, c) : NULL;
    return found ? to[found - from] : '\0';
}

/* raw without its escapes, written to out, which may be raw itself. Only for strings that skip_string accepted. */
static Slice unescape(Slice raw, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < raw.length;) {
        const char *escape = memchr(raw.start + i, '\\', raw.length - i);
        const size_t plain = escape ? (size_t)(escape - raw.start) - i : raw.length - i;
        memmove(out + n, raw.start + i, plain);
        n += plain;
        i += plain;
        if (!escape) break;
        if (raw.start[i + 1] == 'u') {
            n += (size_t)utf8_encode(escaped_scalar(raw, &i), out + n);
        } else {
            out[n++] = escaped_byte(raw.start[i + 1]);
            i += 2;
        }
    }
    return (Slice){out, n};
}

/* An escape at j->at, the backslash. */
static bool skip_escape(Json *j)
{
    const Slice rest = {j->at, (size_t)(j->end - j->at)};
    if (rest.length < 2) return wrong(j, "the line ends inside a string");
    if (rest.start[1] != 'u') {
        if (!escaped_byte(rest.start[1])) return wrong(j, "an unknown escape");
        j->at += 2;
        return true;
    }
    size_t used = 0;
    if (!escaped_scalar(rest, &used))
        return wrong(j, "\\u that is not a character (NUL, half a pair, or not four digits)");
    j->at += used;
    return true;
}

static bool skip_string(Json *j, JsonValue *value)
{
    const char *start = ++j->at;
    value->has_escapes = false;
    for (; j->at < j->end && *j->at != '"';) {
        if (*j->at == '\\') {
            value->has_escapes = true;
            if (!skip_escape(j)) return false;
        } else if ((unsigned char)*j->at < 0x20) {
            return wrong(j, "a control character in a string; write it as an escape (\\t)");
        } else {
            j->at++;
        }
    }
    if (j->at == j->end) return wrong(j, "the line ends inside a string");
    value->raw = (Slice){start, (size_t)(j->at - start)};
    value->kind = JSON_TEXT;
    j->at++;
    return true;
}

/* --- other values ----------------------------------------------------------------------------------- */

static bool skip_digits(Json *j)
{
    const char *start = j->at;
    while (j->at < j->end && *j->at >= '0' && *j->at <= '9') j->at++;
    return j->at > start ? true : wrong(j, "not a value");
}

static bool skip_number(Json *j)
{
    if (is_at(j, '-')) j->at++;
    if (is_at(j, '0')) j->at++;
    else if (!skip_digits(j)) return false;
    if (is_at(j, '.')) {
        j->at++;
        if (!skip_digits(j)) return false;
    }
    if (is_at(j, 'e') || is_at(j, 'E')) {
        j->at++;
        if (is_at(j, '+') || is_at(j, '-')) j->at++;
        return skip_digits(j);
    }
    return true;
}

static bool skip_word(Json *j, const char *word)
{
    const size_t n = strlen(word);
    if ((size_t)(j->end - j->at) < n || memcmp(j->at, word, n) != 0) return wrong(j, "not a value");
    j->at += n;
    return true;
}

static bool skip_value(Json *j, int depth, JsonValue *value);

/* "key": at j->at */
static bool skip_key(Json *j, JsonValue *key)
{
    skip_space(j);
    if (j->at == j->end) return wrong(j, line_ends);
    if (!is_at(j, '"')) return wrong(j, "a key in quotes is missing");
    if (!skip_string(j, key)) return false;
    skip_space(j);
    if (!is_at(j, ':')) return wrong(j, "a colon is missing behind the key");
    j->at++;
    return true;
}

/* Behind an element: a comma and *more, or the closing bracket. */
static bool skip_comma(Json *j, char close, bool *more)
{
    skip_space(j);
    *more = is_at(j, ',');
    if (!*more && !is_at(j, close))
        return wrong(j, j->at == j->end ? line_ends : "a comma or a closing bracket is missing");
    j->at++;
    return true;
}

static bool skip_nested(Json *j, int depth)
{
    const char close = *j->at == '{' ? '}' : ']';
    j->at++;
    skip_space(j);
    if (is_at(j, close)) {
        j->at++;
        return true;
    }
    for (bool more = true; more;) {
        JsonValue key, value;
        if (close == '}' && !skip_key(j, &key)) return false;
        if (!skip_value(j, depth + 1, &value) || !skip_comma(j, close, &more)) return false;
    }
    return true;
}

static bool skip_value(Json *j, int depth, JsonValue *value)
{
    skip_space(j);
    const char *start = j->at;
    bool good;
    if (j->at == j->end) return wrong(j, line_ends);
    if (depth > DEEPEST) return wrong(j, "nested too deeply");
    switch (*j->at) {
    case '"': return skip_string(j, value);
    case '{':
    case '[': value->kind = JSON_NESTED, good = skip_nested(j, depth); break;
    case 't': value->kind = JSON_WORD, good = skip_word(j, "true"); break;
    case 'f': value->kind = JSON_WORD, good = skip_word(j, "false"); break;
    case 'n': value->kind = JSON_NOTHING, good = skip_word(j, "null"); break;
    default: value->kind = JSON_NUMBER, good = skip_number(j);
    }
    value->raw = (Slice){start, (size_t)(j->at - start)};
    return good;
}

/* --- objects ---------------------------------------------------------------------------------------- */

typedef bool (*JsonVisit)(Json *json, const JsonValue *key, const JsonValue *value, void *context);

/* Visit the pairs of the object that the line is. */
static bool walk_object(Json *j, JsonVisit visit, void *context)
{
    skip_space(j);
    if (!is_at(j, '{')) return wrong(j, "not an object; one {\"key\": value, ...} a line is needed");
    j->at++;
    skip_space(j);
    bool more = !is_at(j, '}');
    if (!more) j->at++;
    while (more) {
        JsonValue key, value;
        if (!skip_key(j, &key) || !skip_value(j, 1, &value)) return false;
        if (visit && !visit(j, &key, &value, context)) return false;
        if (!skip_comma(j, '}', &more)) return false;
    }
    skip_space(j);
    return j->at == j->end ? true : wrong(j, "text behind the object");
}

static bool key_is(const JsonValue *key, const char *name)
{
    if (!key->has_escapes) return slice_is(key->raw, name);
    char *copy = memory_alloc(key->raw.length + 1, 1);
    const bool same = slice_is(unescape(key->raw, copy), name);
    free(copy);
    return same;
}

static bool keep_wanted(Json *j, const JsonValue *key, const JsonValue *value, void *context)
{
    Table *t = context;
    for (int w = 0; w < t->n_wanted; w++) {
        if (!key_is(key, t->wanted[w])) continue;
        if (t->field[w].start) return wrong(j, "a key stands twice in the object");
        if (value->kind == JSON_NESTED) return wrong(j, "a list or an object where text is wanted");
        Slice text = value->raw;
        if (value->kind == JSON_NOTHING) text.length = 0;
        if (value->kind == JSON_TEXT && value->has_escapes) text = unescape(text, t->data + (text.start - t->data));
        t->field[w] = text;
    }
    return true;
}

static Status say_wrong(const Table *t, Slice line, const Json *j)
{
    FAIL(STATUS_DATA, "%s: line %lld, column %lld: not valid JSON lines: %s", t->path, (long long)t->line,
         (long long)(j->at - line.start) + 1, j->why);
}

Status json_lines_next(Table *t, bool *more)
{
    Slice line;
    *more = table_skip_blank(t);
    if (!*more) return STATUS_OK;
    t->line = t->cursor.line;
    line_cursor_next(&t->cursor, &line);
    for (int w = 0; w < t->n_wanted; w++) t->field[w] = (Slice){NULL, 0};
    Json j = {line.start, line.start + line.length, NULL};
    if (!walk_object(&j, keep_wanted, t)) return say_wrong(t, line, &j);
    for (int w = 0; w < t->n_wanted; w++)
        CHECK(t->field[w].start, STATUS_DATA, "%s: line %lld has no key '%s'; give it, or null where there is no text",
              t->path, (long long)t->line, t->wanted[w]);
    return STATUS_OK;
}

static bool add_key(Json *j, const JsonValue *key, const JsonValue *value, void *context)
{
    (void)j, (void)value;
    char *copy = memory_alloc(key->raw.length + 1, 1);
    const Slice name = unescape(key->raw, copy);
    copy[name.length] = '\0';
    table_add_column(context, copy);
    return true;
}

Status json_lines_open(Table *t)
{
    Table probe = *t;
    Slice line;
    CHECK(table_skip_blank(&probe), STATUS_DATA, "%s: is empty", t->path);
    t->line = probe.cursor.line;
    line_cursor_next(&probe.cursor, &line);
    const Slice trimmed = slice_trim(line);
    CHECK(trimmed.start[0] != '[', STATUS_DATA,
          "%s: is a JSON array, not JSON lines; write one object a line (jq -c '.[]')", t->path);
    Json j = {line.start, line.start + line.length, NULL};
    if (!walk_object(&j, add_key, t)) return say_wrong(t, line, &j);
    return STATUS_OK;
}

bool json_lines_would_fit(const Table *t)
{
    Table probe = {.cursor = line_cursor((Slice){t->data, t->length})};
    Slice line;
    if (!table_skip_blank(&probe) || !line_cursor_next(&probe.cursor, &line)) return false;
    Json j = {line.start, line.start + line.length, NULL};
    return memchr(line.start, '"', line.length) && walk_object(&j, NULL, NULL);
}
