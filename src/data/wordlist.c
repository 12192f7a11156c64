/* wordlist.c: collect (id, word, group) in file order, then keep one entry per id. */
#include "data/wordlist.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/texts.h"
#include "data/wordpiece.h"
#include "io/json.h"
#include "io/text_file.h"

typedef struct {
    int id, place; /* place: order in the file */
    char *word, *group;
} Entry;

typedef struct {
    const char *path;
    const Vocabulary *vocabulary;
    PieceRule rule;
    Entry *entry;
    size_t n, capacity;
    int n_words, n_dropped;
    char *dropped; /* the first few and why */
} Reading;

enum { DROPPED_NAMED = 6, GROUP_BYTES = 200 /* names in HDF5 files have 255, and "group.G.variance_mean" is one */ };

/* The class of a word under the rule, or -1. *first: its first piece; *n: how many it has. */
static int class_of_word(const Reading *r, const char *word, int *first, int *n)
{
    IdList ids = {0};
    wordpiece_encode(r->vocabulary, slice_of(word), &ids);
    *first = ids.n ? ids.id[0] : -1;
    *n = (int)ids.n;
    const bool usable =
        ids.n > 0 && (r->rule == PIECES_FIRST || ids.n == 1) && !vocabulary_is_special(r->vocabulary, *first);
    free(ids.id);
    return usable ? *first : -1;
}

static void drop(Reading *r, const char *word, int n_pieces, bool is_null)
{
    if (r->n_dropped++ >= DROPPED_NAMED) return;
    char *reason = is_null        ? memory_copy_text("null in the list")
                   : n_pieces > 1 ? memory_print("%d pieces", n_pieces)
                                  : memory_copy_text("unknown");
    char *longer = memory_print("%s%s'%s' (%s)", r->dropped ? r->dropped : "", r->dropped ? ", " : "", word, reason);
    free(r->dropped);
    free(reason);
    r->dropped = longer;
}

static void add(Reading *r, int id, const char *word, const char *group)
{
    memory_reserve((void **)&r->entry, &r->capacity, r->n + 1, sizeof *r->entry);
    r->entry[r->n] = (Entry){id, (int)r->n, memory_copy_text(word), memory_copy_text(group)};
    r->n++;
}

static Status add_word(Reading *r, const char *word, const char *group, const json_t *stored)
{
    int first, n_pieces;
    CHECK(strlen(group) <= GROUP_BYTES, STATUS_DATA,
          "%s: the group of '%s' has a name of %zu bytes, '%.40s...'; at most %d, as measures carry it", r->path, word,
          strlen(group), group, GROUP_BYTES);
    const int id = class_of_word(r, word, &first, &n_pieces);
    r->n_words++;
    if (json_is_integer(stored)) {
        const json_int_t given = json_integer_value(stored);
        CHECK(given == first, STATUS_DATA,
              "%s: '%s' has id %lld, but the model's vocabulary of %d pieces gives its first piece id %d; "
              "this list was made for another vocabulary: use one word per line instead",
              r->path, word, (long long)given, vocabulary_size(r->vocabulary), first);
    }
    if (id < 0 || json_is_null(stored)) drop(r, word, n_pieces, id >= 0);
    else add(r, id, word, group);
    return STATUS_OK;
}

static Status read_json(Reading *r, Slice text)
{
    json_t *root;
    TRY(json_parse(r->path, text.start, text.length, &root));
    Status status = STATUS_OK;
    if (!json_is_object(root))
        status =
            status_set(STATUS_DATA, __FILE__, __LINE__, "%s: must be an object of groups, each word -> id", r->path);
    const char *group, *word;
    json_t *words, *id;
    if (!status)
        json_object_foreach (root, group, words) {
            if (!json_is_object(words))
                status = status_set(STATUS_DATA, __FILE__, __LINE__, "%s: group '%s' must be an object, word -> id",
                                    r->path, group);
            if (!status)
                json_object_foreach (words, word, id) {
                    if (!json_is_integer(id) && !json_is_null(id))
                        status = status_set(STATUS_DATA, __FILE__, __LINE__, "%s: '%s' must have an integer id or null",
                                            r->path, word);
                    if (!status) status = add_word(r, word, group, id);
                    if (status) break;
                }
            if (status) break;
        }
    json_decref(root);
    return status;
}

/* A text without the quotes that a spreadsheet or R puts around it. */
static Slice unquote(Slice text)
{
    text = slice_trim(text);
    if (text.length < 2 || text.start[0] != '"' || text.start[text.length - 1] != '"') return text;
    return (Slice){text.start + 1, text.length - 2};
}

