/* wordpiece.c: one pass over the text; a word is normalised as it is read and then cut into pieces. */
#include "data/wordpiece.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"
#include "data/unicode.h"

enum { LONGEST_WORD = 100 /* characters; a longer word is [UNK] */, WORD_BYTES = 4 * (LONGEST_WORD + 1) };

typedef void (*WordVisit)(Slice word, bool too_long, void *context);

/* The word at hand, normalised. */
typedef struct {
    char byte[WORD_BYTES];
    int n_bytes, n_characters;
    int group; /* byte where the current group of combining marks begins */
    bool lower_case;
    WordVisit visit;
    void *context;
} Word;

void id_list_add(IdList *list, int32_t id)
{
    memory_reserve((void **)&list->id, &list->capacity, list->n + 1, sizeof *list->id);
    list->id[list->n++] = id;
}

static void finish_word(Word *word)
{
    if (word->n_characters)
        word->visit((Slice){word->byte, (size_t)word->n_bytes}, word->n_characters > LONGEST_WORD, word->context);
    word->n_bytes = word->n_characters = word->group = 0;
}

/* Canonical order: move the mark just added before marks of a higher combining class. */
static void sort_mark(Word *word, int last_at, int combining_class)
{
    while (last_at > word->group) {
        int before_at = last_at - 1;
        while (before_at > word->group && ((unsigned char)word->byte[before_at] & 0xC0) == 0x80) before_at--;
        uint32_t before;
        utf8_decode(word->byte + before_at, (size_t)(word->n_bytes - before_at), &before);
        if (unicode_combining_class(before) <= combining_class) return;
        char swapped[8];
        uint32_t mark;
        const int mark_bytes = utf8_decode(word->byte + last_at, (size_t)(word->n_bytes - last_at), &mark);
        memcpy(swapped, word->byte + last_at, (size_t)mark_bytes);
        memcpy(swapped + mark_bytes, word->byte + before_at, (size_t)(last_at - before_at));
        memcpy(word->byte + before_at, swapped, (size_t)(mark_bytes + last_at - before_at));
        last_at = before_at;
    }
}

static void append(Word *word, uint32_t scalar)
{
    if (word->n_characters <= LONGEST_WORD) {
        char encoded[4];
        const int n = utf8_encode(scalar, encoded);
        if (word->n_bytes + n <= WORD_BYTES) {
            memcpy(word->byte + word->n_bytes, encoded, (size_t)n);
            word->n_bytes += n;
        }
    }
    word->n_characters++;
}

/* A scalar after cleaning and decomposition: punctuation is a word, the rest is added to the word. */
static void add_normalised(Word *word, uint32_t scalar)
{
    if (unicode_class(scalar) == CHARACTER_PUNCTUATION) {
        finish_word(word);
        append(word, scalar);
        finish_word(word);
    } else {
        append(word, scalar);
    }
}

static void add_decomposed(Word *word, uint32_t scalar)
{
    const int combining_class = unicode_combining_class(scalar);
    if (!unicode_is_nonspacing(scalar)) {
        const int at = word->n_bytes;
        add_normalised(word, unicode_lower(scalar));
        if (combining_class && word->n_characters <= LONGEST_WORD) sort_mark(word, at, combining_class);
    }
    if (combining_class == 0) word->group = word->n_bytes;
}

static void add_scalar(Word *word, uint32_t scalar)
{
    const CharacterClass class = unicode_class(scalar);
    if (class == CHARACTER_REMOVED) return;
    if (class == CHARACTER_SPACE || class == CHARACTER_CHINESE) finish_word(word);
    if (class == CHARACTER_SPACE) return;
    if (word->lower_case) {
        uint32_t part[UNICODE_MOST_PARTS];
        const int n = unicode_decompose(scalar, part);
        for (int i = 0; i < n; i++) add_decomposed(word, part[i]);
    } else {
        add_normalised(word, scalar);
    }
    if (class == CHARACTER_CHINESE) finish_word(word);
}

enum { ASCII_REMOVED, ASCII_SPACE, ASCII_PUNCTUATION, ASCII_WORD };

static unsigned char ascii_kind[128];

static void fill_ascii_kinds(void)
{
    for (uint32_t c = 0; c < 128; c++) {
        const CharacterClass class = unicode_class(c);
        ascii_kind[c] = class == CHARACTER_REMOVED       ? ASCII_REMOVED
                        : class == CHARACTER_SPACE       ? ASCII_SPACE
                        : class == CHARACTER_PUNCTUATION ? ASCII_PUNCTUATION
                                                         : ASCII_WORD;
    }
}

