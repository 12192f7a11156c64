/* sentences.c: the rule of the header, on UTF-8. */
#include "data/sentences.h"

#include "data/unicode.h"

static bool is_one_of(uint32_t c, const char *set)
{
    for (; *set; set++)
        if ((unsigned char)*set == c) return true;
    return false;
}

static bool is_closing(uint32_t c)
{
    return is_one_of(c, "\"')]}") || c == 0x2019 || c == 0x201D || c == 0xBB;
}

static bool is_opening(uint32_t c)
{
    return is_one_of(c, "\"'([") || c == 0x2018 || c == 0x201C || c == 0xAB;
}

static uint32_t scalar_at(Slice text, size_t at, int *bytes)
{
    uint32_t scalar = 0;
    *bytes = 0;
    if (at < text.length) *bytes = utf8_decode(text.start + at, text.length - at, &scalar);
    return scalar;
}

/* at: just behind a full stop. Where the next sentence begins, or 0 if the sentence goes on. */
static size_t next_start(Slice text, size_t at, size_t *end)
{
    int bytes;
    uint32_t c = scalar_at(text, at, &bytes);
    while (bytes && is_closing(c)) {
        at += (size_t)bytes;
        c = scalar_at(text, at, &bytes);
    }
    *end = at;
    if (!bytes || unicode_class(c) != CHARACTER_SPACE) return 0;
    while (bytes && unicode_class(c) == CHARACTER_SPACE) {
        at += (size_t)bytes;
        c = scalar_at(text, at, &bytes);
    }
    return bytes && (unicode_is_upper(c) || is_opening(c)) ? at : 0;
}

bool sentences_next(Slice *rest, Slice *sentence)
{
    *rest = slice_trim(*rest);
    if (!rest->length) return false;
    for (size_t i = 0; i < rest->length; i++) {
        const char c = rest->start[i];
        if (c != '.' && c != '!' && c != '?') continue;
        size_t end;
        const size_t start = next_start(*rest, i + 1, &end);
        if (!start) continue;
        *sentence = (Slice){rest->start, end};
        *rest = (Slice){rest->start + start, rest->length - start};
        return true;
    }
    *sentence = *rest;
    *rest = (Slice){rest->start + rest->length, 0};
    return true;
}
