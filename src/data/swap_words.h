/* swap_words.h: the question that the rules of data/swap answer. Local. */
#ifndef DATA_SWAP_WORDS_H
#define DATA_SWAP_WORDS_H

#include "data/text_words.h"

/* Does the pronoun at `place` begin a noun phrase (her book), or does none follow that is its own (saw her)? */
typedef enum { PHRASE_NO, PHRASE_YES, PHRASE_MAYBE_NO, PHRASE_MAYBE_YES } Phrase;

/* her: it may be an object. */
Phrase swap_phrase_of_her(const TextWords *words, int place);
/* his: it may stand alone. */
Phrase swap_phrase_of_his(const TextWords *words, int place);

#endif