static void add_ascii(Word *word, char c)
{
    switch (ascii_kind[(unsigned char)c]) {
    case ASCII_SPACE: finish_word(word); break;
    case ASCII_WORD:
        append(word, word->lower_case ? unicode_lower((unsigned char)c) : (unsigned char)c);
        word->group = word->n_bytes;
        break;
    case ASCII_PUNCTUATION:
        finish_word(word);
        append(word, (unsigned char)c);
        finish_word(word);
        break;
    default: break;
    }
}

static void add_text(Word *word, Slice text)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fill_ascii_kinds);
    size_t i = 0;
    while (i < text.length) {
        if ((unsigned char)text.start[i] < 0x80) {
            add_ascii(word, text.start[i++]);
            continue;
        }
        uint32_t scalar;
        i += (size_t)utf8_decode(text.start + i, text.length - i, &scalar);
        add_scalar(word, scalar);
    }
    finish_word(word);
}

/* --- words to pieces -------------------------------------------------------------------------- */

typedef struct {
    const Vocabulary *vocabulary;
    IdList *ids;
} Encoding;

/* The longest piece at the start of text; its length in bytes, 0 if there is none. */
static int longest_piece(const Vocabulary *v, bool continues, const char *text, int n, int *id)
{
    uint32_t hash[WORD_BYTES + 1];
    if (n > v->longest[continues]) n = v->longest[continues];
    hash[0] = vocabulary_hash_start(continues);
    for (int i = 0; i < n; i++) hash[i + 1] = vocabulary_hash_next(hash[i], text[i]);
    for (int length = n; length > 0; length--) {
        *id = vocabulary_lookup(v, continues, hash[length], text, length);
        if (*id >= 0) return length;
    }
    return 0;
}

static void encode_word(Slice word, bool too_long, void *context)
{
    const Encoding *e = context;
    const size_t start = e->ids->n;
    const int n = (int)word.length;
    int at = 0;
    while (at < n && !too_long) {
        int id;
        const int used = longest_piece(e->vocabulary, at > 0, word.start + at, n - at, &id);
        if (used == 0) break;
        id_list_add(e->ids, id);
        at += used;
    }
    if (at == n && !too_long) return;
    e->ids->n = start; /* no way through the word: one [UNK] */
    id_list_add(e->ids, vocabulary_special(e->vocabulary, SPECIAL_UNK));
}

/* The special token written at text, or -1; *length = its bytes. */
static int special_at(const Vocabulary *v, Slice text, size_t *length)
{
    for (int s = 0; s < N_SPECIALS; s++) {
        const char *name = vocabulary_special_text((Special)s);
        *length = strlen(name);
        if (*length <= text.length && memcmp(text.start, name, *length) == 0) return v->special[s];
    }
    return -1;
}

void wordpiece_encode(const Vocabulary *vocabulary, Slice text, IdList *ids)
{
    Encoding encoding = {vocabulary, ids};
    Word word = {.lower_case = vocabulary->lower_case, .visit = encode_word, .context = &encoding};
    Slice rest = text;
    while (rest.length) {
        const char *bracket = rest.start;
        size_t length = 0;
        int special = -1;
        for (;;) { /* up to the next special token */
            const size_t left = rest.length - (size_t)(bracket - rest.start);
            bracket = left ? memchr(bracket, '[', left) : NULL;
            if (!bracket) break;
            special = special_at(vocabulary, (Slice){bracket, rest.length - (size_t)(bracket - rest.start)}, &length);
            if (special >= 0) break;
            bracket++;
        }
        const size_t plain = bracket ? (size_t)(bracket - rest.start) : rest.length;
        add_text(&word, (Slice){rest.start, plain});
        if (!bracket) return;
        id_list_add(ids, special);
        rest.start += plain + length;
        rest.length -= plain + length;
    }
}

typedef struct {
    void (*visit)(Slice word, void *context);
    void *context;
} WordList;

static void pass_word(Slice word, bool too_long, void *context)
{
    const WordList *list = context;
    if (!too_long) list->visit(word, list->context);
}

void wordpiece_words(bool lower_case, Slice text, void (*visit)(Slice word, void *context), void *context)
{
    WordList list = {visit, context};
    Word word = {.lower_case = lower_case, .visit = pass_word, .context = &list};
    add_text(&word, text);
}
