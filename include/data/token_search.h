/* token_search.h: texts that are matched whole, found in one pass. Local.
 *
 * At each place the longest text that begins there, from the left, none over another: as Hugging Face's tokenizers
 * search their added tokens. The time is linear in the text, whatever the texts are. */
#ifndef DATA_TOKEN_SEARCH_H
#define DATA_TOKEN_SEARCH_H

#include <stdbool.h>

#include "base/text.h"

typedef struct TokenSearch TokenSearch;

typedef struct {
    Slice text; /* borrowed while token_search_new runs; not empty */
    bool lstrip, rstrip, single_word;
} TokenPattern;

typedef struct {
    size_t start, end; /* bytes; with the white space that belongs to the token */
    int pattern;
} TokenMatch;

typedef struct {
    TokenMatch *match; /* owned (free) */
    size_t n, capacity;
} TokenMatches;

/* Of equal texts the first is found. NULL if n is 0. */
TokenSearch *token_search_new(const TokenPattern *pattern, int n);
void token_search_free(TokenSearch *search);
/* Replace the content of found by the matches in text, from left to right. search NULL: none. */
void token_search(const TokenSearch *search, Slice text, TokenMatches *found);

#endif
