/* swap.c: words of a text, their counterparts in their case, and the way back. */
#include "data/swap.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/unicode.h"
#include "swap_words.h"

enum { JOINED = 4 /* words of a hyphenated entry at most */, LONGEST = 120 /* bytes of an entry */ };

void swap_init(Swapper *s, const WordPairs *pairs, const WordPairs *names)
{
    *s = (Swapper){.pairs = pairs, .names = names};
}

void swap_free(Swapper *s)
{
    buffer_free(&s->out);
    buffer_free(&s->back);
    buffer_free(&s->lower);
    free(s->places.place);
    free(s->places_back.place);
    free(s->word);
    *s = (Swapper){0};
}

/* --- words ------------------------------------------------------------------------------------------- */

static uint32_t scalar_at(Slice text, size_t at, size_t *next)
{
    uint32_t scalar = 0;
    *next = at < text.length ? at + (size_t)utf8_decode(text.start + at, text.length - at, &scalar) : at;
    return scalar;
}

static bool is_apostrophe(uint32_t scalar)
{
    return scalar == '\'' || scalar == 0x2019;
}

/* A letter or digit; not the underscores of _emphasis_. */
static bool is_of_word(uint32_t scalar)
{
    return scalar != '_' && unicode_is_word(scalar);
}

static void add_lower(Buffer *lower, uint32_t scalar)
{
    char bytes[4];
    buffer_add(lower, bytes, (size_t)utf8_encode(unicode_lower(scalar), bytes));
}

/* Bytes of a word without what is contracted to it: she'd've -> she. */
static size_t base_of(Slice lower)
{
    static const char *const end[] = {"'s", "'ll", "'d", "'ve", "'re", "'m"};
    size_t n = lower.length;
    for (size_t i = 0; i < sizeof end / sizeof end[0]; i++) {
        const size_t length = strlen(end[i]);
        if (n <= length || memcmp(lower.start + n - length, end[i], length) != 0) continue;
        n -= length;
        i = (size_t)-1; /* from the beginning */
    }
    return n;
}

/* The word at `at`; its lower case goes to s->lower (an offset in lower.length until all words are there). */
static size_t read_word(Swapper *s, Slice text, size_t at, SwapWord *word)
{
    size_t next, end = at;
    *word = (SwapWord){.at = at};
    const size_t from = s->lower.n;
    for (uint32_t c = scalar_at(text, at, &next); end < text.length; c = scalar_at(text, end, &next)) {
        if (is_apostrophe(c)) {
            size_t behind;
            if (!is_of_word(scalar_at(text, next, &behind))) break;
            c = '\'';
        } else if (!is_of_word(c)) {
            break;
        }
        if (end == at) word->is_capital = unicode_lower(c) != c, word->is_digit = c >= '0' && c <= '9';
        add_lower(&s->lower, c);
        end = next;
    }
    word->length = end - at;
    word->lower.length = s->lower.n - from;
    return end;
}

static void read_words(Swapper *s, Slice text)
{
    s->n_words = 0;
    s->lower.n = 0;
    for (size_t at = 0, next; at < text.length; at = next) {
        if (!is_of_word(scalar_at(text, at, &next))) continue;
        memory_reserve((void **)&s->word, &s->word_capacity, (size_t)s->n_words + 1, sizeof *s->word);
        next = read_word(s, text, at, &s->word[s->n_words++]);
    }
    const char *lower = s->lower.data;
    for (int i = 0; i < s->n_words; i++) {
        s->word[i].lower.start = lower;
        lower += s->word[i].lower.length;
        s->word[i].base = base_of(s->word[i].lower);
    }
}

static bool base_is(const SwapWord *word, const char *text)
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

/* --- entries ----------------------------------------------------------------------------------------- */

typedef struct {
    size_t length; /* of the text that is replaced, 0: no entry */
    int n_words;
    Slice other;
    SwapKind kind;
    const char *doubt;
} Match;

static bool is_joined(Slice text, const SwapWord *a, const SwapWord *b)
{
    return b->at == a->at + a->length + 1 && text.start[b->at - 1] == '-';
}

/* A title is meant in front of a capital. */
static bool precedes_capital(const SwapContext *c, int last)
{
    if (last + 1 >= c->n || !c->word[last + 1].is_capital) return false;
    size_t at = c->word[last].at + c->word[last].length;
    if (at < c->text.length && c->text.start[at] == '.') at++;
    const size_t gap = c->word[last + 1].at;
    while (at < gap && c->text.start[at] == ' ') at++;
    return at == gap;
}

