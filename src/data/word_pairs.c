/* word_pairs.c: lines to pairs, pairs to a sorted table of words. */
#include "data/word_pairs.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/unicode.h"
#include "data/texts.h"
#include "io/share.h"
#include "io/text_file.h"

static const char default_list[] = "jobs/words/gender-pairs.txt";

typedef struct {
    const char *path;
    int line;
    PairsTwice twice;
    WordPairs *pairs;
    size_t capacity;
    int *slot; /* owned [n_slots]: a hash table of places in word[], -1: empty */
    size_t n_slots;
} Building;

/* --- words ------------------------------------------------------------------------------------------- */

/* In lower case, behind a ^ if marked. */
static char *lower_copy(Slice word, bool marked)
{
    Buffer out = {0};
    if (marked) buffer_add_byte(&out, '^');
    for (size_t i = 0; i < word.length;) {
        uint32_t scalar;
        char bytes[4];
        i += (size_t)utf8_decode(word.start + i, word.length - i, &scalar);
        buffer_add(&out, bytes, (size_t)utf8_encode(unicode_lower(scalar), bytes));
    }
    buffer_add_byte(&out, '\0');
    return out.data;
}

static bool begins_with_capital(Slice word)
{
    uint32_t first;
    utf8_decode(word.start, word.length, &first);
    return unicode_lower(first) != first;
}

static bool is_pronoun(const char *lower)
{
    static const char *const word[] = {"he", "she", "him", "her", "his", "hers", "himself", "herself"};
    for (size_t i = 0; i < sizeof word / sizeof word[0]; i++)
        if (strcmp(lower, word[i]) == 0) return true;
    return false;
}

static size_t hash_of(const char *word)
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
    for (; *word; word++) h = (h ^ (unsigned char)*word) * 0x100000001b3u;
    return (size_t)(h ^ h >> 32);
}

static int *find_slot(Building *b, const char *word)
{
    size_t i = hash_of(word) & (b->n_slots - 1);
    while (b->slot[i] >= 0 && strcmp(b->pairs->word[b->slot[i]].word, word) != 0) i = (i + 1) & (b->n_slots - 1);
    return &b->slot[i];
}

static void grow(Building *b)
{
    if ((size_t)b->pairs->n * 2 < b->n_slots) return;
    b->n_slots = b->n_slots ? 2 * b->n_slots : 256;
    free(b->slot);
    b->slot = memory_alloc(b->n_slots, sizeof *b->slot);
    for (size_t i = 0; i < b->n_slots; i++) b->slot[i] = -1;
    for (int i = 0; i < b->pairs->n; i++) *find_slot(b, b->pairs->word[i].word) = i;
}

/* word becomes other. *used: it does from here on, or did already. */
static Status add_word(Building *b, Slice word, Slice other, bool *used)
{
    grow(b);
    const bool marked = begins_with_capital(word);
    char *lower = lower_copy(word, marked), *shown = slice_copy(other), *lower_other = lower_copy(other, false);
    int *slot = find_slot(b, lower);
    Status status = STATUS_OK;
    if (*slot < 0) {
        WordPairs *p = b->pairs;
        memory_reserve((void **)&p->word, &b->capacity, (size_t)p->n + 1, sizeof *p->word);
        *slot = p->n;
        p->word[p->n++] = (PairWord){lower, shown, strcmp(lower + marked, lower_other) == 0, b->line};
        *used = true;
        free(lower_other);
        return STATUS_OK;
    }
    const PairWord *known = &b->pairs->word[*slot];
    char *known_other = lower_copy(slice_of(known->other), false);
    if (strcmp(known_other, lower_other) == 0) *used = true;
    else if (b->twice == PAIRS_TWICE_REFUSED)
        status = status_set(STATUS_DATA, __FILE__, __LINE__,
                            "%s: line %d: '%s' stands for '%s', but line %d has '%s' for it; leave one of them, or say "
                            "pairs-twice = first, which takes the first",
                            b->path, b->line, lower + marked, lower_other, known->line, known_other);
    free(known_other);
    free(lower);
    free(shown);
    free(lower_other);
    return status;
}

