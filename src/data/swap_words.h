/* swap_words.h: the words of a text as data/swap sees them, and the question its rules answer. Local. */
#ifndef DATA_SWAP_WORDS_H
#define DATA_SWAP_WORDS_H

#include "base/text.h"

/* Letters and digits with apostrophes between them. */
struct SwapWord {
    size_t at, length;         /* in the text */
    Slice lower;               /* in lower case, with ' for other apostrophes */
    size_t base;               /* bytes of lower without 's, 'll, 'd, ... */
    bool is_capital, is_digit; /* how it begins */
};

typedef struct {
    Slice text;
    const struct SwapWord *word; /* [n] */
    int n;
} SwapContext;

/* Does the pronoun at `place` begin a noun phrase (her book), or does none follow that is its own (saw her)? */
typedef enum { PHRASE_NO, PHRASE_YES, PHRASE_MAYBE_NO, PHRASE_MAYBE_YES } Phrase;

/* her: it may be an object. */
Phrase swap_phrase_of_her(const SwapContext *context, int place);
/* his: it may stand alone. */
Phrase swap_phrase_of_his(const SwapContext *context, int place);

#endif
