/* unicode.h: the character classes of BERT's basic tokenizer, as Hugging Face's tokenizers has them.
 *
 * Categories come from utf8proc. The tables of that library follow an older Unicode version in some
 * places; src/base/unicode_tables.inc lists those code points (made and checked by
 * tests/oracle/unicode_tables.py), so that every scalar value is treated alike. Local. */
#ifndef BASE_UNICODE_H
#define BASE_UNICODE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    CHARACTER_OTHER,
    CHARACTER_REMOVED, /* control, format, private use, U+0000, U+FFFD */
    CHARACTER_SPACE,
    CHARACTER_PUNCTUATION, /* a word of its own */
    CHARACTER_CHINESE      /* a CJK ideograph: a word of its own */
} CharacterClass;

CharacterClass unicode_class(uint32_t scalar);
CharacterClass unicode_class_uncleaned(uint32_t scalar); /* where control characters are kept */
bool unicode_is_white_space(uint32_t scalar);            /* White_Space */
bool unicode_is_punctuation(uint32_t scalar);
bool unicode_is_word(uint32_t scalar);       /* \w of regular expressions: a letter, mark, digit or connector */
bool unicode_is_nonspacing(uint32_t scalar); /* general category Mn */
bool unicode_is_upper(uint32_t scalar);
uint32_t unicode_lower(uint32_t scalar);
uint32_t unicode_upper(uint32_t scalar);                   /* itself if it has none */
int unicode_lower_whole(uint32_t scalar, uint32_t out[2]); /* all of it; returns the number of scalars */

enum { UNICODE_MOST_PARTS = 8 };

/* Canonical decomposition (NFD) of one scalar into out; returns the number of parts. The caller sorts
 * marks that follow each other by combining class; 0 means that a scalar starts a new group. */
int unicode_decompose(uint32_t scalar, uint32_t out[UNICODE_MOST_PARTS]);
int unicode_combining_class(uint32_t scalar);

#endif
