/* wordpiece.c: added tokens are found whole; the text between them is normalised, cut into words, and each word into
 * pieces. */
#include "data/wordpiece.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/unicode.h"

typedef void (*WordVisit)(Slice word, void *context);

void id_list_add(IdList *list, int32_t id)
{
    memory_reserve((void **)&list->id, &list->capacity, list->n + 1, sizeof *list->id);
    list->id[list->n++] = id;
}

/* --- normalised text to words
 * ----------------------------------------------------------------------------------------- */

enum { ASCII_WORD, ASCII_SPACE, ASCII_PUNCTUATION };

static unsigned char ascii_kind[128];
static pthread_once_t kinds_filled = PTHREAD_ONCE_INIT;

static void fill_ascii_kinds(void)
{
    for (uint32_t c = 0; c < 128; c++) {
        const CharacterClass class = unicode_class_uncleaned(c);
        ascii_kind[c] = class == CHARACTER_SPACE         ? ASCII_SPACE
                        : class == CHARACTER_PUNCTUATION ? ASCII_PUNCTUATION
                                                         : ASCII_WORD;
    }
}

/* Bytes of the character at text, and what it is. */
static size_t next_character(Slice text, unsigned char *kind)
{
    const unsigned char c = (unsigned char)text.start[0];
    uint32_t scalar;
    if (c < 0x80) {
        *kind = ascii_kind[c];
        return 1;
    }
    const size_t used = (size_t)utf8_decode(text.start, text.length, &scalar);
    *kind = unicode_is_white_space(scalar)   ? ASCII_SPACE
            : unicode_is_punctuation(scalar) ? ASCII_PUNCTUATION
                                             : ASCII_WORD;
    return used;
}

/* Words end at white space; punctuation characters are words. */
static void cut_words(Slice text, WordVisit visit, void *context)
{
    size_t start = 0;
    unsigned char kind;
    pthread_once(&kinds_filled, fill_ascii_kinds);
    for (size_t i = 0, used; i < text.length; i += used) {
        used = next_character((Slice){text.start + i, text.length - i}, &kind);
        if (kind == ASCII_WORD) continue;
        if (i > start) visit((Slice){text.start + start, i - start}, context);
        if (kind == ASCII_PUNCTUATION) visit((Slice){text.start + i, used}, context);
        start = i + used;
    }
    if (text.length > start) visit((Slice){text.start + start, text.length - start}, context);
}

/* More than `most` characters? */
static bool is_longer(Slice word, int most)
{
    if (word.length <= (size_t)most) return false;
    size_t n = 0;
    for (size_t i = 0; i < word.length; i++) n += ((unsigned char)word.start[i] & 0xC0) != 0x80;
    return n > (size_t)most;
}

enum { PART = 1 << 16 /* bytes that are normalised at a time */ };

/* Cut the next part off *rest, ending at a blank or a line end where possible: nothing reaches over these. */
static Slice next_part(Slice *rest)
{
    size_t n = rest->length < PART ? rest->length : PART;
    while (n < rest->length && rest->start[n - 1] != ' ' && rest->start[n - 1] != '\n') n++;
    const Slice part = {rest->start, n};
    rest->start += n;
    rest->length -= n;
    return part;
}

static void normalised_words(const NormaliseRules *rules, Slice text, TextBuffer *buffer, WordVisit visit,
                             void *context)
{
    while (text.length) {
        normalise_text(rules, next_part(&text), buffer);
        cut_words((Slice){buffer->text, buffer->n}, visit, context);
    }
}

/* --- words to pieces
 * ---------------------------------------------------------------------------------------------------- */

enum { LOCAL_BYTES = 512 };

typedef struct {
    const Vocabulary *vocabulary;
    IdList *ids;
    TextBuffer buffer;                      /* owned */
    TokenMatches raw, normalised;           /* owned */
    uint32_t local[LOCAL_BYTES + 1], *hash; /* of the beginnings of a word; owned if not local */
} Encoding;

