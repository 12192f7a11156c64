/* corpus.h: a text to a dataset of one text per item.
 *
 * A sample is [CLS] pieces [SEP], cut to max_length; of a pair of texts [CLS] a [SEP] b [SEP], the second half of token
 * type 1, the longer text cut first. All ranks hold the same: rank 0 reads and cuts it into
 * samples, every rank tokenizes its share over its threads, all receive the ids. A sample's number is its
 * place in the file. The ids can be cached in a file with the hashes of text and vocabulary. */
#ifndef DATA_CORPUS_H
#define DATA_CORPUS_H

#include <stdint.h>

#include "data/dataset.h"
#include "data/vocabulary.h"
#include "parallel/comm.h"

typedef enum {
    SPLIT_AUTO,           /* sentences for a table, lines for plain text */
    SPLIT_LINES,          /* one sample per line or table field */
    SPLIT_SENTENCES,      /* data/sentences, the usual rule */
    SPLIT_AUTO_PLAIN,     /* auto, but by the plain rule of data/sentences */
    SPLIT_SENTENCES_PLAIN /* the plain rule */
} SplitRule;
#define SPLIT_RULES "auto lines sentences auto-plain sentences-plain" /* choices of the key `split` */

typedef struct {
    SplitRule split;
    int format;         /* TableFormat */
    const char *column; /* column of a table that holds the text */
    const char
        *pair;          /* column of a table that holds the second texts of pairs; of plain text, any name: a TAB
                           separates   the two texts of a line; "" or NULL: no pairs. A pair is a sample, and not cached */
    int max_length;     /* pieces of a sample with [CLS] and [SEP] */
    bool pad_masked;    /* bec-pad = mask: every sample is filled with [MASK] to max_length */
    bool cut_separator; /* bec-length = words-pow2: a cut sample loses its [SEP], and max_length becomes
                           the smallest power of two >= the words of the longest sample (at most as given) */
    const char *cache;  /* file for the ids, "" = none */
    size_t cache_bytes; /* > 0: only for texts of so many bytes, and a cache that cannot be written is done without */
} CorpusOptions;

/* Collective. Fails alike on all ranks: file missing, not text, column absent, a row that
 * does not fit, no sample. */
Status corpus_read(const Comm *comm, const char *path, const Vocabulary *vocabulary, const CorpusOptions *options,
                   Dataset *corpus);
#endif
