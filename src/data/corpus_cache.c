/* corpus_cache.c: /ids, /offset, and the key as attributes of the root. */
#define _GNU_SOURCE /* memmem */
#include "corpus_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "corpus_text.h"
#include "io/file.h"
#include "io/h5.h"
#include "io/output.h"

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
    for (size_t n = strlen(key->rules); utf8_first_invalid(key->rules, n) < n;) key->rules[--n] = '\0';
    free(rules);
    key->n_pieces = vocabulary_size(vocabulary);
    key->max_length = o->max_length;
}

static Status same_attribute(H5File *file, const char *name, const char *wanted, bool *is_same)
{
    char *value;
    TRY(h5_get_text(file, "/", name, &value));
    *is_same = *is_same && strcmp(value, wanted) == 0;
    free(value);
    return STATUS_OK;
}

/* A count of the file, at most `most`. */
static Status read_number(H5File *file, const char *name, int64_t most, int *value)
{
    int64_t number = 0;
    TRY(h5_get_i64(file, "/", name, &number));
    CHECK(number >= 0 && number <= most, STATUS_DATA, "%s: '%s' is %lld, which is not 0 to %lld", h5_path(file), name,
          (long long)number, (long long)most);
    *value = (int)number;
    return STATUS_OK;
}

/* The door: offsets ascend from 0 to the number of ids, no sample is longer than it may be, and every id is one of the
 * vocabulary's. What a corpus holds indexes matrices from here on. */
static Status check_arrays(const char *path, const CorpusKey *key, const Dataset *c, int64_t n_ids)
{
    bool good = c->offset[0] == 0 && c->offset[c->n] == n_ids && c->longest <= key->max_length;
    for (int i = 0; i < c->n && good; i++)
        good = c->offset[i + 1] > c->offset[i] && c->offset[i + 1] - c->offset[i] <= c->longest;
    CHECK(good, STATUS_DATA, "%s: /offset does not fit /ids", path);
    for (int64_t i = 0; i < n_ids; i++)
        CHECK(c->id[i] >= 0 && c->id[i] < key->n_pieces, STATUS_DATA,
              "%s: /ids holds %d at element %lld, but the vocabulary has %d pieces", path, c->id[i], (long long)i,
              key->n_pieces);
    return STATUS_OK;
}

static Status read_arrays(H5File *file, const CorpusKey *key, Dataset *c)
{
    H5Shape ids, offset;
    TRY(h5_shape(file, "/ids", &ids));
    TRY(h5_shape(file, "/offset", &offset));
    CHECK(offset.count >= 2 && offset.count - 1 <= INT32_MAX, STATUS_DATA, "%s: holds no sample", h5_path(file));
    c->n = (int)(offset.count - 1);
    c->id = memory_alloc((size_t)ids.count, sizeof *c->id);
    c->offset = memory_alloc((size_t)offset.count, sizeof *c->offset);
    TRY(h5_read(file, "/ids", H5_I32, ids.count, c->id));
    TRY(h5_read(file, "/offset", H5_I64, offset.count, c->offset));
    TRY(read_number(file, "longest", key->max_length, &c->longest));
    TRY(read_number(file, "cut", c->n, &c->n_cut));
    TRY(read_number(file, "max_length", key->max_length, &c->max_length));
    return check_arrays(h5_path(file), key, c, ids.count);
}

static Status read_if_same(H5File *file, const CorpusKey *key, Dataset *corpus, bool *is_same)
{
    TRY(h5_check_format(file, CACHE_FORMAT, "name another corpus-cache"));
    *is_same = true;
    TRY(same_attribute(file, "text_xxh128", key->text, is_same));
    TRY(same_attribute(file, "vocabulary_xxh128", key->vocabulary, is_same));
    TRY(same_attribute(file, "rules_xxh128", key->rules_hash, is_same));
    return *is_same ? read_arrays(file, key, corpus) : STATUS_OK;
}

Status corpus_cache_read(const char *path, const CorpusKey *key, Dataset *corpus, bool *is_same)
{
    H5File *file;
    *is_same = false;
    TRY(h5_open(path, &file));
    Status status = read_if_same(file, key, corpus, is_same);
    h5_close(&file);
    if (status) dataset_free(corpus);
    return status;
}

typedef struct {
    const CorpusKey *key;
    const Dataset *corpus;
} CacheBody;

static Status write_body(H5File *file, const void *context)
{
    const CorpusKey *key = ((const CacheBody *)context)->key;
    const Dataset *c = ((const CacheBody *)context)->corpus;
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

/* --- writing ---------------------------------------------------------------------------------------- */

static const OutputKind kind = {"a corpus cache (one that is cut short is to be removed)", CACHE_FORMAT, NULL, false};

/* Damaged, so that HDF5 cannot say what it was: does our attribute `format` stand in its bytes? */
static bool was_cache(const char *path)
{
    enum { NEAR = 48 /* bytes between the name of an attribute and its value, and more */ };
    const char *data;
    size_t length;
    bool found = false;
    if (!file_exists(path) || file_map(path, &data, &length)) return false;
    const char *end = data + length, *at = length > 4 && memcmp(data, "\x89HDF", 4) == 0 ? data + NEAR : end;
    while (!found && at < end && (at = memmem(at, (size_t)(end - at), CACHE_FORMAT, strlen(CACHE_FORMAT))))
        found = memmem(at++ - NEAR, NEAR, "format", sizeof "format") != NULL;
    file_unmap(data, length);
    return found;
}

bool corpus_cache_is(const char *path)
{
    return output_is_kind(path, &kind) || was_cache(path);
}

Status corpus_cache_may_write(const char *path)
{
    char *folder = file_folder(path);
    Status status = file_make_folder(folder);
    free(folder);
    if (status) return status;
    return output_check("corpus-cache", path, &kind, was_cache(path), NULL, 0);
}

Status corpus_cache_write(const char *path, const CorpusKey *key, const Dataset *corpus)
{
    return h5_write_file(path, write_body, &(CacheBody){key, corpus});
}
