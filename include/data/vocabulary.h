/* vocabulary.h: the pieces of a WordPiece vocabulary and their ids, ready for cutting words. Local.
 *
 * Pieces that continue a word begin with a prefix ("##"). id = row of the word embeddings; a row may have no piece. */
#ifndef DATA_VOCABULARY_H
#define DATA_VOCABULARY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/hash.h"
#include "base/status.h"
#include "base/text.h"
#include "data/token_search.h"
#include "io/tokenizer.h"

typedef struct {
    const char *key; /* without the prefix; borrowed from the piece */
    int length;      /* bytes of key */
    int id;          /* -1: empty slot */
    uint32_t hash;
    bool continues;
} VocabularySlot;

typedef struct {
    Tokenizer tokenizer; /* owned */
    int n;               /* V: rows */
    NormaliseRules rules;
    VocabularySlot *slot; /* owned, open addressing */
    uint32_t slot_mask;
    int longest[2];                /* bytes of the longest first piece and the longest continuation */
    TokenSearch *raw, *normalised; /* owned: added tokens, searched in the text as it is and when it is normalised */
    int *raw_id, *normalised_id;   /* owned: their ids */
    bool *is_special;              /* owned [n] */
    int *drawable;                 /* owned [n_drawable]: rows with a piece; NULL: all */
    int n_drawable;
} Vocabulary;

/* Read vocab.txt, a tokenizer.json, or the tokenizer of a Hugging Face folder. */
Status vocabulary_read(const char *path, CaseRule rule, Vocabulary **vocabulary);
/* Copy n pieces, with BERT's own settings. name: used in messages. */
Status vocabulary_new(const char *name, const char *const *piece, int n, bool lower_case, Vocabulary **vocabulary);
/* Take over a tokenizer that was checked; *tokenizer is empty then. */
Vocabulary *vocabulary_from(Tokenizer *tokenizer);
void vocabulary_free(Vocabulary *vocabulary);

const Tokenizer *vocabulary_tokenizer(const Vocabulary *vocabulary);
int vocabulary_size(const Vocabulary *vocabulary);                  /* rows */
const char *vocabulary_piece(const Vocabulary *vocabulary, int id); /* "" for a row without one */
int vocabulary_special(const Vocabulary *vocabulary, Special which);
bool vocabulary_is_special(const Vocabulary *vocabulary, int id); /* one of the five, or an added special token */
const char *vocabulary_special_text(Special which);
/* A row with a piece, each as likely as the others; word: 32 random bits. */
int vocabulary_draw(const Vocabulary *vocabulary, uint32_t word);

/* XXH3-128 of everything that ids depend on: pieces and settings. A field that changes ids belongs here too. */
void vocabulary_hash(const Vocabulary *vocabulary, char hash[HASH_TEXT_SIZE]);

/* The hash of a key, byte by byte (FNV-1a). */
static inline uint32_t vocabulary_hash_start(bool continues)
{
    return continues ? 0x9747b28cu : 0x811c9dc5u;
}

static inline uint32_t vocabulary_hash_next(uint32_t hash, char byte)
{
    return (hash ^ (unsigned char)byte) * 0x01000193u;
}

/* The id of a key whose hash is known, or -1. */
static inline int vocabulary_lookup(const Vocabulary *v, bool continues, uint32_t hash, const char *key, int length)
{
    for (uint32_t at = hash & v->slot_mask; v->slot[at].id >= 0; at = (at + 1) & v->slot_mask) {
        const VocabularySlot *s = &v->slot[at];
        if (s->hash == hash && s->continues == continues && s->length == length &&
            memcmp(s->key, key, (size_t)length) == 0)
            return s->id;
    }
    return -1;
}

#endif
