/* corpus_text.h: the records of a text cut into samples. Local. */
#ifndef DATA_CORPUS_TEXT_H
#define DATA_CORPUS_TEXT_H

#include "base/text.h"
#include "data/corpus.h"
#include "io/table.h"

typedef struct {
    Slice *sample; /* owned [n]; borrowed from the table */
    size_t n, capacity;
} SampleList;

/* The rule in force: what auto means for this text. */
SplitRule corpus_text_rule(const Table *table, SplitRule rule);

/* Read all records; place: of the column with the text. Also on failure the list is to be freed. */
Status corpus_text_split(Table *table, int place, SplitRule rule, SampleList *list);

#endif
