/* odd_lines.h: lines on which tokenizers differ, and a vocabulary for them: accents composed and not, marks in several
 * orders, scripts without blanks, control characters, white space of all kinds, very long words, and the texts given
 * with other letters beside them. A function of the seed alone. */
#ifndef TESTS_DATA_ODD_LINES_H
#define TESTS_DATA_ODD_LINES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

typedef struct {
    FILE *out;
    uint64_t state;
    const char *const *extra; /* [n_extra] */
    int n_extra;
} OddLines;

static const char *const odd_words[] = {"the",
                                        "a",
                                        "she",
                                        "nurse",
                                        "king",
                                        "unaffable",
                                        "caf\u00e9",
                                        "cafe\u0301",
                                        "Stra\u00dfe",
                                        "stra\u1e9ee",
                                        "\u0130stanbul",
                                        "istanbul",
                                        "I\u0307x",
                                        "\u01c5abc",
                                        "na\u00efve",
                                        "\u00c5ngstr\u00f6m",
                                        "\u212bngstr\u00f6m",
                                        "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2",
                                        "\u039f\u0394\u039f\u03a3",
                                        "\u041c\u043e\u0441\u043a\u0432\u0430",
                                        "\u0439\u043e\u0433",
                                        "\u65e5\u672c\u8a9e",
                                        "\u4e2d\u6587",
                                        "\u65e5\u672c",
                                        "\ud55c\uad6d\uc5b4",
                                        "\u1112\u1161\u11ab",
                                        "\u0628\u0650\u0633\u0652\u0645",
                                        "\u05e9\u05c1\u05dc\u05d5\u05b9\u05dd",
                                        "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",
                                        "\u0928\u092e\u0938\u094d\u0924\u0947",
                                        "\U0001f600",
                                        "\U0001f468\u200d\U0001f469",
                                        "\uf900",
                                        "\U0002f800",
                                        "\u3400",
                                        "##ing",
                                        "#",
                                        "ing",
                                        "##",
                                        "[",
                                        "]",
                                        "[MASK]",
                                        "[SEP]",
                                        "[CLS]",
                                        "[PAD]",
                                        "[UNK]",
                                        "[mask]",
                                        "[Mask]",
                                        "foo",
                                        "bar",
                                        "foobar",
                                        "New_York",
                                        "new york",
                                        "a.b",
                                        "x@y.z",
                                        "don't",
                                        "3.14",
                                        "1,000",
                                        "\u2019",
                                        "\u2014",
                                        "\u00ab",
                                        "\u00bb",
                                        ";",
                                        "\u037e",
                                        "\u1fef",
                                        "`",
                                        "$",
                                        "\u20ac",
                                        "+",
                                        "<",
                                        ">",
                                        "|",
                                        "~",
                                        "^",
                                        "=",
                                        "na\u0303\u0323o",
                                        "a\u0301\u0300b",
                                        "\u302e\u0301a",
                                        "\u302e\U0001d165\u302e\U0001d165b",
                                        "q\u0307\u0323",
                                        "\u1e9b\u0323",
                                        "\u0958",
                                        "\u0f43",
                                        "\ufb1d",
                                        "\u2126",
                                        "\u00bd",
                                        "\u2460",
                                        "\u00b2"};
static const char *const odd_spaces[] = {
    " ",      " ",      " ",      " ",  " ",      " ",      " ",      " ",      " ",        " ",    "",       "",
    "",       "",       "  ",     "\t", "\u00a0", "\u3000", "\u2003", "\u2028", "\xc2\x85", "\x0b", "\x0c",   "\x1c",
    "\u200b", "\u200d", "\ufeff", "\r", "\u1680", "\u180e", "\u2060", "\x01",   "\ufffd",   "\x7f", "\u00ad", "\u2000"};

static uint32_t odd_below(OddLines *o, uint32_t n)
{
    o->state ^= o->state >> 12;
    o->state ^= o->state << 25;
    o->state ^= o->state >> 27;
    return (uint32_t)((o->state * 0x2545F4914F6CDD1Du >> 33) % n);
}

#define ODD_PICK(o, list) (list)[odd_below((o), (uint32_t)(sizeof(list) / sizeof *(list)))]

static void odd_scalar(OddLines *o)
{
    static const uint32_t below[] = {0x80, 0x250, 0x2000, 0x10000, 0x20000, 0x110000};
    char text[5] = "";
    uint32_t c;
    do c = odd_below(o, ODD_PICK(o, below));
    while ((c >= 0xD800 && c < 0xE000) || c == '\n' || c == 0);
    fwrite(text, 1, (size_t)utf8_encode(c, text), o->out);
}

