/* vocabulary.h: the pieces of a WordPiece vocabulary and their ids. Local.
 *
 * Pieces that continue a word begin with "##". id = line number of vocab.txt, from 0. */
#ifndef DATA_VOCABULARY_H
#define DATA_VOCABULARY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/hash.h"
#include "base/status.h"
#include "base/text.h"

typedef enum { SPECIAL_PAD, SPECIAL_UNK, SPECIAL_CLS, SPECIAL_SEP, SPECIAL_MASK, N_SPECIALS } Special;

typedef struct {
    const char *key; /* without "##"; borrowed from piece */
    int length;      /* bytes of key */
    int id;          /* -1: empty slot */
    uint32_t hash;
    bool continues;
} VocabularySlot;

typedef struct {
    char **piece; /* owned [n] */
    int n;        /* V */
    bool lower_case;
    int special[N_SPECIALS];
    VocabularySlot *slot; /* owned, open addressing */
    uint32_t slot_mask;
    int longest[2]; /* bytes of the longest first piece and the longest continuation */
} Vocabulary;

/* Read vocab.txt: one piece a line. */
Status vocabulary_read(const char *path, bool lower_case, Vocabulary **vocabulary);
/* Copy n pieces. name: used in messages. */
Status vocabulary_new(const char *name, const char *const *piece, int n, bool lower_case, Vocabulary **vocabulary);
void vocabulary_free(Vocabulary *vocabulary);

int vocabulary_size(const Vocabulary *vocabulary);
bool vocabulary_lower_case(const Vocabulary *vocabulary);
const char *vocabulary_piece(const Vocabulary *vocabulary, int id);
const char *const *vocabulary_pieces(const Vocabulary *vocabulary);
int vocabulary_find(const Vocabulary *vocabulary, Slice piece); /* -1 if absent */
int vocabulary_special(const Vocabulary *vocabulary, Special which);
bool vocabulary_is_special(const Vocabulary *vocabulary, int id);
const char *vocabulary_special_text(Special which);

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
