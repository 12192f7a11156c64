/* swap.c: words of a text, their counterparts in their case, and the way back. */
#include "data/swap.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/unicode.h"
#include "swap_words.h"

void swap_init(Swapper *s, const WordPairs *pairs, const WordPairs *names)
{
    *s = (Swapper){.pairs = pairs, .names = names};
}

void swap_free(Swapper *s)
{
    buffer_free(&s->out);
    buffer_free(&s->back);
    free(s->places.place);
    free(s->places_back.place);
    text_words_free(&s->words);
    *s = (Swapper){0};
}

static uint32_t scalar_at(Slice text, size_t at, size_t *next)
{
    uint32_t scalar = 0;
    *next = at < text.length ? at + (size_t)utf8_decode(text.start + at, text.length - at, &scalar) : at;
    return scalar;
}

static bool base_is(const TextWord *word, const char *text)
{
    return slice_is((Slice){word->lower.start, word->base}, text);
}

/* --- case -------------------------------------------------------------------------------------------- */

typedef enum { CASE_LOWER, CASE_TITLE, CASE_UPPER } LetterCase;

static LetterCase case_of(Slice word)
{
    int upper = 0, lower = 0;
    bool first = false;
    for (size_t at = 0, next; at < word.length; at = next) {
        const uint32_t c = scalar_at(word, at, &next);
        const bool is_upper = unicode_lower(c) != c, is_lower = unicode_upper(c) != c;
        if (at == 0) first = is_upper;
        upper += is_upper, lower += is_lower;
    }
    return upper > 1 && !lower ? CASE_UPPER : first ? CASE_TITLE : CASE_LOWER;
}

/* Does a part behind a hyphen begin with a capital: Mother-In-Law? */
static bool has_capital_parts(Slice word)
{
    for (size_t i = 1; i < word.length; i++) {
        size_t next;
        const uint32_t c = scalar_at(word, i, &next);
        if (word.start[i - 1] == '-' && unicode_lower(c) != c) return true;
        i = next - 1;
    }
    return false;
}

static void add_cased(Buffer *out, Slice word, LetterCase letter_case, bool capital_parts)
{
    bool begins = true;
    for (size_t at = 0, next; at < word.length; at = next) {
        uint32_t c = scalar_at(word, at, &next);
        char bytes[4];
        if (letter_case == CASE_UPPER || (letter_case == CASE_TITLE && begins)) c = unicode_upper(c);
        if (letter_case == CASE_LOWER) c = unicode_lower(c);
        begins = capital_parts && c == '-';
        buffer_add(out, bytes, (size_t)utf8_encode(c, bytes));
    }
}

/* --- pronouns ---------------------------------------------------------------------------------------- */

typedef struct {
    size_t length; /* of the text that is replaced, 0: nothing is */
    int n_words;
    Slice other;
    SwapKind kind;
    const char *doubt;
    bool keeps; /* the words stay as they are */
} Match;

/* s/he, (s)he */
static bool is_both(const TextWords *c, int i)
{
    if (i == 0 || !slice_is(c->word[i - 1].lower, "s") || c->word[i].at != c->word[i - 1].at + 2) return false;
    const char between = c->text.start[c->word[i].at - 1];
    return between == '/' || between == ')';
}

static Match match_pronoun(const TextWords *c, int i)
{
    static const struct {
        const char *from, *to;
    } simple[] = {{"he", "she"},          {"she", "he"},  {"himself", "herself"},
                  {"herself", "himself"}, {"him", "her"}, {"hers", "his"}};
    const TextWord *w = &c->word[i];
    Match match = {.length = w->base, .n_words = 1, .kind = SWAP_PRONOUN}; /* pronouns are ASCII */
    for (size_t k = 0; k < sizeof simple / sizeof simple[0]; k++)
        if (base_is(w, simple[k].from)) {
            match.other = slice_of(simple[k].to);
            return is_both(c, i) ? (Match){0} : match;
        }
    const bool her = base_is(w, "her");
    if (!her && !base_is(w, "his")) return (Match){0};
    const Phrase phrase = her ? swap_phrase_of_her(c, i) : swap_phrase_of_his(c, i);
    const bool yes = phrase == PHRASE_YES || phrase == PHRASE_MAYBE_YES;
    match.other = slice_of(her ? yes ? "his" : "him" : yes ? "her" : "hers");
    if (phrase == PHRASE_MAYBE_YES || phrase == PHRASE_MAYBE_NO)
        match.doubt = her ? "her may be his or him" : "his may be her or hers";
    return match;
}

