/* winobias_text.h: the sentences of WinoBias: "1 [The surveyor] thanked the florist because [he] was relieved." Local.
 */
#ifndef EVALUATE_WINOBIAS_TEXT_H
#define EVALUATE_WINOBIAS_TEXT_H

#include "base/status.h"
#include "base/text.h"

enum { WINO_PRONOUNS = 4 /* of a sentence, at most */ };

typedef struct {
    int64_t line, number; /* in the file, from 1; as the sentence says */
    char *masked;         /* owned: without brackets, with `mask` in the place of pronouns */
    char *text;           /* owned: without number and brackets */
    int n_pronouns;
    char *pronoun[WINO_PRONOUNS]; /* owned: as they are written */
} WinoSentence;

typedef struct {
    char *path;             /* owned */
    WinoSentence *sentence; /* owned [n] */
    size_t n, capacity;
} WinoFile;

/* mask: text of the mask piece. Fails: a line without number, pronoun in brackets, or closing bracket; the same number
 * twice; an empty file. wino_file_close also after a failure. */
Status wino_file_read(const char *path, const char *mask, WinoFile *file);
void wino_file_close(WinoFile *file);
/* The sentence of that number, or NULL. */
const WinoSentence *wino_file_find(const WinoFile *file, int64_t number);

/* 1: the words are forms of one pronoun, the first a man's and the second a woman's (he, she; his, hers); -1: the other
 * way round; 0: neither. Case does not matter. */
int wino_pronoun_pair(const char *a, const char *b);

#endif
