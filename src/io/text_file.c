/* text_file.c: chunk by chunk from the file, through zlib where it begins with gzip's two bytes. */
#include "io/text_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/memory.h"

enum { CHUNK = 1 << 18 };

typedef struct {
    const char *path;
    FILE *stream;
    char *data; /* what is read so far */
    size_t length, capacity;
} Reading;

/* Room for `more` bytes and a NUL. */
static Status reserve(Reading *r, size_t more)
{
    const size_t needed = r->length + more + 1, grown = r->capacity + r->capacity / 2;
    if (needed <= r->capacity) return STATUS_OK;
    const size_t capacity = grown > needed ? grown : needed;
    char *data = realloc(r->data, capacity);
    CHECK(data, STATUS_MEMORY,
          "%s: no memory for its text, %zu bytes so far; use a machine with more, or split the file", r->path, needed);
    r->data = data;
    r->capacity = capacity;
    return STATUS_OK;
}

static size_t read_chunk(Reading *r, char *into, size_t size)
{
    return fread(into, 1, size, r->stream);
}

static Status check_stream(const Reading *r)
{
    CHECK(!ferror(r->stream), STATUS_IO, "%s: cannot be read: %s", r->path, strerror(errno));
    return STATUS_OK;
}

/* --- gzip ------------------------------------------------------------------------------------------ */

/* Behind the end of a member: another member, padding with zeros, or the end. */
static bool is_padding(const z_stream *z)
{
    for (uInt i = 0; i < z->avail_in; i++)
        if (z->next_in[i]) return false;
    return true;
}

static Status inflate_chunk(Reading *r, z_stream *z, bool *is_inside)
{
    while (z->avail_in) {
        if (!*is_inside) {
            if (is_padding(z)) return STATUS_OK;
            inflateReset(z);
            *is_inside = true;
        }
        TRY(reserve(r, CHUNK));
        const size_t room = r->capacity - r->length - 1, given = room < (1u << 30) ? room : 1u << 30;
        z->next_out = (unsigned char *)r->data + r->length;
        z->avail_out = (uInt)given;
        const int code = inflate(z, Z_NO_FLUSH);
        r->length += given - z->avail_out;
        if (code == Z_STREAM_END) *is_inside = false;
        else
            CHECK(code == Z_OK || code == Z_BUF_ERROR, STATUS_DATA, "%s: its gzip data are damaged (%s); copy it again",
                  r->path, z->msg ? z->msg : "wrong structure");
    }
    return STATUS_OK;
}

/* first [n]: bytes already read. */
static Status read_gzip(Reading *r, const char *first, size_t n)
{
    unsigned char *chunk = memory_alloc(CHUNK, 1);
    z_stream z = {0};
    bool is_inside = true;
    Status status = STATUS_OK;
    if (inflateInit2(&z, 15 + 16) != Z_OK)
        status = status_set(STATUS_INTERNAL, __FILE__, __LINE__, "%s: zlib does not start", r->path);
    memcpy(chunk, first, n);
    z.next_in = chunk;
    z.avail_in = (uInt)n;
    while (!status && z.avail_in) {
        status = inflate_chunk(r, &z, &is_inside);
        z.next_in = chunk;
        z.avail_in = (uInt)read_chunk(r, (char *)chunk, CHUNK);
    }
    inflateEnd(&z);
    free(chunk);
    TRY(status);
    TRY(check_stream(r));
    CHECK(!is_inside, STATUS_DATA, "%s: its gzip data end too early, so that text is missing; copy it again", r->path);
    return STATUS_OK;
}

/* --- what the first bytes say ---------------------------------------------------------------------- */

#define ZIP_CURE        "open it and save the table as CSV (UTF-8)"
#define UTF8_CURE(from) "convert it first: iconv -f " from " -t UTF-8"

/* Files that people take for text. */
static const struct {
    const char *bytes;
    size_t n;
    const char *is, *cure;
} other_kind[] = {
    {"\xff\xfe\0\0", 4, "UTF-32", UTF8_CURE("UTF-32")},
    {"\0\0\xfe\xff", 4, "UTF-32", UTF8_CURE("UTF-32")},
    {"\xff\xfe", 2, "UTF-16 (as Excel's \"Unicode text\" is)", UTF8_CURE("UTF-16")},
    {"\xfe\xff", 2, "UTF-16", UTF8_CURE("UTF-16")},
    {"PK\3\4", 4, "a zip file (as .xlsx and .ods are)", ZIP_CURE ", or unpack it"},
    {"\xd0\xcf\x11\xe0", 4, "an old Office file (.xls, .doc)", ZIP_CURE},
    {"BZh", 3, "compressed by bzip2", "unpack it first (bunzip2), or use gzip"},
    {"\xfd"
     "7zXZ",
     5, "compressed by xz", "unpack it first (unxz), or use gzip"},
    {"\x28\xb5\x2f\xfd", 4, "compressed by zstd", "unpack it first (unzstd), or use gzip"},
    {"PAR1", 4, "a Parquet file", "write it as CSV or JSON lines"},
    {"ARROW1", 6, "an Arrow file", "write it as CSV or JSON lines"},
    {"\x89HDF", 4, "an HDF5 file", "a text is needed here"},
    {"%PDF-", 5, "a PDF file", "save its text as .txt (pdftotext)"},
    {"version https://git-lfs", 23, "a pointer to a file that Git LFS keeps elsewhere", "fetch it: git lfs pull"},
};

