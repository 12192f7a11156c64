/* word_pair.c: words are compared as the tokenizer sees them, before they become pieces. */
#include "evaluate/word_pair.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/unicode.h"
#include "data/wordpiece.h"

typedef enum { CASE_GIVEN, CASE_CAPITAL, CASE_CAPITALS } FormCase;

/* The word in another case; owned by the caller. Letters that have no other case stay. */
static char *in_case(const char *word, FormCase form)
{
    const size_t length = strlen(word);
    char *out = memory_alloc(4 * length + 1, 1), *end = out;
    for (size_t at = 0; at < length;) {
        uint32_t scalar;
        const bool changes = form == CASE_CAPITALS || (form == CASE_CAPITAL && at == 0);
        at += (size_t)utf8_decode(word + at, length - at, &scalar);
        end += utf8_encode(changes ? unicode_upper(scalar) : scalar, end);
    }
    return out;
}

typedef struct {
    char *word; /* owned: the first */
    int n;
} OneWord;

static void keep_first(Slice word, void *context)
{
    OneWord *one = context;
    if (one->n++ == 0) one->word = slice_copy(word);
}

/* The word as the tokenizer normalises it, or NULL if it is none or several; owned by the caller. */
static char *normalise(const Vocabulary *v, const char *text)
{
    OneWord one = {0};
    wordpiece_words(&v->rules, slice_of(text), keep_first, &one);
    if (one.n == 1) return one.word;
    free(one.word);
    return NULL;
}

static int piece_of(const Vocabulary *v, const char *word)
{
    IdList ids = {0};
    wordpiece_encode(v, slice_of(word), &ids);
    const int id = ids.n == 1 && !vocabulary_is_special(v, ids.id[0]) ? ids.id[0] : -1;
    free(ids.id);
    return id;
}

static bool is_known(const WordPair *p, char *const word[2])
{
    for (int f = 0; f < p->n_forms; f++)
        if (strcmp(p->form[f].word[0], word[0]) == 0 && strcmp(p->form[f].word[1], word[1]) == 0) return true;
    return false;
}

static void add_form(const char *const given[2], FormCase form, WordPair *p)
{
    char *word[2];
    for (int side = 0; side < 2; side++) {
        char *text = in_case(given[side], form);
        word[side] = normalise(p->vocabulary, text);
        free(text);
    }
    if (!word[0] || !word[1] || is_known(p, word)) {
        free(word[0]);
        free(word[1]);
        return;
    }
    const int id[2] = {piece_of(p->vocabulary, word[0]), piece_of(p->vocabulary, word[1])};
    p->form[p->n_forms++] = (PairForm){{word[0], word[1]}, {id[0], id[1]}};
}

static bool is_usable(const PairForm *form)
{
    return form->id[0] >= 0 && form->id[1] >= 0 && form->id[0] != form->id[1];
}

Status word_pair_open(const Vocabulary *vocabulary, const char *pair, WordPair *p)
{
    *p = (WordPair){.vocabulary = vocabulary};
    Slice rest = slice_of(pair), field;
    char *given[2] = {NULL, NULL};
    int n = 0, usable = 0;
    while (slice_next_field(&rest, ',', &field))
        if (n++ < 2) given[n - 1] = slice_copy(slice_trim(field));
    for (int form = 0; form < PAIR_FORMS && n == 2; form++) add_form((const char *const *)given, (FormCase)form, p);
    free(given[0]);
    free(given[1]);
    for (int f = 0; f < p->n_forms; f++) usable += is_usable(&p->form[f]);
    if (usable) return STATUS_OK;
    word_pair_close(p);
    FAIL(STATUS_USAGE,
         "pair = '%s' must be two words, separated by a comma, that are single pieces of the model's vocabulary", pair);
}

void word_pair_close(WordPair *p)
{
    for (int f = 0; f < p->n_forms; f++) {
        free(p->form[f].word[0]);
        free(p->form[f].word[1]);
    }
    *p = (WordPair){0};
}

typedef struct {
    const WordPair *pair;
    int n, form, side; /* words of the pair met; the last */
} Search;

static void look_at(Slice word, void *context)
{
    Search *s = context;
    for (int f = 0; f < s->pair->n_forms; f++)
        for (int side = 0; side < 2; side++) {
            if (!slice_is(word, s->pair->form[f].word[side])) continue;
            s->n++;
            s->form = f, s->side = side;
            return;
        }
}

PairFinding word_pair_find(const WordPair *p, Slice line, int *form, int *side)
{
    Search s = {.pair = p};
    wordpiece_words(&p->vocabulary->rules, line, look_at, &s);
    *form = s.form, *side = s.side;
    if (s.n != 1) return s.n ? PAIR_SEVERAL : PAIR_NONE;
    return is_usable(&p->form[s.form]) ? PAIR_FOUND : PAIR_PIECES;
}

static bool continues(const Vocabulary *v, int id)
{
    const char *piece = vocabulary_piece(v, id);
    return strncmp(piece, "##", 2) == 0 && piece[2] != '\0';
}

int word_pair_place(const WordPair *p, int form, int side, int n, const int *id)
{
    for (int t = 0; t < n; t++) /* the same piece may begin a longer word */
        if (id[t] == p->form[form].id[side] && !(t + 1 < n && continues(p->vocabulary, id[t + 1]))) return t;
    return -1;
}