static const PairWord *find_entry(const Swapper *s, const SwapContext *c, int first, int last, Slice key,
                                  SwapKind *kind)
{
    const PairWord *entry = NULL;
    const bool capital = c->word[first].is_capital;
    *kind = SWAP_WORD;
    if (capital && precedes_capital(c, last)) entry = word_pairs_find(s->pairs, key, true);
    if (!entry) entry = word_pairs_find(s->pairs, key, false);
    if (entry || !s->names || !capital) return entry;
    *kind = SWAP_NAME;
    entry = word_pairs_find(s->names, key, true);
    return entry ? entry : word_pairs_find(s->names, key, false);
}

/* An entry for words first ... last, of which the last counts without its contraction. */
static bool try_entry(const Swapper *s, const SwapContext *c, int first, int last, bool whole, Match *match)
{
    char key[LONGEST + 2];
    const SwapWord *w = &c->word[last];
    const size_t front = (size_t)(w->lower.start - c->word[first].lower.start);
    size_t n = 0;
    if (front + (whole ? w->lower.length : w->base) + JOINED > LONGEST) return false;
    for (int i = first; i <= last; i++) {
        const size_t length = i < last || whole ? c->word[i].lower.length : c->word[i].base;
        if (i > first) key[n++] = '-';
        memcpy(key + n, c->word[i].lower.start, length);
        n += length;
    }
    /* lower case may be longer or shorter than the text; what is contracted begins with an apostrophe */
    size_t end = w->at + w->length;
    if (!whole)
        for (size_t i = w->base; i < w->lower.length; i++) {
            do end--;
            while (((unsigned char)c->text.start[end] & 0xC0) == 0x80);
        }
    const bool has_stop = whole && end < c->text.length && c->text.start[end] == '.';
    key[n] = '.';
    const PairWord *entry = has_stop ? find_entry(s, c, first, last, (Slice){key, n + 1}, &match->kind) : NULL;
    match->length = end + (entry ? 1 : 0) - c->word[first].at;
    if (!entry) entry = find_entry(s, c, first, last, (Slice){key, n}, &match->kind);
    if (entry) {
        match->other = slice_of(entry->other);
    } else { /* Mr without its full stop */
        if (!has_stop && c->word[first].is_capital)
            entry = find_entry(s, c, first, last, (Slice){key, n + 1}, &match->kind);
        if (!entry || entry->other[strlen(entry->other) - 1] != '.') return false;
        match->other = (Slice){entry->other, strlen(entry->other) - 1};
    }
    match->n_words = last - first + 1;
    return true;
}

static Match match_entry(const Swapper *s, const SwapContext *c, int first)
{
    Match match = {0};
    int last = first;
    while (last + 1 < c->n && last - first + 1 < JOINED && is_joined(c->text, &c->word[last], &c->word[last + 1]))
        last++;
    for (; last >= first; last--) {
        if (try_entry(s, c, first, last, true, &match)) return match;
        if (c->word[last].base < c->word[last].lower.length && try_entry(s, c, first, last, false, &match))
            return match;
    }
    return (Match){0};
}

/* --- pronouns ---------------------------------------------------------------------------------------- */

/* s/he, (s)he */
static bool is_both(const SwapContext *c, int i)
{
    if (i == 0 || !slice_is(c->word[i - 1].lower, "s") || c->word[i].at != c->word[i - 1].at + 2) return false;
    const char between = c->text.start[c->word[i].at - 1];
    return between == '/' || between == ')';
}

static Match match_pronoun(const SwapContext *c, int i)
{
    static const struct {
        const char *from, *to;
    } simple[] = {{"he", "she"},          {"she", "he"},  {"himself", "herself"},
                  {"herself", "himself"}, {"him", "her"}, {"hers", "his"}};
    const SwapWord *w = &c->word[i];
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

/* --- the swap ---------------------------------------------------------------------------------------- */

static void add_place(SwapPlaces *places, SwapPlace place)
{
    memory_reserve((void **)&places->place, &places->capacity, (size_t)places->n + 1, sizeof *places->place);
    places->place[places->n++] = place;
}

static void swap_once(Swapper *s, Slice text, Buffer *out, SwapPlaces *places)
{
    size_t done = 0;
    read_words(s, text);
    const SwapContext context = {text, s->word, s->n_words};
    out->n = 0;
    places->n = 0;
    for (int i = 0; i < s->n_words;) {
        const size_t at = s->word[i].at;
        Match match = match_pronoun(&context, i);
        if (!match.length) match = match_entry(s, &context, i);
        if (!match.length) {
            i++;
            continue;
        }
        const Slice word = {text.start + at, match.length};
        SwapPlace place = {at, match.length, 0, 0, match.kind, match.doubt};
        buffer_add(out, text.start + done, at - done);
        place.to_at = out->n;
        add_cased(out, match.other, case_of(word), has_capital_parts(word));
        place.to_length = out->n - place.to_at;
        done = at + match.length;
        i += match.n_words;
        const bool stays =
            place.to_length == word.length && memcmp(out->data + place.to_at, word.start, word.length) == 0;
        if (!stays) add_place(places, place);
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
