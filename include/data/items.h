/* items.h: the records of a table to a dataset, one item per record, of several columns.
 *
 * Either every column is a text of the item, [CLS] pieces [SEP] (n_texts = n_columns); or two columns are one text, a
 * pair [CLS] a [SEP] b [SEP] whose second half has token type 1. Texts are cut to max_length pieces; of a pair the
 * longer text is cut first. Rank 0 reads, every rank tokenizes its share over its threads, all receive everything. */
#ifndef DATA_ITEMS_H
#define DATA_ITEMS_H

#include "data/corpus.h"
#include "data/dataset.h"
#include "data/vocabulary.h"
#include "data/word_pairs.h"
#include "io/table.h"
#include "parallel/comm.h"

enum { ITEMS_COLUMNS = 8 };

typedef struct {
    TableFormat format;
    int n_columns;
    const char *column[ITEMS_COLUMNS]; /* their names; NULL: the column at this place of the table */
    bool is_pair;      /* two columns are one text; of plain text, the parts of a line around a TAB, and a
                          line without one is a text of its own */
    bool has_specials; /* texts may begin with [CLS] and end with [SEP] themselves: once is enough */
    int max_length;    /* pieces of a text with its special ones */
    const char *cure;  /* for plain text where a table is needed: what else to do, behind "; "; NULL: nothing */

    /* Not NULL: an item is a sample of a running text, cut as data/corpus does (plain text has lines), and the same
     * with its genders swapped: n_columns = 2, of which only column[0] is read. names may be NULL. */
    const WordPairs *pairs, *names;
    SplitRule split;
} ItemsRequest;

/* Collective. Fails alike on all ranks: as table_open and table_want; plain text, but no pairs; fewer columns than
 * asked for by place; a text that is empty; no record. */
Status items_read(const Comm *comm, const char *path, const Vocabulary *vocabulary, const ItemsRequest *request,
                  Dataset *data);

#endif