static Status add_pair(Building *b, Slice word, Slice other, bool both_ways)
{
    bool used = false;
    char *a = lower_copy(word, false), *z = lower_copy(other, false);
    const bool pronouns = is_pronoun(a) && is_pronoun(z), same = strcmp(a, z) == 0;
    free(a);
    free(z);
    CHECK(!same, STATUS_DATA,
          "%s: line %d: '%.*s' stands on both sides; a pair has two words ('%.*s =' keeps a word as it is)", b->path,
          b->line, (int)word.length, word.start, (int)word.length, word.start);
    if (pronouns) return STATUS_OK;
    TRY(add_word(b, word, other, &used));
    if (both_ways) TRY(add_word(b, other, word, &used));
    b->pairs->n_passed += !used;
    return STATUS_OK;
}

/* --- lines ------------------------------------------------------------------------------------------- */

static bool is_comment(Slice line)
{
    return !line.length || line.start[0] == '#';
}

static Status check_word(const Building *b, Slice word, const char *side)
{
    CHECK(word.length, STATUS_DATA, "%s: line %d: the %s side is empty; a pair is two words, a TAB between them",
          b->path, b->line, side);
    for (size_t i = 0; i < word.length; i++)
        CHECK(!strchr(" \t,\"", word.start[i]), STATUS_DATA,
              "%s: line %d: '%.*s' is no single word; a pair is two words, a TAB between them", b->path, b->line,
              (int)word.length, word.start);
    return STATUS_OK;
}

static Status add_line(Building *b, Slice line)
{
    const Slice bare = slice_trim(line);
    const char *arrow = memchr(line.start, '>', line.length), *tab = memchr(line.start, '\t', line.length),
               *comma = memchr(line.start, ',', line.length), *blank = memchr(bare.start, ' ', bare.length);
    const char *cut = arrow ? arrow : tab ? tab : comma ? comma : blank;
    CHECK(cut, STATUS_DATA,
          "%s: line %d has one word, '%.*s'; a pair is two words, a TAB between them (two files of a word a line: "
          "--pairs and --pairs-second)",
          b->path, b->line, (int)bare.length, bare.start);
    const Slice word = slice_trim((Slice){line.start, (size_t)(cut - line.start)});
    const Slice other = slice_trim((Slice){cut + 1, line.length - (size_t)(cut - line.start) - 1});
    TRY(check_word(b, word, "left"));
    TRY(check_word(b, other, "right"));
    if (!slice_is(other, "=")) return add_pair(b, word, other, !arrow);
    bool used = false;
    return add_word(b, word, word, &used);
}

static Status parse_pairs(Building *b, Slice text)
{
    LineCursor cursor = line_cursor(text);
    for (Slice line; line_cursor_next(&cursor, &line);) {
        b->line++;
        if (!is_comment(slice_trim(line))) TRY(add_line(b, line));
    }
    return STATUS_OK;
}

static Status parse_two(Building *b, const char *second_path, Slice first, Slice second)
{
    LineCursor x = line_cursor(first), y = line_cursor(second);
    for (;;) {
        Slice a = {NULL, 0}, z = {NULL, 0};
        const bool more_a = line_cursor_next(&x, &a), more_z = line_cursor_next(&y, &z);
        if (!more_a && !more_z) return STATUS_OK;
        b->line++;
        a = slice_trim(a), z = slice_trim(z);
        CHECK(!a.length == !z.length, STATUS_DATA,
              "line %d of %s is %s, but that of %s is not; the files must hold pairs line by line", b->line,
              a.length ? second_path : b->path, more_a && more_z ? "empty" : "missing",
              a.length ? b->path : second_path);
        if (is_comment(a) || is_comment(z)) continue;
        TRY(check_word(b, a, "left"));
        TRY(check_word(b, z, "right"));
        TRY(add_pair(b, a, z, true));
    }
}

static int by_word(const void *x, const void *y)
{
    return strcmp(((const PairWord *)x)->word, ((const PairWord *)y)->word);
}

