/* test_tokenizers.c: folders of many kinds, saved by several versions of transformers. Oracle: hashes of the ids that
 * Hugging Face's tokenizers finds on the lines of odd_lines.h (tests/oracle/tokenizer_kinds.py). Each tokenizer is also
 * written and read again, as files and as settings, and must give the same ids. */
#include <sys/stat.h>
#include <unistd.h>

#include "../harness.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/wordpiece.h"
#include "io/file.h"
#include "io/json.h"
#include "io/tokenizer_folder.h"
#include "odd_lines.h"

static const char *const bert_names[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
static const char *const other_names[] = {"<pad>", "<unk>", "<s>", "</s>", "<mask>"};

static char folder[4096];
static char *lines; /* all of them */

/* The vocabulary of odd_lines.h by its name, or the text itself. */
static char *vocabulary_text(const json_t *label)
{
    const char *name = json_string_value(label);
    char *text;
    size_t length;
    if (strcmp(name, "odd") != 0 && strcmp(name, "names") != 0) return memory_copy_text(name);
    FILE *out = open_memstream(&text, &length);
    odd_vocabulary(out, strcmp(name, "names") == 0 ? other_names : bert_names);
    fclose(out);
    return text;
}

/* model.vocab is stored as a label: the vocabulary of odd_lines.h, ids by line. */
static void fill_in_vocab(json_t *file)
{
    json_t *model = json_object_get(file, "model"), *label = json_object_get(model, "vocab");
    if (!json_is_string(label)) return;
    char *text = vocabulary_text(label);
    json_t *vocab = json_object();
    Slice rest = slice_of(text), line;
    for (int id = 0; slice_next_line(&rest, &line); id++)
        json_object_setn_new(vocab, line.start, line.length, json_integer(id));
    json_object_set_new(model, "vocab", vocab);
    free(text);
}

static void write_files(json_t *files)
{
    const char *name;
    json_t *value;
    json_object_foreach (files, name, value) {
        char *path = file_join(folder, name), *text;
        if (json_is_string(value)) {
            text = vocabulary_text(value);
        } else {
            if (strcmp(name, "tokenizer.json") == 0) fill_in_vocab(value);
            text = json_dumps(value, 0);
        }
        if (file_write_text(path, text, strlen(text))) printf("# %s\n", status_message());
        free(text);
        free(path);
    }
}

static void remove_files(void)
{
    static const char *const name[] = {"vocab.txt",         "tokenizer.json",          "tokenizer_config.json",
                                       "added_tokens.json", "special_tokens_map.json", "config.json"};
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        char *path = file_join(folder, name[i]);
        unlink(path);
        free(path);
    }
}

/* The hash of the ids of all lines; the tokenizer is consumed. */
static void hash_ids(Tokenizer *t, char hash[HASH_TEXT_SIZE])
{
    Vocabulary *v = vocabulary_from(t);
    IdList ids = {0};
    Slice rest = slice_of(lines), line;
    char *text;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    while (rest.start && rest.length) {
        slice_next_field(&rest, '\n', &line);
        ids.n = 0;
        wordpiece_encode(v, line, &ids);
        for (size_t i = 0; i < ids.n; i++) fprintf(out, "%s%d", i ? " " : "", ids.id[i]);
        fputc('\n', out);
    }
    fclose(out);
    hash_xxh128(text, length, hash);
    free(text);
    free(ids.id);
    vocabulary_free(v);
}

static bool same_by_settings(const Tokenizer *t, const char *expected)
{
    Tokenizer other;
    char hash[HASH_TEXT_SIZE], *settings = tokenizer_settings(t, true);
    if (tokenizer_from_settings("settings", (const char *const *)t->piece, t->n, settings, &other)) return false;
    char *second = tokenizer_settings(&other, true);
    const bool same = strcmp(settings, second) == 0;
    hash_ids(&other, hash);
    free(settings);
    free(second);
    return same && strcmp(hash, expected) == 0;
}

static bool same_by_files(const Tokenizer *t, const char *expected)
{
    TokenizerFile file[TOKENIZER_FILES];
    Tokenizer other;
    char hash[HASH_TEXT_SIZE], *notes;
    remove_files();
    tokenizer_files(t, file);
    for (int i = 0; i < TOKENIZER_FILES; i++) {
        char *path = file_join(folder, file[i].name);
        file_write_text(path, file[i].text, strlen(file[i].text));
        free(file[i].text);
        free(path);
    }
    const Status status = tokenizer_read(folder, CASE_AUTO, t->n, &other, &notes);
    if (status) printf("# %s\n", status_message());
    free(notes);
    if (status) return false;
    hash_ids(&other, hash);
    return strcmp(hash, expected) == 0;
}

static void one_folder(json_t *golden)
{
    const char *kind = json_string_value(json_object_get(golden, "kind")),
               *expected = json_string_value(json_object_get(golden, "ids"));
    json_t *files = json_object_get(golden, "files");
    const int rows = (int)json_integer_value(json_object_get(json_object_get(files, "config.json"), "vocab_size"));
    char hash[HASH_TEXT_SIZE] = "", *notes;
    Tokenizer t, copy;
    remove_files();
    write_files(files);
    if (!check(!tokenizer_read(folder, CASE_AUTO, rows, &t, &notes), "%s: read %s", kind, status_message())) return;
    const bool by_settings = same_by_settings(&t, expected), by_files = same_by_files(&t, expected);
    tokenizer_copy(&t, &copy);
    hash_ids(&copy, hash);
    check(strcmp(hash, expected) == 0, "%s: ids of 2000 lines", kind);
    check(by_settings && by_files, "%s: the same from settings (%d) and from files (%d) written again", kind,
          by_settings, by_files);
    tokenizer_free(&t);
    free(notes);
}

int main(void)
{
    json_t *root;
    size_t i, length;
    json_t *golden;
    const char *extra[32], *tmp = getenv("TMP");
    if (!check(!json_read_file("tests/golden/tokenizers.json", &root), "tests/golden/tokenizers.json is there"))
        return 1;
    const json_t *list = json_object_get(root, "extra");
    const int n_extra = (int)json_array_size(list);
    for (int e = 0; e < n_extra && e < 32; e++) extra[e] = json_string_value(json_array_get(list, (size_t)e));
    FILE *out = open_memstream(&lines, &length);
    odd_lines(out, 7, (int)json_integer_value(json_object_get(root, "lines")), extra, n_extra);
    fclose(out);
    snprintf(folder, sizeof folder, "%s/tokenizers.%d", tmp ? tmp : "/tmp", (int)getpid());
    mkdir(folder, 0700);
    json_array_foreach(json_object_get(root, "folders"), i, golden) one_folder(golden);
    remove_files();
    rmdir(folder);
    free(lines);
    json_decref(root);
    return harness_done();
}
