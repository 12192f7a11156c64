/* corpus.c: text file or table column -> sentences -> ids. */
#include "data/corpus.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/sentences.h"
#include "data/wordpiece.h"
#include "io/file.h"

typedef struct {
    const Vocabulary *vocabulary;
    const CorpusOptions *options;
    Corpus *corpus;
    IdList ids;      /* of all samples */
    size_t capacity; /* of corpus->offset */
    Slice *sample;   /* text of every sample */
    size_t sample_capacity, n_samples;
} Reading;

static int line_number(Slice text, size_t at)
{
    int line = 1;
    for (size_t i = 0; i < at; i++) line += text.start[i] == '\n';
    return line;
}

Status corpus_check_text(const char *path, Slice text)
{
    const size_t invalid = utf8_first_invalid(text.start, text.length);
    CHECK(invalid == text.length, STATUS_DATA,
          "%s: line %d: byte 0x%02x at offset %zu is not valid UTF-8; convert the file to UTF-8 first", path,
          line_number(text, invalid), (unsigned char)text.start[invalid], invalid);
    const char *nul = text.length ? memchr(text.start, '\0', text.length) : NULL;
    CHECK(!nul, STATUS_DATA, "%s: line %d: a NUL byte at offset %zu; this is not a text file", path,
          line_number(text, (size_t)(nul - text.start)), (size_t)(nul - text.start));
    return STATUS_OK;
}

static void add_sample(Reading *r, Slice text)
{
    text = slice_trim(text);
    if (!text.length) return;
    memory_reserve((void **)&r->sample, &r->sample_capacity, r->n_samples + 1, sizeof *r->sample);
    r->sample[r->n_samples++] = text;
}

static void add_unit(Reading *r, Slice text, bool split)
{
    Slice sentence;
    if (!split) add_sample(r, text);
    else
        while (sentences_next(&text, &sentence)) add_sample(r, sentence);
}

static bool nth_field(Slice line, int n, Slice *field)
{
    for (int i = 0; i <= n; i++)
        if (!slice_next_field(&line, '\t', field)) return false;
    return true;
}

static int count_fields(Slice line)
{
    int n = 0;
    Slice field;
    while (slice_next_field(&line, '\t', &field)) n++;
    return n;
}

/* A table without quoting: a header, then as many TAB-separated fields in every line. */
static Status read_table(Reading *r, const char *path, Slice text, bool split)
{
    Slice header, line, field;
    CHECK(slice_next_line(&text, &header), STATUS_DATA, "%s: is empty", path);
    const int columns = count_fields(header);
    int column = -1;
    for (int i = 0; i < columns && column < 0; i++)
        if (nth_field(header, i, &field) && slice_is(field, r->options->column)) column = i;
    CHECK(column >= 0, STATUS_DATA,
          "%s: line 1 names no column '%s'; set text-column, or give plain text in a .txt file", path,
          r->options->column);
    for (int number = 2; slice_next_line(&text, &line); number++) {
        if (!slice_trim(line).length) continue;
        const int found = count_fields(line);
        CHECK(found == columns, STATUS_DATA, "%s: line %d has %d fields, the header has %d", path, number, found,
              columns);
        nth_field(line, column, &field);
        add_unit(r, field, split);
    }
    return STATUS_OK;
}

static void read_lines(Reading *r, Slice text, bool split)
{
    Slice line;
    while (slice_next_line(&text, &line)) add_unit(r, line, split);
}

static int count_words(Slice text)
{
    int n = 0;
    bool inside = false;
    for (size_t i = 0; i < text.length; i++) {
        const char c = text.start[i];
        const bool is_space = c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
        n += !is_space && !inside;
        inside = !is_space;
    }
    return n;
}

static int power_of_two_length(const Reading *r)
{
    int most = 1, power = 1;
    for (size_t i = 0; i < r->n_samples; i++) {
        const int words = count_words(r->sample[i]);
        if (words > most) most = words;
    }
    while (power < most) power *= 2;
    return power < r->options->max_length ? power : r->options->max_length;
}

