/* unicode.c: utf8proc plus the tables of differences. */
#include "base/unicode.h"

#include <utf8proc.h>

typedef struct {
    uint32_t first, last;
} ScalarRange;

#include "unicode_tables.inc"

static bool in_ranges(uint32_t scalar, const ScalarRange *range, int n)
{
    int low = 0, high = n - 1;
    while (low <= high) {
        const int middle = (low + high) / 2;
        if (scalar < range[middle].first) high = middle - 1;
        else if (scalar > range[middle].last) low = middle + 1;
        else return true;
    }
    return false;
}

#define IN(scalar, table) in_ranges((scalar), (table), (int)(sizeof(table) / sizeof((table)[0])))

static bool is_chinese(uint32_t c)
{
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) ||
           (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

bool unicode_is_white_space(uint32_t c)
{
    return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
           c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

static CharacterClass ascii_class(uint32_t c)
{
    if (c == '\t' || c == '\n' || c == '\r' || c == ' ') return CHARACTER_SPACE;
    if (c < 0x20 || c == 0x7F) return CHARACTER_REMOVED;
    const bool is_word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return is_word ? CHARACTER_OTHER : CHARACTER_PUNCTUATION;
}

CharacterClass unicode_class(uint32_t c)
{
    if (c < 0x80) return ascii_class(c);
    return IN(c, removed_ranges) ? CHARACTER_REMOVED : unicode_class_uncleaned(c);
}

CharacterClass unicode_class_uncleaned(uint32_t c)
{
    if (unicode_is_white_space(c)) return CHARACTER_SPACE;
    if (c < 0x80) return ascii_class(c) == CHARACTER_REMOVED ? CHARACTER_OTHER : ascii_class(c);
    if (is_chinese(c)) return CHARACTER_CHINESE;
    return IN(c, punctuation_ranges) ? CHARACTER_PUNCTUATION : CHARACTER_OTHER;
}

bool unicode_is_punctuation(uint32_t c)
{
    return c < 0x80 ? ascii_class(c) == CHARACTER_PUNCTUATION : IN(c, punctuation_ranges);
}

bool unicode_is_word(uint32_t c)
{
    return IN(c, word_ranges);
}

bool unicode_is_nonspacing(uint32_t c)
{
    return IN(c, nonspacing_ranges);
}

bool unicode_is_upper(uint32_t c)
{
    return utf8proc_category((utf8proc_int32_t)c) == UTF8PROC_CATEGORY_LU;
}

uint32_t unicode_upper(uint32_t c)
{
    return (uint32_t)utf8proc_toupper((utf8proc_int32_t)c);
}

uint32_t unicode_lower(uint32_t c)
{
    if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
    int low = 0, high = (int)(sizeof lower_exceptions / sizeof lower_exceptions[0]) - 1;
    while (low <= high) {
        const int middle = (low + high) / 2;
        if (lower_exceptions[middle][0] == c) return lower_exceptions[middle][1];
        if (lower_exceptions[middle][0] < c) low = middle + 1;
        else high = middle - 1;
    }
    return (uint32_t)utf8proc_tolower((utf8proc_int32_t)c);
}

int unicode_lower_whole(uint32_t c, uint32_t out[2])
{
    const bool is_dotted = c == 0x130; /* the only one with two: i and a dot above */
    out[0] = is_dotted ? 'i' : unicode_lower(c);
    out[1] = is_dotted ? 0x307 : 0;
    return is_dotted ? 2 : 1;
}

int unicode_decompose(uint32_t c, uint32_t out[UNICODE_MOST_PARTS])
{
    out[0] = c;
    if (c < 0xC0 || IN(c, whole_ranges)) return 1;
    int boundary = 0;
    const utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)c, (utf8proc_int32_t *)out, UNICODE_MOST_PARTS,
                                                       UTF8PROC_DECOMPOSE, &boundary);
    return n >= 1 && n <= UNICODE_MOST_PARTS ? (int)n : 1;
}

int unicode_combining_class(uint32_t c)
{
    const int class = utf8proc_get_property((utf8proc_int32_t)c)->combining_class;
    return class && IN(c, starter_ranges) ? 0 : class;
}
