/* wordpiece.h: text to token ids, exactly as Hugging Face's BERT tokenizer does it. Local.
 *
 * Added tokens written in the text are kept whole; the rest is normalised (base/normalise.h); words end at white space,
 * and punctuation characters are words; a word becomes the longest pieces of the vocabulary from the left, or the
 * unknown piece when that fails or it has too many characters (100). Time is linear in the text; long texts are read in
 * parts. */
#ifndef DATA_WORDPIECE_H
#define DATA_WORDPIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/vocabulary.h"

/* A growing list of ids. */
typedef struct {
    int32_t *id; /* owned (free) */
    size_t n, capacity;
} IdList;

void id_list_add(IdList *list, int32_t id);

/* Append the ids of text (valid UTF-8, may hold NUL) to ids; no [CLS] or [SEP] is added. */
void wordpiece_encode(const Vocabulary *vocabulary, Slice text, IdList *ids);

/* The normalised words of text, for building a vocabulary: visit is called for each word of at most
 * 100 characters. */
void wordpiece_words(const NormaliseRules *rules, Slice text, void (*visit)(Slice word, void *context), void *context);

#endif
