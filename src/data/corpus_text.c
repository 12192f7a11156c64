/* corpus_text.c: a text file or a table column as samples: pieces of the text itself. */
#include "corpus_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/corpus.h"
#include "data/sentences.h"

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

static void add_sample(SampleList *r, Slice text)
{
    text = slice_trim(text);
    if (!text.length) return;
    memory_reserve((void **)&r->sample, &r->capacity, r->n + 1, sizeof *r->sample);
    r->sample[r->n++] = text;
}

static void add_unit(SampleList *r, Slice text, bool split)
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
static Status read_table(SampleList *r, const char *path, const char *wanted, Slice text, bool split)
{
    Slice header, line, field;
    CHECK(slice_next_line(&text, &header), STATUS_DATA, "%s: is empty", path);
    const int columns = count_fields(header);
    int column = -1;
    for (int i = 0; i < columns && column < 0; i++)
        if (nth_field(header, i, &field) && slice_is(field, wanted)) column = i;
    CHECK(column >= 0, STATUS_DATA,
          "%s: line 1 names no column '%s'; set text-column, or give plain text in a .txt file", path, wanted);
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

static void read_lines(SampleList *r, Slice text, bool split)
{
    Slice line;
    while (slice_next_line(&text, &line)) add_unit(r, line, split);
}

static bool is_table(const char *path)
{
    const size_t n = strlen(path);
    return n >= 4 && strcmp(path + n - 4, ".tsv") == 0;
}

Status corpus_text_split(const char *path, Slice text, SplitRule rule, const char *column, SampleList *list)
{
    const bool table = is_table(path);
    const bool split = rule == SPLIT_SENTENCES || (rule == SPLIT_AUTO && table);
    *list = (SampleList){0};
    TRY(corpus_check_text(path, text));
    if (table) TRY(read_table(list, path, column, text, split));
    else read_lines(list, text, split);
    CHECK(list->n <= INT32_MAX, STATUS_DATA, "%s: has more than 2^31 samples; split the file", path);
    return STATUS_OK;
}
