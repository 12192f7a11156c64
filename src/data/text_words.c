/* text_words.c: words with their contractions, and entries that they make up. */
#include "data/text_words.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/unicode.h"

enum { JOINED = 4 /* words of a hyphenated entry at most */, LONGEST = 120 /* bytes of an entry */ };

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

/* The word at `at`; its lower case goes to the end of words->lower. Returns where it ends. */
static size_t read_word(TextWords *words, size_t at, TextWord *word)
{
    const Slice text = words->text;
    size_t next, end = at;
    *word = (TextWord){.at = at};
    const size_t from = words->lower.n;
    for (uint32_t c = scalar_at(text, at, &next); end < text.length; c = scalar_at(text, end, &next)) {
        if (is_apostrophe(c)) {
            size_t behind;
            if (!is_of_word(scalar_at(text, next, &behind))) break;
            c = '\'';
        } else if (!is_of_word(c)) {
            break;
        }
        if (end == at) word->is_capital = unicode_lower(c) != c, word->is_digit = c >= '0' && c <= '9';
        add_lower(&words->lower, c);
        end = next;
    }
    word->length = end - at;
    word->lower.length = words->lower.n - from;
    return end;
}

void text_words_read(Slice text, TextWords *words)
{
    words->text = text;
    words->n = 0;
    words->lower.n = 0;
    for (size_t at = 0, next; at < text.length; at = next) {
        if (!is_of_word(scalar_at(text, at, &next))) continue;
        memory_reserve((void **)&words->word, &words->capacity, (size_t)words->n + 1, sizeof *words->word);
        next = read_word(words, at, &words->word[words->n++]);
    }
    const char *lower = words->lower.data;
    for (int i = 0; i < words->n; i++) {
        words->word[i].lower.start = lower;
        lower += words->word[i].lower.length;
        words->word[i].base = base_of(words->word[i].lower);
    }
}

void text_words_free(TextWords *words)
{
    free(words->word);
    buffer_free(&words->lower);
    *words = (TextWords){0};
}

/* --- entries ----------------------------------------------------------------------------------------- */

typedef struct {
    const WordPairs *pairs, *names;
    const TextWords *words;
} Search;

static bool is_joined(Slice text, const TextWord *a, const TextWord *b)
{
    return b->at == a->at + a->length + 1 && text.start[b->at - 1] == '-';
}

/* A title is meant in front of a capital. */
static bool precedes_capital(const TextWords *c, int last)
{
    if (last + 1 >= c->n || !c->word[last + 1].is_capital) return false;
    size_t at = c->word[last].at + c->word[last].length;
    if (at < c->text.length && c->text.start[at] == '.') at++;
    const size_t gap = c->word[last + 1].at;
    while (at < gap && c->text.start[at] == ' ') at++;
    return at == gap;
}

static const PairWord *find_entry(const Search *s, int first, int last, Slice key, bool *is_name)
{
    const PairWord *entry = NULL;
    const bool capital = s->words->word[first].is_capital;
    *is_name = false;
    if (capital && precedes_capital(s->words, last)) entry = word_pairs_find(s->pairs, key, true);
    if (!entry) entry = word_pairs_find(s->pairs, key, false);
    if (entry || !s->names || !capital) return entry;
    *is_name = true;
    entry = word_pairs_find(s->names, key, true);
    return entry ? entry : word_pairs_find(s->names, key, false);
}

/* Words first ... last in lower case to key [LONGEST + 2], hyphens between them, the last whole or without its
 * contraction; 0: too long. */
static size_t make_key(const TextWords *c, int first, int last, bool whole, char *key)
{
    size_t n = 0;
    for (int i = first; i <= last; i++) {
        const size_t length = i < last || whole ? c->word[i].lower.length : c->word[i].base;
        if (n + length + 1 > LONGEST) return 0;
        if (i > first) key[n++] = '-';
        memcpy(key + n, c->word[i].lower.start, length);
        n += length;
    }
    return n;
}

/* Where the last word ends in the text, with its contraction or without: one character there for a byte here, for what
 * is contracted is ASCII but for its apostrophe. */
static size_t end_of(const TextWords *c, const TextWord *w, bool whole)
{
    size_t end = w->at + w->length;
    for (size_t i = w->base; !whole && i < w->lower.length; i++) {
        do end--;
        while (((unsigned char)c->text.start[end] & 0xC0) == 0x80);
    }
    return end;
}

static bool try_entry(const Search *s, int first, int last, bool whole, WordMatch *match)
{
    char key[LONGEST + 2];
    const TextWords *c = s->words;
    const size_t n = make_key(c, first, last, whole, key), end = end_of(c, &c->word[last], whole);
    if (!n) return false;
    const bool has_stop = whole && end < c->text.length && c->text.start[end] == '.';
    key[n] = '.';
    *match = (WordMatch){.n_words = last - first + 1, .length = end - c->word[first].at};
    if (has_stop) match->entry = find_entry(s, first, last, (Slice){key, n + 1}, &match->is_name);
    if (match->entry) match->length++;
    else match->entry = find_entry(s, first, last, (Slice){key, n}, &match->is_name);
    if (match->entry) {
        match->other = slice_of(match->entry->other);
        return true;
    }
    if (has_stop || !c->word[first].is_capital) return false; /* Mr without its full stop */
    match->entry = find_entry(s, first, last, (Slice){key, n + 1}, &match->is_name);
    if (!match->entry) return false;
    match->other = slice_of(match->entry->other);
    return match->other.start[--match->other.length] == '.';
}

bool word_match(const WordPairs *pairs, const WordPairs *names, const TextWords *words, int first, WordMatch *match)
{
    const Search search = {pairs, names, words};
    int last = first;
    while (last + 1 < words->n && last - first + 1 < JOINED &&
           is_joined(words->text, &words->word[last], &words->word[last + 1]))
        last++;
    for (; last >= first; last--) {
        if (try_entry(&search, first, last, true, match)) return true;
        if (words->word[last].base < words->word[last].lower.length && try_entry(&search, first, last, false, match))
            return true;
    }
    return false;
}