static Status read_text(Reading *r, Slice rest)
{
    Slice line, field;
    Status status = STATUS_OK;
    while (!status && slice_next_line(&rest, &line)) {
        line = slice_trim(line);
        if (!line.length || line.start[0] == '#') continue;
        slice_next_field(&line, '\t', &field);
        char *word = slice_copy(unquote(field));
        char *group = line.start ? slice_copy(unquote(line)) : memory_copy_text("");
        status = add_word(r, word, group, NULL);
        free(word);
        free(group);
    }
    return status;
}

static Status read_words(Reading *r, Slice text)
{
    const Slice trimmed = slice_trim(text);
    const bool is_json = trimmed.length && trimmed.start[0] == '{';
    return is_json ? read_json(r, text) : read_text(r, text);
}

static int by_id(const void *a, const void *b)
{
    const Entry *x = a, *y = b;
    return x->id != y->id ? (x->id < y->id ? -1 : 1) : x->place - y->place;
}

/* One class per distinct id; the word met first names it. */
static void keep_distinct(Reading *r, WordList *list)
{
    if (r->n) qsort(r->entry, r->n, sizeof *r->entry, by_id);
    list->id = memory_alloc(r->n, sizeof *list->id);
    list->word = memory_alloc(r->n, sizeof *list->word);
    list->group = memory_alloc(r->n, sizeof *list->group);
    list->n_ids = vocabulary_size(r->vocabulary);
    list->class_of = memory_alloc((size_t)list->n_ids, sizeof *list->class_of);
    for (int id = 0; id < list->n_ids; id++) list->class_of[id] = -1;
    for (size_t i = 0; i < r->n; i++) {
        Entry *e = &r->entry[i];
        if (list->n && list->id[list->n - 1] == e->id) {
            free(e->word);
            free(e->group);
            continue;
        }
        list->class_of[e->id] = list->n;
        list->id[list->n] = e->id;
        list->word[list->n] = e->word;
        list->group[list->n] = e->group;
        list->n++;
    }
    list->n_words = r->n_words;
    list->n_dropped = r->n_dropped;
    list->dropped = r->dropped ? r->dropped : memory_copy_text("");
}

static Status parse(const char *path, Slice text, const Vocabulary *vocabulary, PieceRule rule, WordList *list)
{
    Reading reading = {.path = path, .vocabulary = vocabulary, .rule = rule};
    Status status = read_words(&reading, text);
    keep_distinct(&reading, list);
    free(reading.entry);
    if (!status && list->n == 0)
        status = status_set(
            STATUS_DATA, __FILE__, __LINE__, "%s: none of its %d words is usable as a class with this vocabulary%s",
            path, list->n_words,
            rule == PIECES_WHOLE && list->n_words ? "; nc-pieces = first accepts words of several pieces" : "");
    if (status) wordlist_free(list);
    return status;
}

Status wordlist_read(const char *path, const Vocabulary *vocabulary, PieceRule rule, WordList *list)
{
    char *data;
    size_t length;
    *list = (WordList){0};
    TRY(text_file_read(path, &data, &length));
    Status status = parse(path, (Slice){data, length}, vocabulary, rule, list);
    free(data);
    return status;
}

Status wordlist_read_shared(const Comm *comm, const char *path, const Vocabulary *vocabulary, PieceRule rule,
                            WordList *list)
{
    char *data = NULL;
    size_t length = 0;
    *list = (WordList){0};
    TRY(texts_share(comm, path, &data, &length));
    Status status = parse(path, (Slice){data, length}, vocabulary, rule, list);
    free(data);
    return comm_agree(comm, status);
}

void wordlist_free(WordList *list)
{
    for (int i = 0; i < list->n; i++) {
        free(list->word[i]);
        free(list->group[i]);
    }
    free(list->id);
    free(list->word);
    free(list->group);
    free(list->class_of);
    free(list->dropped);
    *list = (WordList){0};
}

Status wordlist_check_pairs(const WordList *list, const char *path, const char *asked)
{
    const int more = list->n_dropped - DROPPED_NAMED;
    char rest[40] = "";
    if (more > 0) snprintf(rest, sizeof rest, " and %d more", more);
    CHECK(list->n >= 2, STATUS_DATA,
          "%s: 1 class ('%s') from %d word%s, but %s compares classes and needs at least two; left out: %s%s", path,
          list->word[0], list->n_words, list->n_words == 1 ? "" : "s", asked, list->n_dropped ? list->dropped : "none",
          rest);
    return STATUS_OK;
}
