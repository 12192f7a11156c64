/* test_wordpiece.c: the tokenizer. Oracles: hashes of what Hugging Face's tokenizers makes of every
 * Unicode scalar value, alone and between two letters (tests/oracle/make_golden.py), and of every
 * line of the real data (tests/oracle/tokenizer.py; skipped without it); cases by hand. */
#include "data/wordpiece.h"

#include "../harness.h"
#include "base/hash.h"
#include "base/memory.h"
#include "io/file.h"

typedef struct {
    char *text;
    size_t n, capacity;
    bool first;
} Joined;

static void put(Joined *j, const char *text, size_t n)
{
    memory_reserve((void **)&j->text, &j->capacity, j->n + n, 1);
    memcpy(j->text + j->n, text, n);
    j->n += n;
}

static void join_word(Slice word, void *context)
{
    Joined *j = context;
    if (!j->first) put(j, " ", 1);
    j->first = false;
    put(j, word.start, word.length);
}

static void join_words(Joined *j, bool lower, const char *text, size_t n)
{
    j->first = true;
    const NormaliseRules rules = {true, true, lower, lower};
    wordpiece_words(&rules, (Slice){text, n}, join_word, j);
    put(j, "\n", 1);
}

static void every_scalar(void)
{
    FILE *golden = fopen("tests/golden/unicode.txt", "r");
    int lower, wrong = 0, blocks = 0;
    unsigned block, first_wrong = 0;
    char expected[64];
    if (!check(golden != NULL, "tests/golden/unicode.txt is there")) return;
    while (fscanf(golden, "%d %x %63s", &lower, &block, expected) == 3) {
        Joined j = {0};
        for (uint32_t c = block; c < block + 0x400; c++) {
            if (c >= 0xD800 && c < 0xE000) continue;
            char text[6] = "a";
            const int n = utf8_encode(c, text + 1);
            text[n + 1] = 'b';
            join_words(&j, lower, text + 1, (size_t)n);
            join_words(&j, lower, text, (size_t)n + 2);
        }
        char hash[HASH_TEXT_SIZE];
        hash_xxh128(j.text, j.n, hash);
        if (strcmp(hash, expected) != 0 && !wrong++) first_wrong = block;
        blocks++;
        free(j.text);
    }
    fclose(golden);
    check(blocks == 2 * 1088 && wrong == 0,
          "every scalar value, cased and uncased: %d of %d blocks differ (first U+%04X)", wrong, blocks, first_wrong);
}

static const char *const pieces[] = {"[PAD]",    "[UNK]", "[CLS]",  "[SEP]", "[MASK]", "un", "##aff", "##able",
                                     "##a",      "##b",   "aff",    "cafe",  "!",      "#",  "a",     "b",
                                     "##\u00e9", "caf",   "\u4e2d", "[",     "mask",   "]",  "x"};

static bool encodes(bool lower, const char *text, size_t n, const char *expected)
{
    Vocabulary *v;
    if (vocabulary_new("test", pieces, sizeof pieces / sizeof pieces[0], lower, &v)) return false;
    IdList ids = {0};
    wordpiece_encode(v, (Slice){text, n}, &ids);
    char found[2048] = "";
    for (size_t i = 0; i < ids.n && i < 60; i++) {
        strcat(found, i ? " " : "");
        strcat(found, vocabulary_piece(v, ids.id[i]));
    }
    const bool same = strcmp(found, expected) == 0;
    if (!same) printf("# found '%s', expected '%s'\n", found, expected);
    free(ids.id);
    vocabulary_free(v);
    return same;
}

#define ENCODES(lower, text, expected, what) check(encodes(lower, text, sizeof text - 1, expected), what)

