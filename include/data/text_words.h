/* text_words.h: the words of a text, and the entries of a list that they make up. Local. */
#ifndef DATA_TEXT_WORDS_H
#define DATA_TEXT_WORDS_H

#include "base/buffer.h"
#include "data/word_pairs.h"

/* Letters and digits with apostrophes between them. */
typedef struct {
    size_t at, length;         /* in the text */
    Slice lower;               /* in lower case, with ' for other apostrophes */
    size_t base;               /* bytes of lower without 's, 'll, 'd, ... */
    bool is_capital, is_digit; /* how it begins */
} TextWord;

typedef struct {
    Slice text;     /* borrowed */
    TextWord *word; /* owned [n] */
    int n;
    size_t capacity;
    Buffer lower; /* what word[].lower are slices of */
} TextWords;

/* The words of a text (valid UTF-8); memory of the last one is used again. */
void text_words_read(Slice text, TextWords *words);
void text_words_free(TextWords *words);

typedef struct {
    const PairWord *entry;
    Slice other;   /* of the entry: its counterpart, without a full stop where the text has none */
    size_t length; /* of the text it stands for, from the first word on; without a contraction */
    int n_words;
    bool is_name;
} WordMatch;

/* The longest entry that begins with word `first`: hyphenated ones (mother-in-law), such with a full stop, with or
 * without it in the text (Mr. Lee, Mr Lee), whole words, words without their contraction (king's). An entry that the
 * list writes with a capital is met in front of a capital; names (NULL: none) only with one. */
bool word_match(const WordPairs *pairs, const WordPairs *names, const TextWords *words, int first, WordMatch *match);

#endif
