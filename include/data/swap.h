/* swap.h: the gender swap of an English text. Local; a swapper belongs to one thread.
 *
 * Words of a list of pairs become their counterparts, and so do pronouns; everything else stays, byte for byte. A word
 * keeps its case (he He HE), what is joined to it (he's, she'll, king's, kings', step-father) and quotes around it. A
 * hyphenated entry (mother-in-law, man-made) goes before its parts, an entry with a full stop is met without one as
 * well (Mr. Lee, Mr Lee). Names stand in a list of their own and are met only with a capital. "s/he" and "(s)he" stay.
 *
 *     she <-> he, herself <-> himself, him -> her, hers -> his
 *     her -> his in front of a noun phrase that it begins, else him
 *     his -> her in front of a noun phrase, else hers
 *
 * Which it is, is decided by rules on the words around (src/data/swap_rules.c). Where they cannot, the place is in
 * doubt and has the likelier answer. A place is also in doubt, though its answer may be right, when the swapped text
 * would not come back as it was (told him stories -> told her stories; Ms. -> Mr. -> Mrs.): a text without doubts,
 * swapped twice, is the text. */
#ifndef DATA_SWAP_H
#define DATA_SWAP_H

#include "base/buffer.h"
#include "data/text_words.h"

typedef enum { SWAP_PRONOUN, SWAP_WORD, SWAP_NAME, SWAP_KINDS } SwapKind;

typedef struct {
    size_t at, length;       /* in the text */
    size_t to_at, to_length; /* in the swapped text */
    SwapKind kind;
    const char *doubt; /* why; NULL: none */
} SwapPlace;

typedef struct {
    SwapPlace *place; /* owned [n] */
    int n;
    size_t capacity;
} SwapPlaces;

typedef struct {
    const WordPairs *pairs, *names; /* borrowed; names may be NULL */
    Buffer out;                     /* the swapped text */
    SwapPlaces places;              /* words of the last text that were swapped, in order */
    int n_doubts;

    Buffer back; /* the text swapped twice */
    SwapPlaces places_back;
    TextWords words; /* of the text at hand */
} Swapper;

void swap_init(Swapper *swapper, const WordPairs *pairs, const WordPairs *names);
/* Swap a text (valid UTF-8) to swapper->out. */
void swap_text(Swapper *swapper, Slice text);
void swap_free(Swapper *swapper);

#endif
