/* vocabulary.c: pieces and a hash table over them.
 *
 * Pieces as they stand and pieces that continue a word, without their prefix, live in one open-addressing table; which
 * of the two a key is decides the starting value of the hash. The hash is computed byte by byte, so that one pass over
 * a word gives the hashes of all its beginnings. */
#include "data/vocabulary.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "io/tokenizer_folder.h"

static void insert(Vocabulary *v, int id, bool continues, const char *key)
{
    const int length = (int)strlen(key);
    uint32_t hash = vocabulary_hash_start(continues);
    for (int i = 0; i < length; i++) hash = vocabulary_hash_next(hash, key[i]);
    if (length > v->longest[continues]) v->longest[continues] = length;
    uint32_t slot = hash & v->slot_mask;
    while (v->slot[slot].id >= 0) {
        const VocabularySlot *s = &v->slot[slot];
        if (s->hash == hash && s->continues == continues && s->length == length &&
            memcmp(s->key, key, (size_t)length) == 0)
            break; /* twice in the file: the later line wins, as in Hugging Face's reader */
        slot = (slot + 1) & v->slot_mask;
    }
    v->slot[slot] = (VocabularySlot){.key = key, .length = length, .id = id, .hash = hash, .continues = continues};
}

/* is_piece [n]: rows that words can become. */
static void build_table(Vocabulary *v, const bool *is_piece)
{
    const char *prefix = v->tokenizer.prefix;
    const size_t skip = strlen(prefix);
    uint32_t slots = 16;
    while (slots < 4 * (uint32_t)v->n) slots *= 2;
    v->slot = memory_alloc(slots, sizeof *v->slot);
    v->slot_mask = slots - 1;
    for (uint32_t i = 0; i < slots; i++) v->slot[i].id = -1;
    for (int id = 0; id < v->n; id++) {
        const char *piece = v->tokenizer.piece[id];
        if (!is_piece[id]) continue;
        insert(v, id, false, piece);
        if (strncmp(piece, prefix, skip) == 0 && piece[skip]) insert(v, id, true, piece + skip);
    }
}

static int find_piece(const Vocabulary *v, Slice piece)
{
    uint32_t hash = vocabulary_hash_start(false);
    for (size_t i = 0; i < piece.length; i++) hash = vocabulary_hash_next(hash, piece.start[i]);
    return vocabulary_lookup(v, false, hash, piece.start, (int)piece.length);
}

/* --- added tokens ------------------------------------------------------------------------------------------------- */

/* One search over the tokens that are compared with normalised text, or with the text as it is. Hugging Face's
 * tokenizers look for the special ones first. */
static TokenSearch *build_search(const Vocabulary *v, bool normalised, int **ids)
{
    const Tokenizer *t = &v->tokenizer;
    TokenPattern *pattern = memory_alloc((size_t)t->n_added, sizeof *pattern);
    TextBuffer *buffer = memory_alloc((size_t)t->n_added, sizeof *buffer);
    int n = 0;
    *ids = memory_alloc((size_t)t->n_added, sizeof **ids);
    for (int special = 1; special >= 0; special--)
        for (int i = 0; i < t->n_added; i++) {
            const AddedToken *a = &t->added[i];
            if (a->special != special || a->normalized != normalised) continue;
            Slice text = slice_of(a->text);
            if (normalised) {
                normalise_text(&v->rules, text, &buffer[n]);
                text = (Slice){buffer[n].text, buffer[n].n};
            }
            (*ids)[n] = a->id;
            pattern[n++] = (TokenPattern){text, a->lstrip, a->rstrip, a->single_word};
        }
    TokenSearch *search = token_search_new(pattern, n);
    for (int i = 0; i < n; i++) free(buffer[i].text);
    free(buffer);
    free(pattern);
    return search;
}

/* Rows that a draw must not meet: without a piece, or an earlier line of a piece that stands twice. */
static void list_drawable(Vocabulary *v, const bool *is_piece)
{
    int *id_of = memory_alloc((size_t)v->n, sizeof *id_of);
    for (int id = 0; id < v->n; id++) {
        const char *piece = v->tokenizer.piece[id];
        if (piece[0] && (!is_piece[id] || find_piece(v, slice_of(piece)) == id)) id_of[v->n_drawable++] = id;
    }
    if (v->n_drawable == v->n) free(id_of);
    else v->drawable = id_of;
}

