/* word_groups.c: files to tuples over one dictionary; the entries of a sentence. */
#include "data/word_groups.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/unicode.h"
#include "data/texts.h"

typedef struct {
    Slice *word; /* owned [n]: lines that are not empty */
    int n;
    size_t capacity;
} Lines;

/* --- files ------------------------------------------------------------------------------------------- */

/* Words of a file; of an attribute group an empty line would shift all that follow. */
static Status read_lines(const char *path, Slice text, bool is_group, Lines *lines)
{
    LineCursor cursor = line_cursor(text);
    for (Slice line; line_cursor_next(&cursor, &line);) {
        line = slice_trim(line);
        const bool ends = slice_trim((Slice){cursor.at, (size_t)(cursor.end - cursor.at)}).length == 0;
        if (line.length && line.start[0] == '#') continue;
        if (!line.length && (!is_group || ends)) continue;
        CHECK(line.length, STATUS_DATA, "%s: line %lld is empty; the files of the groups are read row by row", path,
              (long long)cursor.line - 1);
        memory_reserve((void **)&lines->word, &lines->capacity, (size_t)lines->n + 1, sizeof *lines->word);
        lines->word[lines->n++] = line;
    }
    CHECK(lines->n > 0, STATUS_DATA, "%s: holds no word", path);
    return STATUS_OK;
}

static Status check_rows(const WordGroups *g, const Lines *lines)
{
    for (int k = 1; k < g->n_groups; k++)
        CHECK(lines[k].n == lines[0].n, STATUS_DATA,
              "%s has %d words and %s has %d; row by row they must stand for each other", g->path[0], lines[0].n,
              g->path[k], lines[k].n);
    return STATUS_OK;
}

static void make_dictionary(WordGroups *g, const Lines *lines)
{
    int n = 0;
    for (int k = 0; k <= g->n_groups; k++) n += lines[k].n;
    Slice *all = memory_alloc((size_t)n, sizeof *all);
    n = 0;
    for (int k = 0; k <= g->n_groups; k++)
        for (int i = 0; i < lines[k].n; i++) all[n++] = lines[k].word[i];
    word_pairs_of_words(all, n, &g->dictionary);
    free(all);
}

static int entry_of(const WordGroups *g, Slice word)
{
    WordPairs one;
    word_pairs_of_words(&word, 1, &one); /* in lower case */
    const PairWord *entry = word_pairs_find(&g->dictionary, slice_of(one.word[0].word), false);
    word_pairs_free(&one);
    return (int)(entry - g->dictionary.word);
}

static bool is_row(const WordGroups *g, int r, const int *entry)
{
    for (int k = 0; k < g->n_groups; k++)
        if (g->row[k][r] != entry[k]) return false;
    return true;
}

static void add_rows(WordGroups *g, const Lines *lines)
{
    for (int k = 0; k < g->n_groups; k++) g->row[k] = memory_alloc((size_t)lines[0].n, sizeof *g->row[k]);
    for (int i = 0; i < lines[0].n; i++) {
        int entry[MOST_WORD_GROUPS], r = 0;
        for (int k = 0; k < g->n_groups; k++) {
            entry[k] = entry_of(g, lines[k].word[i]);
            g->is_in[word_groups_slot(g, k, entry[k])] = true;
        }
        while (r < g->n_rows && !is_row(g, r, entry)) r++;
        g->n_repeated += r < g->n_rows;
        if (r < g->n_rows) continue;
        for (int k = 0; k < g->n_groups; k++) g->row[k][r] = entry[k];
        g->n_rows++;
    }
    const Lines *neutral = &lines[g->n_groups];
    for (int i = 0; i < neutral->n; i++)
        g->is_in[word_groups_slot(g, g->n_groups, entry_of(g, neutral->word[i]))] = true;
}

static Status parse(WordGroups *g, const Slice *text)
{
    Lines lines[MOST_WORD_GROUPS + 1] = {{0}};
    Status status = STATUS_OK;
    for (int k = 0; k <= g->n_groups && !status; k++)
        status = read_lines(g->path[k], text[k], k < g->n_groups, &lines[k]);
    if (!status) status = check_rows(g, lines);
    if (!status) {
        make_dictionary(g, lines);
        g->n_slots = (g->n_groups + 1) * g->dictionary.n;
        g->is_in = memory_alloc((size_t)g->n_slots, sizeof *g->is_in);
        g->is_found = memory_alloc((size_t)g->dictionary.n, sizeof *g->is_found);
        add_rows(g, lines);
    }
    for (int k = 0; k <= g->n_groups; k++) free(lines[k].word);
    return status;
}

Status word_groups_read(const Comm *comm, const char *const *name, const char *const *path, int n, WordGroups *g)
{
    char *data[MOST_WORD_GROUPS + 1] = {NULL};
    Slice text[MOST_WORD_GROUPS + 1];
    Status status = STATUS_OK;
    *g = (WordGroups){.n_groups = n};
    for (int k = 0; k <= n && !status; k++) {
        g->name[k] = name[k];
        g->path[k] = path[k];
        status = texts_share(comm, path[k], &data[k], &text[k].length);
        text[k].start = data[k];
    }
    if (!status) status = comm_agree(comm, parse(g, text));
    for (int k = 0; k <= n; k++) free(data[k]);
    return status;
}

void word_groups_free(WordGroups *g)
{
    for (int k = 0; k < g->n_groups; k++) free(g->row[k]);
    free(g->is_in);
    free(g->is_found);
    free(g->found);
    word_pairs_free(&g->dictionary);
    text_words_free(&g->words);
    *g = (WordGroups){0};
}

/* --- sentences --------------------------------------------------------------------------------------- */

/* Does the text hold the entry as it is written: with its full stop, with that apostrophe? */
static bool is_literal(Slice text, const char *entry)
{
    size_t n = 0;
    for (size_t at = 0; at < text.length;) {
        uint32_t scalar;
        char bytes[4];
        at += (size_t)utf8_decode(text.start + at, text.length - at, &scalar);
        const size_t length = (size_t)utf8_encode(unicode_lower(scalar), bytes);
        if (strncmp(entry + n, bytes, length) != 0) return false;
        n += length;
    }
    return entry[n] == '\0';
}

static void find_entries(WordGroups *g, Slice sentence)
{
    text_words_read(sentence, &g->words);
    g->n_found = 0;
    for (int i = 0; i < g->words.n;) {
        WordMatch match;
        const bool found = word_match(&g->dictionary, NULL, &g->words, i, &match);
        const Slice at = {sentence.start + g->words.word[i].at, found ? match.length : 0};
        i += found ? match.n_words : 1;
        if (!found || !is_literal(at, match.entry->word)) continue;
        const int entry = (int)(match.entry - g->dictionary.word);
        if (g->is_found[entry]) continue;
        g->is_found[entry] = true;
        memory_reserve((void **)&g->found, &g->found_capacity, (size_t)g->n_found + 1, sizeof *g->found);
        g->found[g->n_found++] = entry;
    }
    for (int f = 0; f < g->n_found; f++) g->is_found[g->found[f]] = false;
}

void word_groups_find(WordGroups *g, Slice sentence, void (*add)(void *context, int slot), void *context)
{
    bool has_attribute = false;
    find_entries(g, sentence);
    for (int k = 0; k <= g->n_groups; k++) {
        if (k == g->n_groups && has_attribute) return;
        for (int f = 0; f < g->n_found; f++) {
            const int slot = word_groups_slot(g, k, g->found[f]);
            if (!g->is_in[slot]) continue;
            has_attribute = true;
            add(context, slot);
        }
    }
}
