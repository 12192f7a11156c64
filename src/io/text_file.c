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

struct TextReader {
    const char *path;
    FILE *stream;
    int64_t bytes;           /* of the file; 0: unknown */
    char *data;              /* owned: what is read and not dropped */
    size_t length, capacity; /* length: of valid text */
    char tail[4];            /* the beginning of a character whose end is not read yet */
    size_t n_tail;
    int64_t dropped, line;   /* bytes in front of data; the line it begins in */
    bool is_begun, is_ended; /* the first bytes were looked at; all are read */
    unsigned char *chunk;    /* owned [CHUNK]: compressed bytes; NULL: the file is not compressed */
    z_stream z;
    bool is_inside; /* of a member of gzip's */
};
typedef TextReader Reading;

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

/* The bytes at hand are gzip's: from here on they are the first chunk. */
static Status begin_gzip(Reading *r)
{
    r->chunk = memory_alloc(CHUNK, 1);
    memcpy(r->chunk, r->data, r->length);
    r->z.next_in = r->chunk;
    r->z.avail_in = (uInt)r->length;
    r->length = 0;
    r->is_inside = true;
    CHECK(inflateInit2(&r->z, 15 + 16) == Z_OK, STATUS_INTERNAL, "%s: zlib does not start", r->path);
    return STATUS_OK;
}

/* All of the chunk at hand, then the next chunk. */
static Status read_gzip(Reading *r)
{
    TRY(inflate_chunk(r, &r->z, &r->is_inside));
    r->z.next_in = r->chunk;
    r->z.avail_in = (uInt)read_chunk(r, (char *)r->chunk, CHUNK);
    TRY(check_stream(r));
    r->is_ended = !r->z.avail_in;
    CHECK(!r->is_ended || !r->is_inside, STATUS_DATA,
          "%s: its gzip data end too early, so that text is missing; copy it again", r->path);
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

/* --- chunk by chunk -------------------------------------------------------------------------------- */

static Status read_plain(Reading *r)
{
    TRY(reserve(r, CHUNK));
    const size_t got = read_chunk(r, r->data + r->length, r->capacity - r->length - 1);
    r->length += got;
    r->is_ended = !got || feof(r->stream);
    return check_stream(r);
}

/* The first chunk tells what the file is. */
static Status begin(Reading *r)
{
    r->is_begun = true;
    TRY(reserve(r, CHUNK));
    r->length = read_chunk(r, r->data, CHUNK);
    r->is_ended = r->length < CHUNK;
    TRY(check_stream(r));
    if (r->length >= 2 && memcmp(r->data, "\x1f\x8b", 2) == 0) {
        TRY(begin_gzip(r));
        r->is_ended = false;
        while (!r->is_ended && r->length < 4) TRY(read_gzip(r));
    }
    TRY(check_kind(r->path, r->data, r->length));
    drop_mark(r);
    return STATUS_OK;
}

static Status check_text(const char *name, Slice text, size_t from, const Reading *before);

/* What was read from `from` on must be text; the beginning of a last character is put by. */
static Status take_text(Reading *r, size_t from)
{
    if (!r->is_ended) {
        const size_t good = from + utf8_first_invalid(r->data + from, r->length - from);
        if (r->length - good < sizeof r->tail) {
            r->n_tail = r->length - good;
            memcpy(r->tail, r->data + good, r->n_tail);
            r->length = good;
        }
    }
    r->data[r->length] = '\0';
    return check_text(r->path, (Slice){r->data, r->length}, from, r);
}

static Status read_more(Reading *r)
{
    const size_t from = r->length;
    if (!r->is_begun) {
        TRY(begin(r));
    } else {
        TRY(reserve(r, sizeof r->tail));
        memcpy(r->data + r->length, r->tail, r->n_tail);
        r->length += r->n_tail;
        r->n_tail = 0;
        TRY(r->chunk ? read_gzip(r) : read_plain(r));
    }
    TRY(reserve(r, 0));
    return take_text(r, from);
}

Status text_reader_open(const char *path, TextReader **reader)
{
    struct stat info;
    *reader = NULL;
    CHECK(stat(path, &info) == 0, STATUS_IO, "%s: cannot be opened: %s", path, strerror(errno));
    CHECK(!S_ISDIR(info.st_mode), STATUS_IO, "%s: is a folder; a file is needed", path);
    FILE *stream = fopen(path, "rb");
    CHECK(stream, STATUS_IO, "%s: cannot be opened: %s", path, strerror(errno));
    *reader = memory_alloc(1, sizeof **reader);
    **reader =
        (TextReader){.path = path, .stream = stream, .line = 1, .bytes = S_ISREG(info.st_mode) ? info.st_size : 0};
    return STATUS_OK;
}

Status text_reader_next(TextReader *r, size_t drop, int64_t line, size_t more, char **data, size_t *length, bool *ended)
{
    r->length -= drop;
    r->dropped += (int64_t)drop;
    r->line = line;
    if (drop) memmove(r->data, r->data + drop, r->length);
    for (const size_t wanted = r->length + more; !r->is_ended && r->length < wanted;) TRY(read_more(r));
    if (r->data) r->data[r->length] = '\0';
    *data = r->data;
    *length = r->length;
    *ended = r->is_ended;
    return STATUS_OK;
}

double text_reader_share(const TextReader *r)
{
    const long at = r->bytes > 0 ? ftell(r->stream) : -1;
    return at < 0 ? 0 : at >= r->bytes ? 1 : (double)at / (double)r->bytes;
}

void text_reader_close(TextReader **reader)
{
    TextReader *r = *reader;
    *reader = NULL;
    if (!r) return;
    fclose(r->stream);
    if (r->chunk) inflateEnd(&r->z);
    free(r->chunk);
    free(r->data);
    free(r);
}

Status text_file_read(const char *path, char **data, size_t *length)
{
    TextReader *r;
    bool ended = false;
    TRY(text_reader_open(path, &r));
    Status status = reserve(r, (size_t)r->bytes);
    if (!status) status = text_reader_next(r, 0, 1, SIZE_MAX / 2, data, length, &ended);
    if (!status) r->data = NULL;
    text_reader_close(&r);
    return status;
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

/* text from `from` on; before: what was in front of it, for the message (NULL: nothing). */
static Status check_text(const char *name, Slice text, size_t from, const Reading *before)
{
    const int64_t offset = before ? before->dropped : 0, line = before ? before->line - 1 : 0;
    const size_t left = text.length - from, invalid = from + utf8_first_invalid(text.start + from, left);
    CHECK(invalid == text.length, STATUS_DATA,
          "%s: line %lld: byte 0x%02x at offset %lld is not valid UTF-8; convert the file to UTF-8 first", name,
          (long long)(line + line_of(text, invalid)), (unsigned char)text.start[invalid],
          (long long)(offset + (int64_t)invalid));
    const char *nul = left ? memchr(text.start + from, '\0', left) : NULL;
    CHECK(!nul, STATUS_DATA, "%s: line %lld: a NUL byte at offset %lld; this is not a text file", name,
          (long long)(line + line_of(text, (size_t)(nul - text.start))), (long long)(offset + (nul - text.start)));
    return STATUS_OK;
}

Status text_check(const char *name, Slice text)
{
    return check_text(name, text, 0, NULL);
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
