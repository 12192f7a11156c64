/* corpus_cache.h: a tokenized corpus in a file, so that the next run on the same text need not tokenize. Local. */
#ifndef DATA_CORPUS_CACHE_H
#define DATA_CORPUS_CACHE_H

#include "base/hash.h"
#include "data/corpus.h"
#include "io/table.h"

/* What the pieces are a function of. */
typedef struct {
    char text[HASH_TEXT_SIZE], vocabulary[HASH_TEXT_SIZE]; /* XXH3-128 */
    char rules_hash[HASH_TEXT_SIZE];                       /* of how samples are cut */
    char rules[256];                                       /* the same for a person; may be cut short */
} CorpusKey;

/* The table is not read yet. */
void corpus_cache_key(const Table *table, const Vocabulary *vocabulary, const CorpusOptions *options, CorpusKey *key);
/* Fails on a damaged file. *is_same: the file's key is this one, and corpus is filled. */
Status corpus_cache_read(const char *path, const CorpusKey *key, Corpus *corpus, bool *is_same);
/* Makes missing folders; the file appears complete and verified. */
Status corpus_cache_write(const char *path, const CorpusKey *key, const Corpus *corpus);

#endif
