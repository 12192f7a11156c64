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
    int n_pieces, max_length;                              /* what ids and lengths must stay below */
} CorpusKey;

/* The table is not read yet. */
void corpus_cache_key(const Table *table, const Vocabulary *vocabulary, const CorpusOptions *options, CorpusKey *key);
/* Fails on a damaged file, and on one whose ids or offsets would lead astray. *is_same: the file's key is this one, and
 * corpus is filled. */
Status corpus_cache_read(const char *path, const CorpusKey *key, Dataset *corpus, bool *is_same);
/* Is a file a cache, perhaps a damaged one? */
bool corpus_cache_is(const char *path);
/* May path be written? Only a cache is replaced, a damaged one too if it can still be told. Makes missing folders. */
Status corpus_cache_may_write(const char *path);
/* The file appears complete and verified; another program that writes the same cache is not disturbed. */
Status corpus_cache_write(const char *path, const CorpusKey *key, const Dataset *corpus);

#endif
