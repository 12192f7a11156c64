/* wordpiece.h: text to token ids, exactly as Hugging Face's BERT tokenizer does it. Local.
 *
 * Steps: special tokens written out in the text are kept whole; the rest is cleaned, CJK characters
 * are set apart, and for uncased models accents are stripped (NFD without Mn) and letters lowered;
 * words end at white space, and punctuation characters are words; a word becomes the longest pieces
 * of the vocabulary from the left, or [UNK] when that fails or it has more than 100 characters.
 * Text of any length is read in one pass; only the word at hand is held in memory. */
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
void wordpiece_words(bool lower_case, Slice text, void (*visit)(Slice word, void *context), void *context);

#endif