static Match match_word(const Swapper *s, int i)
{
    WordMatch found;
    Match match = match_pronoun(&s->words, i);
    if (match.length || !word_match(s->pairs, s->names, &s->words, i, &found)) return match;
    return (Match){.length = found.length,
                   .n_words = found.n_words,
                   .other = found.other,
                   .kind = found.is_name ? SWAP_NAME : SWAP_WORD,
                   .keeps = found.entry->keeps};
}

/* --- the swap ---------------------------------------------------------------------------------------- */

static void add_place(SwapPlaces *places, SwapPlace place)
{
    memory_reserve((void **)&places->place, &places->capacity, (size_t)places->n + 1, sizeof *places->place);
    places->place[places->n++] = place;
}

/* The text from `done` on and the counterpart of the word at `at` to out; returns where that word ends. */
static size_t replace(Slice text, size_t done, size_t at, const Match *match, Buffer *out, SwapPlaces *places)
{
    const Slice word = {text.start + at, match->length};
    SwapPlace place = {at, match->length, 0, 0, match->kind, match->doubt};
    buffer_add(out, text.start + done, at - done);
    place.to_at = out->n;
    add_cased(out, match->other, case_of(word), has_capital_parts(word));
    place.to_length = out->n - place.to_at;
    add_place(places, place);
    return at + match->length;
}

static void swap_once(Swapper *s, Slice text, Buffer *out, SwapPlaces *places)
{
    size_t done = 0;
    text_words_read(text, &s->words);
    out->n = 0;
    places->n = 0;
    for (int i = 0; i < s->words.n;) {
        const Match match = match_word(s, i);
        if (match.length && !match.keeps) done = replace(text, done, s->words.word[i].at, &match, out, places);
        i += match.length ? match.n_words : 1;
    }
    buffer_add(out, text.start + done, text.length - done);
}

static bool same(Slice a, Slice b)
{
    return a.length == b.length && (!a.length || memcmp(a.start, b.start, a.length) == 0);
}

/* Doubt the places that the way back does not restore. */
static void compare_back(Swapper *s, Slice text)
{
    static const char reason[] = "it would not come back";
    SwapPlaces *p = &s->places, *q = &s->places_back;
    const char *back = s->back.data;
    if (same(text, buffer_slice(&s->back))) return;
    for (int k = 0; k < p->n && p->n == q->n; k++)
        if (!p->place[k].doubt && !same((Slice){text.start + p->place[k].at, p->place[k].length},
                                        (Slice){back + q->place[k].to_at, q->place[k].to_length}))
            p->place[k].doubt = reason;
    size_t first = 0;
    while (first < text.length && first < s->back.n && text.start[first] == back[first]) first++;
    int k = 0;
    while (k + 1 < p->n && p->place[k + 1].at <= first) k++;
    if (p->n && !p->place[k].doubt) p->place[k].doubt = reason;
}

void swap_text(Swapper *s, Slice text)
{
    swap_once(s, text, &s->out, &s->places);
    if (s->places.n) {
        swap_once(s, buffer_slice(&s->out), &s->back, &s->places_back);
        compare_back(s, text);
    }
    s->n_doubts = 0;
    for (int k = 0; k < s->places.n; k++) s->n_doubts += s->places.place[k].doubt != NULL;
}