static void encode_sample(Reading *r, Slice text)
{
    Corpus *c = r->corpus;
    const int longest = c->max_length;
    const size_t start = r->ids.n;
    id_list_add(&r->ids, vocabulary_special(r->vocabulary, SPECIAL_CLS));
    wordpiece_encode(r->vocabulary, text, &r->ids);
    if (r->ids.n == start + 1) { /* nothing but control characters */
        r->ids.n = start;
        return;
    }
    const bool is_cut = r->ids.n - start > (size_t)longest - 1;
    const bool keeps_separator = !(is_cut && r->options->cut_separator);
    if (is_cut) {
        c->n_cut++;
        const size_t kept = (size_t)longest - (keeps_separator ? 1 : 0);
        if (r->ids.n - start > kept) r->ids.n = start + kept;
    }
    if (keeps_separator) id_list_add(&r->ids, vocabulary_special(r->vocabulary, SPECIAL_SEP));
    while (r->options->pad_masked && r->ids.n - start < (size_t)longest)
        id_list_add(&r->ids, vocabulary_special(r->vocabulary, SPECIAL_MASK));
    const int length = (int)(r->ids.n - start);
    if (length > c->longest) c->longest = length;
    memory_reserve((void **)&c->offset, &r->capacity, (size_t)c->n + 2, sizeof *c->offset);
    c->offset[c->n++] = (int64_t)start;
    c->offset[c->n] = (int64_t)r->ids.n;
}

static bool is_table(const char *path)
{
    const size_t n = strlen(path);
    return n >= 4 && strcmp(path + n - 4, ".tsv") == 0;
}

static Status encode_all(Reading *r, const char *path)
{
    Corpus *c = r->corpus;
    c->max_length = r->options->cut_separator ? power_of_two_length(r) : r->options->max_length;
    CHECK(c->max_length >= 3, STATUS_DATA, "%s: samples would be cut to %d pieces; at least 3 are needed", path,
          c->max_length);
    CHECK(r->n_samples <= INT32_MAX, STATUS_DATA, "%s: has more than 2^31 samples; split the file", path);
    for (size_t i = 0; i < r->n_samples; i++) encode_sample(r, r->sample[i]);
    CHECK(c->n > 0, STATUS_DATA, "%s: holds no text to train on", path);
    c->id = r->ids.id;
    return STATUS_OK;
}

static Status read_local(const char *path, const Vocabulary *vocabulary, const CorpusOptions *options, Corpus *corpus)
{
    Reading reading = {.vocabulary = vocabulary, .options = options, .corpus = corpus};
    char *text;
    size_t length;
    TRY(file_read(path, &text, &length));
    const bool table = is_table(path);
    const bool split = options->split == SPLIT_SENTENCES || (options->split == SPLIT_AUTO && table);
    Status status = corpus_check_text(path, (Slice){text, length});
    if (!status && table) status = read_table(&reading, path, (Slice){text, length}, split);
    if (!status && !table) read_lines(&reading, (Slice){text, length}, split);
    if (!status) status = encode_all(&reading, path);
    if (status) free(reading.ids.id);
    free(reading.sample);
    free(text);
    return status;
}

Status corpus_read(const Comm *comm, const char *path, const Vocabulary *vocabulary, const CorpusOptions *options,
                   Corpus *corpus)
{
    *corpus = (Corpus){0};
    Status status = comm->rank == 0 ? read_local(path, vocabulary, options, corpus) : STATUS_OK;
    status = comm_agree(comm, status);
    if (status) {
        corpus_free(corpus);
        return status;
    }
    struct {
        int n, longest, n_cut, max_length;
        int64_t n_ids;
    } shape = {corpus->n, corpus->longest, corpus->n_cut, corpus->max_length, 0};
    if (comm->rank == 0) shape.n_ids = corpus->offset[corpus->n];
    comm_broadcast(comm, &shape, sizeof shape);
    if (comm->rank > 0) {
        *corpus =
            (Corpus){.n = shape.n, .longest = shape.longest, .n_cut = shape.n_cut, .max_length = shape.max_length};
        corpus->id = memory_alloc((size_t)shape.n_ids, sizeof *corpus->id);
        corpus->offset = memory_alloc((size_t)shape.n + 1, sizeof *corpus->offset);
    }
    comm_broadcast(comm, corpus->id, shape.n_ids * (int64_t)sizeof *corpus->id);
    comm_broadcast(comm, corpus->offset, ((int64_t)shape.n + 1) * (int64_t)sizeof *corpus->offset);
    return STATUS_OK;
}

void corpus_free(Corpus *corpus)
{
    free(corpus->id);
    free(corpus->offset);
    *corpus = (Corpus){0};
}
