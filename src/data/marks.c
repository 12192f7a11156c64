/* marks.c: words by their first pieces; a walk over every text. */
#include "data/marks.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "data/wordpiece.h"
#include "io/file.h"

/* White space of any kind becomes one blank. */
static void close_up(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        const bool is_space = (unsigned char)*from <= ' ';
        if (!is_space) *to++ = *from;
        else if (to > text && to[-1] != ' ') *to++ = ' ';
    }
    while (to > text && to[-1] == ' ') to--;
    *to = '\0';
}

static Status read_local(const char *path, char **words)
{
    size_t length;
    TRY(file_read(path, words, &length));
    const bool is_text = utf8_first_invalid(*words, length) == length && !memchr(*words, '\0', length);
    close_up(*words);
    if (is_text && **words) return STATUS_OK;
    free(*words);
    *words = NULL;
    FAIL(STATUS_DATA, "%s: %s", path, is_text ? "holds no word" : "is not a text in UTF-8");
}

Status marks_read_words(const Comm *comm, const char *path, char **words)
{
    *words = NULL;
    TRY(comm_agree(comm, comm->rank == 0 ? read_local(path, words) : STATUS_OK));
    int64_t bytes = comm->rank == 0 ? (int64_t)strlen(*words) + 1 : 0;
    comm_broadcast(comm, &bytes, sizeof bytes);
    if (comm->rank > 0) *words = memory_alloc((size_t)bytes, 1);
    comm_broadcast(comm, *words, bytes);
    return STATUS_OK;
}

/* Words as pieces; those that begin with one piece are a chain. */
typedef struct {
    IdList piece, offset; /* offset [n + 1] */
    int n, n_unknown;
    int *first; /* owned [V]: the first word that begins with it, or -1 */
    int *next;  /* owned [n] */
} Words;

static void cut_words(const Vocabulary *vocabulary, const char *text, Words *w)
{
    const int unknown = vocabulary_special(vocabulary, SPECIAL_UNK);
    Slice rest = slice_of(text), word;
    id_list_add(&w->offset, 0);
    while (slice_next_field(&rest, ' ', &word)) {
        const size_t start = w->piece.n;
        wordpiece_encode(vocabulary, word, &w->piece);
        bool known = w->piece.n > start;
        for (size_t i = start; i < w->piece.n; i++) known = known && w->piece.id[i] != unknown;
        if (!known) {
            w->piece.n = start;
            w->n_unknown++;
            continue;
        }
        id_list_add(&w->offset, (int32_t)w->piece.n);
        w->n++;
    }
    w->first = memory_alloc((size_t)vocabulary_size(vocabulary), sizeof *w->first);
    w->next = memory_alloc((size_t)w->n + 1, sizeof *w->next);
    for (int id = 0; id < vocabulary_size(vocabulary); id++) w->first[id] = -1;
    for (int k = w->n - 1; k >= 0; k--) {
        const int id = w->piece.id[w->offset.id[k]];
        w->next[k] = w->first[id];
        w->first[id] = k;
    }
}

static void free_words(Words *w)
{
    free(w->piece.id), free(w->offset.id), free(w->first), free(w->next);
}

static bool stands_before(const int32_t *id, int at)
{
    for (int t = 0; t < at; t++)
        if (id[t] == id[at]) return true;
    return false;
}

/* is_marked [n] of a text of n pieces. */
static void mark_text(const Words *w, const int32_t *id, int n, bool first_alone, bool *is_marked)
{
    for (int t = 0; t < n; t++) {
        if (w->first[id[t]] < 0 || (first_alone && stands_before(id, t))) continue;
        for (int k = w->first[id[t]]; k >= 0; k = w->next[k]) {
            const int first = w->offset.id[k], length = w->offset.id[k + 1] - first;
            if (t + length > n || memcmp(w->piece.id + first, id + t, (size_t)length * sizeof *id) != 0) continue;
            for (int i = 0; i < length; i++) is_marked[t + i] = true;
        }
    }
}

static void mark_all(const Words *w, bool first_alone, Dataset *data)
{
    const int n = dataset_texts(data);
    IdList mark = {0};
    bool *is_marked = memory_alloc((size_t)data->longest + 1, sizeof *is_marked);
    data->mark_offset = memory_alloc((size_t)n + 1, sizeof *data->mark_offset);
    for (int k = 0; k < n; k++) {
        const int length = dataset_length(data, k);
        memset(is_marked, 0, (size_t)length * sizeof *is_marked);
        mark_text(w, data->id + data->offset[k], length, first_alone, is_marked);
        for (int t = 0; t < length; t++)
            if (is_marked[t]) id_list_add(&mark, t);
        data->mark_offset[k + 1] = (int64_t)mark.n;
    }
    data->mark = mark.id;
    free(is_marked);
}

Status marks_add(const Comm *comm, const char *path, const Vocabulary *vocabulary, bool first_alone, Dataset *data)
{
    char *text;
    Words words = {0};
    TRY(marks_read_words(comm, path, &text));
    cut_words(vocabulary, text, &words);
    mark_all(&words, first_alone, data);
    const int64_t n = data->mark_offset[dataset_texts(data)];
    log_line("%s: %d words, %d of unknown pieces left out; %lld pieces of the texts are marked", path, words.n,
             words.n_unknown, (long long)n);
    free_words(&words);
    free(text);
    CHECK(n > 0, STATUS_DATA, "%s: none of its words stands in the texts; use another list", path);
    return STATUS_OK;
}
