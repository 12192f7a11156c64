/* corpus_cache.c: /ids, /offset, and the key as attributes of the root. */
#include "corpus_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "corpus_text.h"
#include "io/file.h"
#include "io/h5.h"

#define CACHE_FORMAT "collapse-corpus"

void corpus_cache_key(const Table *table, const Vocabulary *vocabulary, const CorpusOptions *o, CorpusKey *key)
{
    vocabulary_hash(vocabulary, key->vocabulary);
    hash_xxh128(table->data, table->length, key->text);
    char *rules = memory_print("format=%s split=%d max-length=%d pad-masked=%d cut-separator=%d column=%s",
                               table_format_name(table->format), corpus_text_rule(table, o->split), o->max_length,
                               o->pad_masked, o->cut_separator, table_is_text(table) ? "" : o->column);
    hash_xxh128(rules, strlen(rules), key->rules_hash);
    snprintf(key->rules, sizeof key->rules, "%s", rules);
    free(rules);
}

static Status same_attribute(H5File *file, const char *name, const char *wanted, bool *is_same)
{
    char *value;
    TRY(h5_get_text(file, "/", name, &value));
    *is_same = *is_same && strcmp(value, wanted) == 0;
    free(value);
    return STATUS_OK;
}

static Status read_number(H5File *file, const char *name, int *value)
{
    int64_t number = 0;
    TRY(h5_get_i64(file, "/", name, &number));
    *value = (int)number;
    return STATUS_OK;
}

/* Offsets ascend from 0 to the number of ids, and every id is one of the vocabulary's: else a reader would go astray.
 */
static Status check_offsets(const char *path, const Corpus *c, int64_t n_ids)
{
    bool good = c->offset[0] == 0 && c->offset[c->n] == n_ids;
    for (int i = 0; i < c->n && good; i++)
        good = c->offset[i + 1] > c->offset[i] && c->offset[i + 1] - c->offset[i] <= c->longest;
    CHECK(good, STATUS_DATA, "%s: /offset does not fit /ids; remove the file", path);
    return STATUS_OK;
}

static Status read_arrays(H5File *file, Corpus *c)
{
    H5Shape ids, offset;
    TRY(h5_shape(file, "/ids", &ids));
    TRY(h5_shape(file, "/offset", &offset));
    CHECK(offset.count >= 2 && offset.count - 1 <= INT32_MAX, STATUS_DATA, "%s: holds no sample; remove the file",
          h5_path(file));
    c->n = (int)(offset.count - 1);
    c->id = memory_alloc((size_t)ids.count, sizeof *c->id);
    c->offset = memory_alloc((size_t)offset.count, sizeof *c->offset);
    TRY(h5_read(file, "/ids", H5_I32, ids.count, c->id));
    TRY(h5_read(file, "/offset", H5_I64, offset.count, c->offset));
    TRY(read_number(file, "longest", &c->longest));
    TRY(read_number(file, "cut", &c->n_cut));
    TRY(read_number(file, "max_length", &c->max_length));
    return check_offsets(h5_path(file), c, ids.count);
}

static Status read_if_same(H5File *file, const CorpusKey *key, Corpus *corpus, bool *is_same)
{
    TRY(h5_check_format(file, CACHE_FORMAT, "name another corpus-cache"));
    *is_same = true;
    TRY(same_attribute(file, "text_xxh128", key->text, is_same));
    TRY(same_attribute(file, "vocabulary_xxh128", key->vocabulary, is_same));
    TRY(same_attribute(file, "rules_xxh128", key->rules_hash, is_same));
    return *is_same ? read_arrays(file, corpus) : STATUS_OK;
}

Status corpus_cache_read(const char *path, const CorpusKey *key, Corpus *corpus, bool *is_same)
{
    H5File *file;
    *is_same = false;
    TRY(h5_open(path, &file));
    Status status = read_if_same(file, key, corpus, is_same);
    h5_close(&file);
    if (status) corpus_free(corpus);
    return status;
}

typedef struct {
    const CorpusKey *key;
    const Corpus *corpus;
} CacheBody;

static Status write_body(H5File *file, const void *context)
{
    const CorpusKey *key = ((const CacheBody *)context)->key;
    const Corpus *c = ((const CacheBody *)context)->corpus;
    TRY(h5_write_header(file, CACHE_FORMAT, "", ""));
    TRY(h5_put_text(file, "/", "text_xxh128", key->text));
    TRY(h5_put_text(file, "/", "vocabulary_xxh128", key->vocabulary));
    TRY(h5_put_text(file, "/", "rules", key->rules));
    TRY(h5_put_text(file, "/", "rules_xxh128", key->rules_hash));
    TRY(h5_put_i64(file, "/", "longest", c->longest));
    TRY(h5_put_i64(file, "/", "cut", c->n_cut));
    TRY(h5_put_i64(file, "/", "max_length", c->max_length));
    TRY(h5_write(file, "/ids", H5_I32, 1, (int64_t[]){c->offset[c->n]}, "piece", c->id));
    return h5_write(file, "/offset", H5_I64, 1, (int64_t[]){(int64_t)c->n + 1}, "sample", c->offset);
}

static Status make_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path) return STATUS_OK;
    char *folder = memory_print("%.*s", (int)(slash - path), path);
    Status status = file_make_folder(folder);
    free(folder);
    return status;
}

Status corpus_cache_write(const char *path, const CorpusKey *key, const Corpus *corpus)
{
    TRY(make_folder_of(path));
    return h5_write_file(path, write_body, &(CacheBody){key, corpus});
}
