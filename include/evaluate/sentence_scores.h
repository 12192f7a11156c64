/* sentence_scores.h: how likely a sentence is to a masked language model, in four forms. Local.
 *
 * Pieces 1 .. n - 2 of [CLS] ... [SEP] are scored, ln of their probabilities:
 * pll  the piece masked, the others visible (Salazar et al. 2020)
 * l2r  the pieces behind it in its word masked too (Kauf and Ivanova 2023, PLL-word-l2r)
 * aul  nothing masked (Kaneko and Bollegala 2022, AUL)
 * aula the same, each piece weighted with the attention it receives: mean over layers, heads and all places of the
 *      sentence, [CLS] and [SEP] among them (AULA) */
#ifndef EVALUATE_SENTENCE_SCORES_H
#define EVALUATE_SENTENCE_SCORES_H

#include "data/sample_text.h"
#include "evaluate/queries.h"

typedef struct {
    int n;                 /* pieces, special ones included; 0: none read */
    int32_t *id;           /* owned [n] */
    int64_t pll, l2r, aul; /* numbers of the first answers; those of the attention follow aul's */
} SentenceAsk;

/* Cut into pieces. False, and *sentence is empty: there is none, or more than most (special pieces included). */
bool sentence_read(const Vocabulary *vocabulary, Slice text, int most, SentenceAsk *sentence);
/* Ask for all forms. line: of the file, for messages. */
void sentence_ask(const Vocabulary *vocabulary, int64_t line, SentenceAsk *sentence, Queries *queries);
void sentence_free(SentenceAsk *sentence);

typedef struct {
    double pll, l2r;  /* sums over the pieces */
    double aul, aula; /* means over the pieces; of equal values exactly that value, however many they are */
} SentenceScores;
/* Rank 0, when the queries are answered. */
SentenceScores sentence_scores(const Vocabulary *vocabulary, const SentenceAsk *sentence, const Queries *queries);
/* ln p of piece t, masked alone. */
double sentence_log_p(const SentenceAsk *sentence, const Queries *queries, int t);
/* Pieces that are unknown to the vocabulary. */
int sentence_unknown(const Vocabulary *vocabulary, const SentenceAsk *sentence);

#endif