/* The longest piece at the start of text; its length in bytes, 0 if there is none. */
static int longest_piece(const Encoding *e, bool continues, const char *text, int n, int *id)
{
    const Vocabulary *v = e->vocabulary;
    if (n > v->longest[continues]) n = v->longest[continues];
    e->hash[0] = vocabulary_hash_start(continues);
    for (int i = 0; i < n; i++) e->hash[i + 1] = vocabulary_hash_next(e->hash[i], text[i]);
    for (int length = n; length > 0; length--) {
        *id = vocabulary_lookup(v, continues, e->hash[length], text, length);
        if (*id >= 0) return length;
    }
    return 0;
}

static void encode_word(Slice word, void *context)
{
    Encoding *e = context;
    const size_t start = e->ids->n;
    const bool too_long = is_longer(word, e->vocabulary->tokenizer.longest_word);
    size_t at = 0;
    while (at < word.length && !too_long) {
        int id;
        const size_t left = word.length - at;
        const int used = longest_piece(e, at > 0, word.start + at, left < INT32_MAX ? (int)left : INT32_MAX, &id);
        if (used == 0) break;
        id_list_add(e->ids, id);
        at += (size_t)used;
    }
    if (at == word.length && !too_long) return;
    e->ids->n = start; /* no way through the word: one unknown piece */
    id_list_add(e->ids, vocabulary_special(e->vocabulary, SPECIAL_UNK));
}

/* A text without added tokens that stand in it as they are. */
static void encode_plain(Encoding *e, Slice text)
{
    const Vocabulary *v = e->vocabulary;
    if (!v->normalised) {
        normalised_words(&v->rules, text, &e->buffer, encode_word, e);
        return;
    }
    normalise_text(&v->rules, text, &e->buffer); /* the whole: a token may reach over blanks */
    const Slice whole = {e->buffer.text, e->buffer.n};
    token_search(v->normalised, whole, &e->normalised);
    size_t at = 0;
    for (size_t i = 0; i < e->normalised.n; i++) {
        const TokenMatch *m = &e->normalised.match[i];
        if (m->start > at) cut_words((Slice){whole.start + at, m->start - at}, encode_word, e);
        id_list_add(e->ids, v->normalised_id[m->pattern]);
        at = m->end;
    }
    if (whole.length > at) cut_words((Slice){whole.start + at, whole.length - at}, encode_word, e);
}

static void encoding_open(const Vocabulary *v, IdList *ids, Encoding *e)
{
    const int longest = v->longest[v->longest[1] > v->longest[0]];
    e->vocabulary = v;
    e->ids = ids;
    e->buffer = (TextBuffer){0};
    e->raw = e->normalised = (TokenMatches){0};
    e->hash = longest > LOCAL_BYTES ? memory_alloc((size_t)longest + 1, sizeof *e->hash) : e->local;
}

static void encoding_close(Encoding *e)
{
    if (e->hash != e->local) free(e->hash);
    free(e->buffer.text);
    free(e->raw.match);
    free(e->normalised.match);
}

void wordpiece_encode(const Vocabulary *vocabulary, Slice text, IdList *ids)
{
    Encoding e;
    size_t at = 0;
    encoding_open(vocabulary, ids, &e);
    token_search(vocabulary->raw, text, &e.raw);
    for (size_t i = 0; i < e.raw.n; i++) {
        const TokenMatch *m = &e.raw.match[i];
        if (m->start > at) encode_plain(&e, (Slice){text.start + at, m->start - at});
        id_list_add(ids, vocabulary->raw_id[m->pattern]);
        at = m->end;
    }
    if (text.length > at) encode_plain(&e, (Slice){text.start + at, text.length - at});
    encoding_close(&e);
}

typedef struct {
    void (*visit)(Slice word, void *context);
    void *context;
} WordList;

enum { LONGEST_WORD = 100 /* characters of a word that is counted */ };

static void pass_word(Slice word, void *context)
{
    const WordList *list = context;
    if (!is_longer(word, LONGEST_WORD)) list->visit(word, list->context);
}

void wordpiece_words(const NormaliseRules *rules, Slice text, void (*visit)(Slice word, void *context), void *context)
{
    WordList list = {visit, context};
    TextBuffer buffer = {0};
    normalised_words(rules, text, &buffer, pass_word, &list);
    free(buffer.text);
}
