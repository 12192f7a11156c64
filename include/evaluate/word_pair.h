/* word_pair.h: two words that are compared in the same place (he, she), in the forms in which a text has them: as
 * given, with a capital (He, She) and in capitals (HE, SHE). A vocabulary that does not know case has one form. Local.
 */
#ifndef EVALUATE_WORD_PAIR_H
#define EVALUATE_WORD_PAIR_H

#include "data/vocabulary.h"

typedef struct {
    char *word[2]; /* owned: as the tokenizer normalises them */
    int id[2];     /* of the word; -1: it is not one piece of the vocabulary */
} PairForm;

enum { PAIR_FORMS = 3 };

typedef struct {
    const Vocabulary *vocabulary; /* borrowed */
    PairForm form[PAIR_FORMS];
    int n_forms;
} WordPair;

/* pair: "he,she". Fails if it is not two different words, or no form of both is one piece. */
Status word_pair_open(const Vocabulary *vocabulary, const char *pair, WordPair *words);
void word_pair_close(WordPair *words);

typedef enum {
    PAIR_FOUND,   /* one word, and both words of its form are one piece */
    PAIR_NONE,    /* no word of the pair */
    PAIR_SEVERAL, /* more than one */
    PAIR_PIECES,  /* one, in a form of which a word is unknown or of several pieces */
    N_PAIR_FINDINGS
} PairFinding;

/* What a line of text holds of the pair; form and side (0 first, 1 second) of the word if there is one. */
PairFinding word_pair_find(const WordPair *words, Slice line, int *form, int *side);
/* The place of that word in the n ids of the line's sample; -1 if the sample was cut before it. */
int word_pair_place(const WordPair *words, int form, int side, int n, const int *id);

#endif
