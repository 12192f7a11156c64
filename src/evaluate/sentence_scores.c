/* sentence_scores.c: the asks of a sentence, in the order pll, l2r where it differs, aul. */
#include "evaluate/sentence_scores.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

bool sentence_read(const Vocabulary *v, Slice text, int most, SentenceAsk *s)
{
    IdList id = {0};
    id_list_add(&id, vocabulary_special(v, SPECIAL_CLS));
    wordpiece_encode(v, text, &id);
    id_list_add(&id, vocabulary_special(v, SPECIAL_SEP));
    *s = (SentenceAsk){.n = (int)id.n, .id = id.id};
    if (id.n > 2 && id.n <= (size_t)most) return true;
    sentence_free(s);
    return false;
}

void sentence_free(SentenceAsk *s)
{
    free(s->id);
    *s = (SentenceAsk){0};
}

/* Does the word of piece t go on behind it? */
static bool goes_on(const Vocabulary *v, const SentenceAsk *s, int t)
{
    const char *prefix = vocabulary_tokenizer(v)->prefix, *piece = vocabulary_piece(v, s->id[t + 1]);
    const size_t n = strlen(prefix);
    return t + 2 < s->n && n > 0 && strncmp(piece, prefix, n) == 0 && piece[n];
}

static int64_t ask_masked(const SentenceAsk *s, int t, int end, int mask, int64_t line, Queries *q)
{
    queries_add(q, s->n, s->id, NULL, line);
    for (int k = t; k < end; k++) queries_replace(q, k, mask);
    return queries_ask(q, ASK_LOG_P, t, s->id[t]);
}

void sentence_ask(const Vocabulary *v, int64_t line, SentenceAsk *s, Queries *q)
{
    const int mask = vocabulary_special(v, SPECIAL_MASK);
    s->pll = q->n_asks;
    for (int t = 1; t < s->n - 1; t++) ask_masked(s, t, t + 1, mask, line, q);
    s->l2r = q->n_asks;
    for (int t = 1; t < s->n - 1; t++) {
        int end = t;
        while (goes_on(v, s, end)) end++;
        if (end > t) ask_masked(s, t, end + 1, mask, line, q);
    }
    s->aul = q->n_asks;
    queries_add(q, s->n, s->id, NULL, line);
    for (int t = 1; t < s->n - 1; t++) queries_ask(q, ASK_LOG_P, t, s->id[t]);
    for (int t = 1; t < s->n - 1; t++) queries_ask(q, ASK_ATTENTION, t, 0);
}

double sentence_log_p(const SentenceAsk *s, const Queries *q, int t)
{
    return q->answer[s->pll + t - 1];
}

SentenceScores sentence_scores(const Vocabulary *v, const SentenceAsk *s, const Queries *q)
{
    SentenceScores sum = {0};
    double shown[2] = {0}, weighted[2] = {0}; /* the first; the sum of differences from it */
    int64_t next = s->l2r;
    for (int t = 1; t < s->n - 1; t++) {
        const double alone = sentence_log_p(s, q, t);
        sum.pll += alone;
        sum.l2r += goes_on(v, s, t) ? q->answer[next++] : alone;
        const double log_p = q->answer[s->aul + t - 1], x = q->answer[s->aul + s->n - 2 + t - 1] * log_p;
        if (t == 1) shown[0] = log_p, weighted[0] = x;
        shown[1] += log_p - shown[0], weighted[1] += x - weighted[0];
    }
    sum.aul = shown[0] + shown[1] / (s->n - 2);
    sum.aula = weighted[0] + weighted[1] / (s->n - 2);
    return sum;
}

int sentence_unknown(const Vocabulary *v, const SentenceAsk *s)
{
    int n = 0;
    for (int t = 1; t < s->n - 1; t++) n += s->id[t] == vocabulary_special(v, SPECIAL_UNK);
    return n;
}
