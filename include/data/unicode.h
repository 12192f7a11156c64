/* unicode.h: the character classes of BERT's basic tokenizer, as Hugging Face's tokenizers has them.
 *
 * Categories come from utf8proc. The tables of that library follow an older Unicode version in some
 * places; data/unicode_tables.inc lists those code points (made and checked by
 * tests/oracle/unicode_tables.py), so that every scalar value is treated alike. Local. */
#ifndef DATA_UNICODE_H
#define DATA_UNICODE_H

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
bool unicode_is_nonspacing(uint32_t scalar); /* general category Mn */
bool unicode_is_upper(uint32_t scalar);
uint32_t unicode_lower(uint32_t scalar);
uint32_t unicode_upper(uint32_t scalar); /* itself if it has none */

enum { UNICODE_MOST_PARTS = 8 };

/* Canonical decomposition (NFD) of one scalar into out; returns the number of parts. The caller sorts
 * marks that follow each other by combining class; 0 means that a scalar starts a new group. */
int unicode_decompose(uint32_t scalar, uint32_t out[UNICODE_MOST_PARTS]);
int unicode_combining_class(uint32_t scalar);

#endif
