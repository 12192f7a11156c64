/* text.c: strings, numbers and UTF-8. */
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

Slice slice_of(const char *text)
{
    return (Slice){text, strlen(text)};
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

Slice slice_trim(Slice slice)
{
    while (slice.length && is_space(slice.start[0])) slice.start++, slice.length--;
    while (slice.length && is_space(slice.start[slice.length - 1])) slice.length--;
    return slice;
}

bool slice_is(Slice slice, const char *text)
{
    return strlen(text) == slice.length && (!slice.length || memcmp(slice.start, text, slice.length) == 0);
}

char *slice_copy(Slice slice)
{
    char *text = memory_alloc(slice.length + 1, 1);
    if (slice.length) memcpy(text, slice.start, slice.length); /* an empty slice may start nowhere */
    return text;
}

bool slice_next_field(Slice *rest, char separator, Slice *field)
{
    if (!rest->start) return false;
    const char *end = rest->length ? memchr(rest->start, separator, rest->length) : NULL;
    if (!end) {
        *field = *rest;
        *rest = (Slice){NULL, 0};
        return true;
    }
    *field = (Slice){rest->start, (size_t)(end - rest->start)};
    rest->length -= field->length + 1;
    rest->start = end + 1;
    return true;
}

bool slice_next_line(Slice *rest, Slice *line)
{
    if (!rest->start || rest->length == 0) return false;
    const char *at = rest->start, *end = at + rest->length;
    while (at < end && *at != '\n' && *at != '\r') at++;
    *line = (Slice){rest->start, (size_t)(at - rest->start)};
    if (at == end) {
        *rest = (Slice){NULL, 0};
        return true;
    }
    at += at[0] == '\r' && at + 1 < end && at[1] == '\n' ? 2 : 1;
    *rest = (Slice){at, (size_t)(end - at)};
    return true;
}

/* strtod and strtol skip white space, and know hexadecimal, inf and nan. */
static bool is_decimal(const char *text)
{
    return text[0] && text[strspn(text, "+-.0123456789eE")] == '\0';
}

bool text_to_double(const char *text, double *value)
{
    char *end;
    *value = strtod(text, &end);
    return is_decimal(text) && *end == '\0' && *value - *value == 0;
}

bool text_to_int64(const char *text, int64_t *value)
{
    char *end;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return is_decimal(text) && *end == '\0' && errno == 0;
}

/* Bytes of the sequence that starts at text if it is valid UTF-8, else 0. */
static int utf8_length(const unsigned char *text, size_t left)
{
    unsigned char first = text[0];
    if (first < 0x80) return 1;
    int n = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || (size_t)n > left) return 0;
    for (int i = 1; i < n; i++)
        if ((text[i] & 0xC0) != 0x80) return 0;
    if (first == 0xE0 && text[1] < 0xA0) return 0; /* overlong */
    if (first == 0xED && text[1] > 0x9F) return 0; /* surrogate */
    if (first == 0xF0 && text[1] < 0x90) return 0; /* overlong */
    if (first == 0xF4 && text[1] > 0x8F) return 0; /* above U+10FFFF */
    return n;
}

size_t utf8_first_invalid(const char *text, size_t length)
{
    size_t i = 0;
    while (i < length) {
        uint64_t eight; /* ASCII, eight at a time */
        if (length - i >= sizeof eight) {
            memcpy(&eight, text + i, sizeof eight);
            if (!(eight & 0x8080808080808080u)) {
                i += sizeof eight;
                continue;
            }
        }
        int n = utf8_length((const unsigned char *)text + i, length - i);
        if (!n) return i;
        i += (size_t)n;
    }
    return length;
}

char *utf8_repair(const char *text)
{
    size_t left = strlen(text), used = 0;
    char *out = memory_alloc(3 * left + 1, 1);
    while (left) {
        const size_t good = utf8_first_invalid(text, left);
        memcpy(out + used, text, good);
        used += good;
        if (good < left) used += (size_t)utf8_encode(0xFFFD, out + used);
        const size_t taken = good < left ? good + 1 : good;
        text += taken, left -= taken;
    }
    return out;
}

int utf8_decode(const char *text, size_t length, uint32_t *scalar)
{
    const unsigned char *t = (const unsigned char *)text;
    int n = utf8_length(t, length);
    switch (n) {
    case 1: *scalar = t[0]; return 1;
    case 2: *scalar = (uint32_t)(t[0] & 0x1F) << 6 | (t[1] & 0x3F); return 2;
    case 3: *scalar = (uint32_t)(t[0] & 0x0F) << 12 | (uint32_t)(t[1] & 0x3F) << 6 | (t[2] & 0x3F); return 3;
    case 4:
        *scalar = (uint32_t)(t[0] & 0x07) << 18 | (uint32_t)(t[1] & 0x3F) << 12 | (uint32_t)(t[2] & 0x3F) << 6 |
                  (t[3] & 0x3F);
        return 4;
    default: *scalar = 0xFFFD; return 1;
    }
}

int utf8_encode(uint32_t scalar, char out[4])
{
    if (scalar < 0x80) {
        out[0] = (char)scalar;
        return 1;
    }
    if (scalar < 0x800) {
        out[0] = (char)(0xC0 | scalar >> 6);
        out[1] = (char)(0x80 | (scalar & 0x3F));
        return 2;
    }
    if (scalar < 0x10000) {
        out[0] = (char)(0xE0 | scalar >> 12);
        out[1] = (char)(0x80 | (scalar >> 6 & 0x3F));
        out[2] = (char)(0x80 | (scalar & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | scalar >> 18);
    out[1] = (char)(0x80 | (scalar >> 12 & 0x3F));
    out[2] = (char)(0x80 | (scalar >> 6 & 0x3F));
    out[3] = (char)(0x80 | (scalar & 0x3F));
    return 4;
}

/* Edit distance (Levenshtein) of two short words. */
static int edit_distance(const char *a, const char *b)
{
    enum { LIMIT = 64 };
    int na = (int)strlen(a), nb = (int)strlen(b);
    if (na >= LIMIT || nb >= LIMIT) return LIMIT;
    int row[LIMIT + 1];
    for (int j = 0; j <= nb; j++) row[j] = j;
    for (int i = 1; i <= na; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= nb; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[nb];
}

const char *text_nearest(const char *word, const char *const *candidate, int n)
{
    const char *nearest = NULL;
    int best = (int)strlen(word) / 2 + 2;
    for (int i = 0; i < n; i++) {
        int distance = edit_distance(word, candidate[i]);
        if (distance < best) best = distance, nearest = candidate[i];
    }
    return nearest;
}

void text_duration(double time_s, char *out, size_t size)
{
    int64_t whole = (int64_t)(time_s + 0.5);
    if (time_s < 60) snprintf(out, size, "%.1f s", time_s);
    else if (whole < 3600) snprintf(out, size, "%d min %02d s", (int)(whole / 60), (int)(whole % 60));
    else snprintf(out, size, "%d h %02d min", (int)(whole / 3600), (int)(whole % 3600 / 60));
}
