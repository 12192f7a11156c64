/* normalise.h: text as BERT's tokenizers see it, after Hugging Face's BertNormalizer. Local.
 *
 * In order: control characters are removed and white space becomes blanks (clean_text); blanks are set around CJK
 * ideographs (chinese_chars); canonical decomposition without marks of category Mn (strip_accents); lower case. */
#ifndef BASE_NORMALISE_H
#define BASE_NORMALISE_H

#include <stdbool.h>

#include "base/text.h"

typedef struct {
    bool clean_text, chinese_chars, strip_accents, lower_case;
} NormaliseRules;

/* A growing text. */
typedef struct {
    char *text; /* owned (free) */
    size_t n, capacity;
} TextBuffer;

/* Replace the content of out by text (valid UTF-8, may hold NUL), normalised. Time and memory are linear. */
void normalise_text(const NormaliseRules *rules, Slice text, TextBuffer *out);

#endif