static void by_hand(void)
{
    ENCODES(true, "Unaffable", "un ##aff ##able", "longest pieces from the left");
    ENCODES(false, "Unaffable", "[UNK]", "cased: no piece for a capital");
    ENCODES(true, "caf\u00e9!", "cafe !", "accent stripped, punctuation apart");
    ENCODES(true, "cafe\u0301", "cafe", "combining accent stripped");
    ENCODES(false, "caf\u00e9", "caf ##\u00e9", "cased: accent kept");
    ENCODES(true, "a\u4e2db", "a \u4e2d b", "CJK characters stand apart");
    ENCODES(true, "unx", "[UNK]", "no way through: one [UNK], nothing half");
    ENCODES(true, "a [MASK]b [mask]", "a [MASK] b [ mask ]", "special tokens whole, in their own spelling only");
    ENCODES(true,
            "a\0b\x01 \xEF\xBF\xBD"
            "a",
            "a ##b a", "NUL, control characters and U+FFFD vanish");
    ENCODES(true, "", "", "nothing gives nothing");
    char word[102];
    memset(word, 'a', sizeof word);
    check(encodes(true, word, 100,
                  "a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a "
                  "##a ##a ##a "
                  "##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a ##a "
                  "##a ##a ##a "
                  "##a ##a ##a ##a"),
          "a word of 100 characters is cut into pieces");
    check(encodes(true, word, 101, "[UNK]"), "one of 101 characters is [UNK]");
}

static void real_data(void)
{
    const char *shared = harness_shared();
    FILE *golden = fopen("tests/golden/shared_tokens.txt", "r");
    if (!check(golden != NULL, "tests/golden/shared_tokens.txt is there")) return;
    if (!shared) {
        skip("real data: no ../shared");
        fclose(golden);
        return;
    }
    char kind[16], name[256], expected[64], path[4096];
    int files = 0, wrong = 0;
    Vocabulary *v[2];
    snprintf(path, sizeof path, "%s/models/minilm-mlm/vocab.txt", shared);
    if (!check(!vocabulary_read(path, CASE_KEEP, &v[0]) && !vocabulary_read(path, CASE_AUTO, &v[1]),
               "the real vocabulary"))
        return;
    while (fscanf(golden, "%15[^\t]\t%255[^\t]\t%63s\n", kind, name, expected) == 3) {
        const bool lower = strcmp(kind, "uncased") == 0;
        char *text;
        size_t length;
        snprintf(path, sizeof path, "%s/data/%s", shared, name);
        if (file_read(path, &text, &length)) continue;
        Joined j = {0};
        Slice rest = {text, length}, line;
        IdList ids = {0};
        while (rest.start && rest.length) {
            slice_next_field(&rest, '\n', &line);
            ids.n = 0;
            wordpiece_encode(v[lower], line, &ids);
            for (size_t i = 0; i < ids.n; i++) {
                char digits[16];
                put(&j, digits, (size_t)snprintf(digits, sizeof digits, "%s%d", i ? " " : "", ids.id[i]));
            }
            put(&j, "\n", 1);
        }
        char hash[HASH_TEXT_SIZE];
        hash_xxh128(j.text, j.n, hash);
        if (strcmp(hash, expected) != 0 && !wrong++) printf("# first difference: %s %s\n", kind, name);
        files++;
        free(ids.id);
        free(j.text);
        free(text);
    }
    fclose(golden);
    vocabulary_free(v[0]);
    vocabulary_free(v[1]);
    check(files > 300 && wrong == 0, "every line of %d real files, cased and uncased: %d files differ", files, wrong);
}

static void bad_vocabularies(void)
{
    static const char *const few[] = {"[PAD]", "a"};
    Vocabulary *v;
    check(vocabulary_new("few", few, 2, true, &v) == STATUS_DATA && strstr(status_message(), "[UNK]"),
          "a vocabulary without [UNK] is refused: %s", status_message());
    check(vocabulary_read("/nonexistent/vocab.txt", CASE_AUTO, &v) == STATUS_IO, "a missing file: %s",
          status_message());
}

int main(void)
{
    by_hand();
    every_scalar();
    real_data();
    bad_vocabularies();
    return harness_done();
}
