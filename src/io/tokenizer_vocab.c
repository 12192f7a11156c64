/* tokenizer_vocab.c: vocab.txt, a piece a line. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/unicode.h"
#include "io/file.h"
#include "io/file_kind.h"
#include "tokenizer_parts.h"

static Status check_text(const char *path, const char *text, size_t length)
{
    const char *kind = file_kind(text, length), *nul = length ? memchr(text, '\0', length) : NULL;
    const size_t invalid = utf8_first_invalid(text, length);
    CHECK(!kind, STATUS_DATA, "%s: is %s", path, kind);
    CHECK(invalid == length && !nul, STATUS_DATA, "%s: is not a text file (byte %zu is not valid UTF-8 or NUL)", path,
          invalid < length ? invalid : (size_t)(nul - text));
    return STATUS_OK;
}

/* Without white space at its end, which no piece can have: words end at white space. */
static Slice trim_end(Slice line)
{
    while (line.length) {
        size_t last = line.length - 1;
        while (last && ((unsigned char)line.start[last] & 0xC0) == 0x80) last--;
        uint32_t scalar;
        utf8_decode(line.start + last, line.length - last, &scalar);
        if (!unicode_is_white_space(scalar)) break;
        line.length = last;
    }
    return line;
}

static void read_lines(Slice text, Tokenizer *t)
{
    const bool has_lines = memchr(text.start, '\n', text.length) != NULL;
    size_t capacity = 0;
    Slice line;
    while (text.length && slice_next_field(&text, has_lines ? '\n' : '\r', &line)) {
        memory_reserve((void **)&t->piece, &capacity, (size_t)t->n + 1, sizeof *t->piece);
        t->piece[t->n++] = slice_copy(trim_end(line));
    }
    while (t->n && !t->piece[t->n - 1][0]) free(t->piece[--t->n]);
}

Status tokenizer_read_vocab_txt(const char *path, Tokenizer *t)
{
    char *text;
    size_t length;
    TRY(file_read(path, &text, &length));
    Status status = check_text(path, text, length);
    const size_t mark = length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    if (!status && length > mark) read_lines((Slice){text + mark, length - mark}, t);
    if (!status && t->n == 0)
        status = status_set(STATUS_DATA, __FILE__, __LINE__, "%s: is empty; one piece a line is needed", path);
    free(text);
    return status;
}
