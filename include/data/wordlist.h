/* wordlist.h: words to classes. A class is a token id; the classes of a run are the distinct ids of
 * its word list, in ascending order. Local.
 *
 * Two file forms. JSON (the file begins with a brace): {"group": {"word": id or null, ...}, ...}, as the
 * published lists have it; an id must be that of the word's first piece in the vocabulary of the
 * model, otherwise the list was made for another vocabulary and is refused. Text: one word per line,
 * optionally a TAB and the name of its group; # starts a comment; quotes around a field are
 * taken off. */
#ifndef DATA_WORDLIST_H
#define DATA_WORDLIST_H

#include "data/vocabulary.h"
#include "parallel/comm.h"

typedef enum {
    PIECES_WHOLE, /* only words that are one piece of the vocabulary */
    PIECES_FIRST  /* a word of several pieces stands for its first one, as in the published lists */
} PieceRule;

typedef struct {
    int *id;       /* owned [n]: token ids, ascending */
    char **word;   /* owned [n]: the first word of the list with that id */
    char **group;  /* owned [n]: its group; "" if the list names none */
    int n;         /* K */
    int n_words;   /* words in the file */
    int n_dropped; /* words without a class: of several pieces, unknown, or null */
    char *dropped; /* owned: the first of those, each with its reason; "" if there are none */
    int *class_of; /* owned [n_ids]: place of a token id in id[], or -1 */
    int n_ids;     /* pieces of the vocabulary; a model may have more rows than that */
} WordList;

/* The class of any row of a model's word embeddings, or -1. */
static inline int wordlist_class(const WordList *list, int id)
{
    return id < list->n_ids ? list->class_of[id] : -1;
}

/* Fails when no word is usable, or a JSON id does not fit the vocabulary. */
Status wordlist_read(const char *path, const Vocabulary *vocabulary, PieceRule rule, WordList *list);
/* The same, with rank 0's file on all ranks. Collective. */
Status wordlist_read_shared(const Comm *comm, const char *path, const Vocabulary *vocabulary, PieceRule rule,
                            WordList *list);
void wordlist_free(WordList *list);

/* Refuse a list of fewer than two classes: there is nothing to compare. path: of the list; asked: the setting that
 * needs it, for the message. */
Status wordlist_check_pairs(const WordList *list, const char *path, const char *asked);

#endif
