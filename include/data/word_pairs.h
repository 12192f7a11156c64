/* word_pairs.h: which word stands for which when genders are swapped; read from a file. Local, but for the reading.
 *
 * A line is a pair, each the counterpart of the other: two words between which a TAB, else a comma, else blanks stand.
 *     king    queen      both ways
 *     ms. > mr.          one way: ms. becomes mr., whatever mr. becomes
 *     man-made =         stays as it is
 * Words may hold hyphens, apostrophes and full stops (mother-in-law, ma'am, mr.). # begins a comment line. Case does
 * not count, but that a word written with a capital is an entry of its own: a title, meant in front of a capital
 * (Lady), or a name. A list may name pairs twice, in either direction (as published lists do). Or two files, one word a
 * line, line by line a pair. Lines of pronouns (he she him her his hers himself herself) are passed over: data/swap has
 * rules for them. */
#ifndef DATA_WORD_PAIRS_H
#define DATA_WORD_PAIRS_H

#include "base/status.h"
#include "base/text.h"
#include "parallel/comm.h"

/* Of a word with two different counterparts. */
typedef enum { PAIRS_TWICE_REFUSED, PAIRS_TWICE_FIRST /* the first in the file */ } PairsTwice;
#define PAIRS_TWICE "refuse first" /* choices of the key `pairs-twice` */

typedef struct {
    char *word;  /* owned: in lower case; behind a ^ if the list writes it with a capital */
    char *other; /* owned: its counterpart as the list writes it */
    bool keeps;  /* it is its own: the word stays */
    int line;    /* of the file, from 1 */
} PairWord;

typedef struct {
    PairWord *word; /* owned [n], in the order of strcmp */
    int n;
    int n_passed; /* lines that are passed over: a word had another counterpart already */
} WordPairs;

/* path "": the list that comes with the program. second: the file of the other words, or "" (lines of path are pairs).
 * Rank 0 reads, and tells how many words there are. Collective. Fails alike on all ranks: a line that is no pair, a
 * word with two counterparts (if refused), no pair. */
Status word_pairs_read(const Comm *comm, const char *path, const char *second, PairsTwice twice, WordPairs *pairs);
/* The same from texts at hand; second NULL: none. names: of the files, for messages. */
Status word_pairs_parse(const char *const names[2], Slice first, const Slice *second, PairsTwice twice,
                        WordPairs *pairs);
/* The entry of a word in lower case, or NULL. marked: that which the list writes with a capital. */
const PairWord *word_pairs_find(const WordPairs *pairs, Slice word, bool marked);
/* Words that are their own counterparts, each once, of any case: a list of words to be met. */
void word_pairs_of_words(const Slice *word, int n, WordPairs *pairs);
void word_pairs_free(WordPairs *pairs);

#endif
