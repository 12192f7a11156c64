/* corpus_text.h: a file's text cut into samples. Local. */
#ifndef DATA_CORPUS_TEXT_H
#define DATA_CORPUS_TEXT_H

#include "base/text.h"
#include "data/corpus.h"

typedef struct {
    Slice *sample; /* owned [n]; borrowed from the text */
    size_t n, capacity;
} SampleList;

/* path: names the file in messages, and its kind (.tsv: a table with a header line). Also on failure the list is to
 * be freed. */
Status corpus_text_split(const char *path, Slice text, SplitRule rule, const char *column, SampleList *list);

#endif
