/* vocabulary_builder.h: learn a WordPiece vocabulary from text. Local.
 *
 * Byte-pair merging on characters (Sennrich, Haddow, Birch 2016), pieces written the WordPiece way
 * ("##" inside a word), as Hugging Face's trainer does it: the most frequent adjacent pair is merged
 * until `size` pieces exist or no pair occurs min_count times. Equal counts: the pair that sorts
 * first. The five special pieces come first, then the characters in code point order. */
#ifndef DATA_VOCABULARY_BUILDER_H
#define DATA_VOCABULARY_BUILDER_H

#include "base/status.h"
#include "base/text.h"

typedef struct VocabularyBuilder VocabularyBuilder;

VocabularyBuilder *vocabulary_builder_new(bool lower_case);
void vocabulary_builder_free(VocabularyBuilder *builder);
/* Count the words of one line (valid UTF-8). */
void vocabulary_builder_add(VocabularyBuilder *builder, Slice text);
/* Learn; *piece [*n] and its strings are owned by the builder. Fails when there was no word, or when
 * size does not even hold the characters. */
Status vocabulary_builder_learn(VocabularyBuilder *builder, int size, int min_count, const char *const **piece, int *n);

#endif