/* One of the texts given: as it is, in other letters, cut, doubled, or with a letter beside it. */
static void odd_extra(OddLines *o)
{
    static const char *const beside[] = {"s", "x", ".", "_", "-", "1", "\u00e9", "\u0301"};
    const char *text = o->extra[odd_below(o, (uint32_t)o->n_extra)];
    const size_t n = strlen(text);
    const uint32_t how = odd_below(o, 9);
    if (how == 7) fputs(ODD_PICK(o, beside), o->out);
    for (size_t i = 0; i < n; i++) {
        const char c = text[i];
        const bool lower = c >= 'a' && c <= 'z', upper = c >= 'A' && c <= 'Z';
        if (how == 5 && i + 1 == n && (unsigned char)c < 0x80) break;
        fputc(how == 2 && lower             ? c - 32
              : how == 3 && upper           ? c + 32
              : how == 4 && i == 0 && lower ? c - 32
                                            : c,
              o->out);
    }
    if (how == 6) fputs(text, o->out);
    if (how == 8) fputs(ODD_PICK(o, beside), o->out);
}

static void odd_long_word(OddLines *o)
{
    for (uint32_t n = 1 + odd_below(o, 130); n > 0; n--)
        fputs(odd_below(o, 40) ? (char[]){(char)('a' + odd_below(o, 26)), 0} : "\u00e4", o->out);
}

static void odd_part(OddLines *o)
{
    const uint32_t kind = odd_below(o, 10);
    if (kind < 4 || (kind < 7 && !o->n_extra)) fputs(ODD_PICK(o, odd_words), o->out);
    else if (kind < 7) odd_extra(o);
    else if (kind < 8)
        for (uint32_t n = 1 + odd_below(o, 7); n > 0; n--) odd_scalar(o);
    else if (kind < 9) {
        const char *word = ODD_PICK(o, odd_words);
        for (uint32_t n = odd_below(o, 4) ? 2 : 30; n > 0; n--) fputs(word, o->out);
    } else odd_long_word(o);
    fputs(ODD_PICK(o, odd_spaces), o->out);
}

__attribute__((unused)) static void odd_lines(FILE *out, uint64_t seed, int n, const char *const *extra, int n_extra)
{
    OddLines o = {out, seed * 0x9E3779B97F4A7C15u + 1, extra, n_extra};
    for (int i = 0; i < n; i++) {
        for (uint32_t parts = 1 + odd_below(&o, 13); parts > 0; parts--) odd_part(&o);
        fputc('\n', out);
    }
}

/* --- the vocabulary
 * --------------------------------------------------------------------------------------------------- */

/* first, last: scalars that are pieces, alone and as continuations. */
static const uint32_t odd_ranges[][2] = {
    {0x21, 0x7e},     {0xa1, 0xac},       {0xae, 0x24f},      {0x370, 0x377},    {0x37a, 0x37f},   {0x384, 0x38a},
    {0x38c, 0x38c},   {0x38e, 0x3a1},     {0x3a3, 0x45f},     {0x5d0, 0x5ea},    {0x621, 0x652},   {0x901, 0x94f},
    {0xe01, 0xe3a},   {0xe40, 0xe4d},     {0x1100, 0x1112},   {0x1161, 0x1175},  {0x11a8, 0x11c2}, {0x300, 0x310},
    {0x302e, 0x302f}, {0x3042, 0x3042},   {0x30a2, 0x30a2},   {0x3400, 0x3400},  {0x4e2d, 0x4e2d}, {0x4e3d, 0x4e3d},
    {0x6587, 0x6587}, {0x65e5, 0x65e5},   {0x672c, 0x672c},   {0x8a9e, 0x8a9e},  {0x8c48, 0x8c48}, {0xac00, 0xac00},
    {0xad6d, 0xad6d}, {0xd55c, 0xd55c},   {0x2014, 0x2014},   {0x2019, 0x2019},  {0x20ac, 0x20ac}, {0x264, 0x264},
    {0x1c8a, 0x1c8a}, {0x1d165, 0x1d165}, {0x1f600, 0x1f600}, {0x20000, 0x20000}};
static const char *const odd_pieces[] = {
    "the",  "she",  "nurse",        "king",          "queen",          "un",          "##aff",   "##able",
    "aff",  "able", "ing",          "##ing",         "cafe",           "caf\u00e9",   "##fe",    "new",
    "york", "New",  "\u65e5\u672c", "latin",         "##inx",          "foo",         "bar",     "##bar",
    "mask", "e1",   "istanbul",     "\u0130stanbul", "i\u0307stanbul", "Stra\u00dfe", "strasse", "[unused1]"};

/* One piece a line; names: the five special ones in the order pad, unk, cls, sep, mask. */
__attribute__((unused)) static void odd_vocabulary(FILE *out, const char *const names[5])
{
    for (int s = 0; s < 5; s++) fprintf(out, "%s\n", names[s]);
    for (size_t i = 0; i < sizeof odd_pieces / sizeof *odd_pieces; i++) fprintf(out, "%s\n", odd_pieces[i]);
    for (size_t r = 0; r < sizeof odd_ranges / sizeof *odd_ranges; r++)
        for (uint32_t c = odd_ranges[r][0]; c <= odd_ranges[r][1]; c++) {
            char text[5] = "";
            text[utf8_encode(c, text)] = '\0';
            fprintf(out, "%s\n##%s\n", text, text);
        }
}

#endif
