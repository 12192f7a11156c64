/* negation.c: words between blanks, and the tables of verbs. */
#include "evaluate/negation.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const char *const plain_verb[] = {"is",   "are",   "was",    "were", "am",  "can",  "could",
                                         "will", "would", "should", "must", "may", "might"};
/* Behind a pronoun: a form of be, whatever the pronoun is. */
static const char *const short_verb[] = {"i'm", "you're", "we're", "they're", "he's", "she's", "it's", "that's"};
static const struct {
    const char *denied, *plain;
} contraction[] = {{"isn't", "is"},       {"aren't", "are"},       {"wasn't", "was"},     {"weren't", "were"},
                   {"can't", "can"},      {"cannot", "can"},       {"couldn't", "could"}, {"won't", "will"},
                   {"wouldn't", "would"}, {"shouldn't", "should"}, {"mustn't", "must"},   {"don't", "do"},
                   {"doesn't", "does"},   {"didn't", "did"}};

/* A word of the sentence, its letters apart from punctuation around it; in lower case, ' for a curly apostrophe. */
typedef struct {
    size_t begin, end; /* in the sentence */
    char text[16];     /* "" if it is longer than any word of the tables */
    bool ends;         /* punctuation follows: what comes next belongs to something else */
} Word;

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static bool next_word(Slice s, size_t *at, Word *w)
{
    while (*at < s.length && is_space(s.start[*at])) ++*at;
    if (*at == s.length) return false;
    size_t begin = *at, n = 0;
    while (*at < s.length && !is_space(s.start[*at])) ++*at;
    size_t end = *at;
    while (begin < end && ispunct((unsigned char)s.start[begin])) begin++;
    while (end > begin && ispunct((unsigned char)s.start[end - 1])) end--;
    *w = (Word){.begin = begin, .end = end, .ends = end < *at};
    for (size_t i = begin; i < end && n + 1 < sizeof w->text; n++) {
        const bool is_curly = end - i >= 3 && memcmp(s.start + i, "\u2019", 3) == 0;
        w->text[n] = is_curly ? '\'' : (char)tolower((unsigned char)s.start[i]);
        i += is_curly ? 3 : 1;
    }
    w->text[n + 1 < sizeof w->text ? n : 0] = '\0';
    return true;
}

static bool is_one_of(const char *word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(word, list[i]) == 0) return true;
    return false;
}

/* The sentence with its bytes [begin, end) replaced. */
static char *replaced(Slice s, size_t begin, size_t end, const char *by)
{
    return memory_print("%.*s%s%.*s", (int)begin, s.start, by, (int)(s.length - end), s.start + end);
}

/* Don't -> Do, CAN'T -> CAN. */
static char *restored(Slice s, const Word *w, const char *plain)
{
    char text[16];
    snprintf(text, sizeof text, "%s", plain);
    const bool all = isupper((unsigned char)s.start[w->begin + 1]);
    for (size_t i = 0; text[i] && isupper((unsigned char)s.start[w->begin]) && (all || i == 0); i++)
        text[i] = (char)toupper((unsigned char)text[i]);
    return replaced(s, w->begin, w->end, text);
}

/* What becomes of the sentence at a word that may be denied; behind it stands `next`, if has_next. */
static char *deny(Slice s, const Word *w, const Word *next, bool has_next, char *rule)
{
    const char *verb = strchr(w->text, '\'') ? strchr(w->text, '\'') : w->text;
    const bool is_denied = has_next && !w->ends && (strcmp(next->text, "not") == 0 || strcmp(next->text, "never") == 0);
    snprintf(rule, NEGATION_RULE, "%.15s %s", verb, is_denied ? "-not" : "+not");
    return is_denied ? replaced(s, w->end, next->end, "") : replaced(s, w->end, w->end, " not");
}

char *negation_of(Slice s, char rule[NEGATION_RULE])
{
    Word word, next;
    size_t at = 0;
    bool has_next = next_word(s, &at, &next);
    for (int i = 0; has_next; i++) {
        word = next;
        has_next = next_word(s, &at, &next);
        for (size_t k = 0; k < sizeof contraction / sizeof contraction[0]; k++)
            if (strcmp(word.text, contraction[k].denied) == 0) {
                snprintf(rule, NEGATION_RULE, "%s -not", contraction[k].plain);
                return restored(s, &word, contraction[k].plain);
            }
        const bool is_verb = i > 0 && is_one_of(word.text, plain_verb, sizeof plain_verb / sizeof plain_verb[0]);
        if (is_verb || is_one_of(word.text, short_verb, sizeof short_verb / sizeof short_verb[0]))
            return deny(s, &word, &next, has_next, rule);
    }
    return NULL;
}