Status word_pairs_parse(const char *const names[2], Slice first, const Slice *second, PairsTwice twice,
                        WordPairs *pairs)
{
    *pairs = (WordPairs){0};
    Building b = {.path = names[0], .twice = twice, .pairs = pairs};
    Status status = second ? parse_two(&b, names[1], first, *second) : parse_pairs(&b, first);
    free(b.slot);
    if (!status && pairs->n == 0)
        status = status_set(STATUS_DATA, __FILE__, __LINE__, "%s: holds no pair of words", names[0]);
    if (pairs->n) qsort(pairs->word, (size_t)pairs->n, sizeof *pairs->word, by_word);
    if (status) word_pairs_free(pairs);
    return status;
}

void word_pairs_of_words(const Slice *word, int n, WordPairs *pairs)
{
    *pairs = (WordPairs){0};
    if (!n) return;
    pairs->word = memory_alloc((size_t)n, sizeof *pairs->word);
    for (int i = 0; i < n; i++) pairs->word[i].word = lower_copy(word[i], false);
    qsort(pairs->word, (size_t)n, sizeof *pairs->word, by_word);
    for (int i = 0; i < n; i++) {
        PairWord *entry = &pairs->word[i];
        if (pairs->n && strcmp(pairs->word[pairs->n - 1].word, entry->word) == 0) {
            free(entry->word);
            continue;
        }
        pairs->word[pairs->n++] = (PairWord){entry->word, memory_copy_text(entry->word), true, 0};
    }
}

/* Rank 0: the list that comes with the program, owned by the caller. */
static Status find_default(char **path)
{
    *path = share_find(default_list);
    CHECK(
        *path, STATUS_USAGE,
        "a list of pairs must be named: the one that comes with the program (%s) does not lie beside it; make install "
        "puts it into PREFIX/share/collapse",
        default_list);
    return STATUS_OK;
}

static Status read_texts(const Comm *comm, const char *const names[2], PairsTwice twice, WordPairs *pairs)
{
    char *data[2] = {NULL, NULL};
    size_t length[2] = {0, 0};
    Status status = texts_share(comm, names[0], &data[0], &length[0]);
    if (!status && names[1][0]) status = texts_share(comm, names[1], &data[1], &length[1]);
    if (!status) {
        const Slice first = {data[0], length[0]}, second = {data[1], length[1]};
        status = comm_agree(comm, word_pairs_parse(names, first, names[1][0] ? &second : NULL, twice, pairs));
    }
    free(data[0]);
    free(data[1]);
    return status;
}

Status word_pairs_read(const Comm *comm, const char *path, const char *second, PairsTwice twice, WordPairs *pairs)
{
    char *found = NULL;
    *pairs = (WordPairs){0};
    if (!path[0]) TRY(comm_agree(comm, comm->rank == 0 ? find_default(&found) : STATUS_OK));
    const char *const names[2] = {path[0] ? path : found ? found : default_list, second};
    Status status = read_texts(comm, names, twice, pairs);
    if (!status) log_line("%s: %d words", names[0], pairs->n);
    if (!status && pairs->n_passed)
        log_line("%s: %d lines pair words that have other counterparts already; they are passed over", names[0],
                 pairs->n_passed);
    free(found);
    return status;
}

/* --- use --------------------------------------------------------------------------------------------- */

/* Compare a word, behind a ^ if marked, with an entry. */
static int compare(Slice word, bool marked, const char *entry)
{
    if (marked && entry[0] != '^') return '^' - (unsigned char)entry[0];
    entry += marked;
    const int order = strncmp(word.start, entry, word.length);
    return order ? order : entry[word.length] ? -1 : 0;
}

const PairWord *word_pairs_find(const WordPairs *p, Slice word, bool marked)
{
    int low = 0, high = p->n - 1;
    while (low <= high) {
        const int middle = (low + high) / 2, order = compare(word, marked, p->word[middle].word);
        if (order == 0) return &p->word[middle];
        if (order < 0) high = middle - 1;
        else low = middle + 1;
    }
    return NULL;
}

void word_pairs_free(WordPairs *p)
{
    for (int i = 0; i < p->n; i++) {
        free(p->word[i].word);
        free(p->word[i].other);
    }
    free(p->word);
    *p = (WordPairs){0};
}