static Status check_kind(const char *path, const char *bytes, size_t n)
{
    for (size_t i = 0; i < sizeof other_kind / sizeof other_kind[0]; i++)
        CHECK(n < other_kind[i].n || memcmp(bytes, other_kind[i].bytes, other_kind[i].n) != 0, STATUS_DATA,
              "%s: is %s; %s", path, other_kind[i].is, other_kind[i].cure);
    const bool low = n >= 4 && bytes[0] && !bytes[1] && bytes[2] && !bytes[3];
    const bool high = n >= 4 && !bytes[0] && bytes[1] && !bytes[2] && bytes[3];
    CHECK(!low && !high, STATUS_DATA, "%s: seems to be UTF-16 (every other byte is 0); " UTF8_CURE("UTF-16%s"), path,
          low ? "LE" : "BE");
    return STATUS_OK;
}

static void drop_mark(Reading *r)
{
    if (r->length < 3 || memcmp(r->data, "\xef\xbb\xbf", 3) != 0) return;
    r->length -= 3;
    memmove(r->data, r->data + 3, r->length);
}

static Status read_all(Reading *r)
{
    TRY(reserve(r, CHUNK));
    r->length = read_chunk(r, r->data, CHUNK);
    if (r->length >= 2 && memcmp(r->data, "\x1f\x8b", 2) == 0) {
        char *first = r->data;
        const size_t n = r->length;
        *r = (Reading){.path = r->path, .stream = r->stream};
        Status status = read_gzip(r, first, n);
        free(first);
        TRY(status);
    }
    for (size_t got = r->length; got && !feof(r->stream); r->length += got) {
        TRY(reserve(r, CHUNK));
        got = read_chunk(r, r->data + r->length, r->capacity - r->length - 1);
    }
    TRY(check_stream(r));
    TRY(reserve(r, 0));
    TRY(check_kind(r->path, r->data, r->length));
    drop_mark(r);
    r->data[r->length] = '\0';
    return text_check(r->path, (Slice){r->data, r->length});
}

Status text_file_read(const char *path, char **data, size_t *length)
{
    struct stat info;
    CHECK(stat(path, &info) == 0, STATUS_IO, "%s: cannot be opened: %s", path, strerror(errno));
    CHECK(!S_ISDIR(info.st_mode), STATUS_IO, "%s: is a folder; a file is needed", path);
    Reading r = {.path = path, .stream = fopen(path, "rb")};
    CHECK(r.stream, STATUS_IO, "%s: cannot be opened: %s", path, strerror(errno));
    Status status = S_ISREG(info.st_mode) ? reserve(&r, (size_t)info.st_size) : STATUS_OK;
    if (!status) status = read_all(&r);
    fclose(r.stream);
    if (status) {
        free(r.data);
        return status;
    }
    *data = r.data;
    *length = r.length;
    return STATUS_OK;
}

/* --- text ------------------------------------------------------------------------------------------ */

/* The number of the line that byte `at` stands in. */
static int64_t line_of(Slice text, size_t at)
{
    LineCursor cursor = line_cursor(text);
    int64_t number = 1;
    for (Slice line; cursor.at <= text.start + at; number = cursor.line)
        if (!line_cursor_next(&cursor, &line) || cursor.at > text.start + at) break;
    return number;
}

Status text_check(const char *name, Slice text)
{
    const size_t invalid = utf8_first_invalid(text.start, text.length);
    CHECK(invalid == text.length, STATUS_DATA,
          "%s: line %lld: byte 0x%02x at offset %zu is not valid UTF-8; convert the file to UTF-8 first", name,
          (long long)line_of(text, invalid), (unsigned char)text.start[invalid], invalid);
    const char *nul = text.length ? memchr(text.start, '\0', text.length) : NULL;
    CHECK(!nul, STATUS_DATA, "%s: line %lld: a NUL byte at offset %zu; this is not a text file", name,
          (long long)line_of(text, (size_t)(nul - text.start)), (size_t)(nul - text.start));
    return STATUS_OK;
}

LineCursor line_cursor(Slice text)
{
    return (LineCursor){.at = text.start, .end = text.start + text.length, .line = 1};
}

static const char *find_from(const char *known, const char *at, const char *end, char c)
{
    if (known && known >= at) return known;
    const char *found = at < end ? memchr(at, c, (size_t)(end - at)) : NULL;
    return found ? found : end;
}

const char *line_cursor_find(LineCursor *c)
{
    c->lf = find_from(c->lf, c->at, c->end, '\n');
    c->cr = find_from(c->cr, c->at, c->end, '\r');
    return c->lf < c->cr ? c->lf : c->cr;
}

void line_cursor_pass(LineCursor *c, const char *to)
{
    c->at = to;
    if (to == c->end) return;
    c->at += to[0] == '\r' && to + 1 < c->end && to[1] == '\n' ? 2 : 1;
    c->line++;
}

bool line_cursor_next(LineCursor *c, Slice *line)
{
    if (c->at == c->end) return false;
    const char *end = line_cursor_find(c);
    *line = (Slice){c->at, (size_t)(end - c->at)};
    line_cursor_pass(c, end);
    return true;
}