Vocabulary *vocabulary_from(Tokenizer *tokenizer)
{
    Vocabulary *v = memory_alloc(1, sizeof *v);
    const Tokenizer *t = &v->tokenizer;
    v->tokenizer = *tokenizer;
    *tokenizer = (Tokenizer){0};
    v->n = t->n;
    v->rules = tokenizer_rules(t);
    bool *is_piece = memory_alloc((size_t)v->n, sizeof *is_piece);
    v->is_special = memory_alloc((size_t)v->n, sizeof *v->is_special);
    for (int id = 0; id < v->n; id++) is_piece[id] = t->piece[id][0] != '\0';
    for (int i = 0; i < t->n_added; i++) {
        is_piece[t->added[i].id] = t->added[i].is_piece;
        v->is_special[t->added[i].id] = t->added[i].special;
    }
    for (int s = 0; s < N_SPECIALS; s++) v->is_special[t->special_id[s]] = true;
    build_table(v, is_piece);
    list_drawable(v, is_piece);
    v->raw = build_search(v, false, &v->raw_id);
    v->normalised = build_search(v, true, &v->normalised_id);
    free(is_piece);
    return v;
}

Status vocabulary_new(const char *name, const char *const *piece, int n, bool lower_case, Vocabulary **vocabulary)
{
    Tokenizer tokenizer;
    TRY(tokenizer_plain(name, piece, n, lower_case, &tokenizer));
    *vocabulary = vocabulary_from(&tokenizer);
    return STATUS_OK;
}

Status vocabulary_read(const char *path, CaseRule rule, Vocabulary **vocabulary)
{
    Tokenizer tokenizer;
    char *notes;
    Status status = tokenizer_read(path, rule, 0, &tokenizer, &notes);
    if (!status) *vocabulary = vocabulary_from(&tokenizer);
    Slice rest = slice_of(notes), line;
    while (!status && slice_next_line(&rest, &line)) log_warning("%.*s", (int)line.length, line.start);
    free(notes);
    return status;
}

void vocabulary_free(Vocabulary *v)
{
    if (!v) return;
    tokenizer_free(&v->tokenizer);
    token_search_free(v->raw);
    token_search_free(v->normalised);
    free(v->raw_id);
    free(v->normalised_id);
    free(v->is_special);
    free(v->drawable);
    free(v->slot);
    free(v);
}

const Tokenizer *vocabulary_tokenizer(const Vocabulary *v)
{
    return &v->tokenizer;
}

int vocabulary_size(const Vocabulary *v)
{
    return v->n;
}

const char *vocabulary_piece(const Vocabulary *v, int id)
{
    return v->tokenizer.piece[id];
}

int vocabulary_special(const Vocabulary *v, Special which)
{
    return v->tokenizer.special_id[which];
}

bool vocabulary_is_special(const Vocabulary *v, int id)
{
    return v->is_special[id];
}

const char *vocabulary_special_text(Special which)
{
    return tokenizer_special_text(which);
}

int vocabulary_draw(const Vocabulary *v, uint32_t word)
{
    const int place = (int)random_below(word, (uint32_t)v->n_drawable);
    return v->drawable ? v->drawable[place] : place;
}

void vocabulary_hash(const Vocabulary *v, char hash[HASH_TEXT_SIZE])
{
    char *settings = tokenizer_settings(&v->tokenizer, false);
    size_t bytes = strlen(settings) + 1;
    for (int id = 0; id < v->n; id++) bytes += strlen(vocabulary_piece(v, id)) + 1;
    char *all = memory_alloc(bytes, 1), *at = all;
    for (int id = 0; id < v->n; id++) at = stpcpy(at, vocabulary_piece(v, id)) + 1;
    strcpy(at, settings);
    hash_xxh128(all, bytes, hash);
    free(all);
    free(settings);
}
