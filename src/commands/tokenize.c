/* tokenize.c: standard input to ids, line by line, lines of any length. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/command.h"
#include "data/wordpiece.h"

typedef struct {
    const char *vocab;
    bool cased, special;
} Options;

static const Setting table[] = {
    {"vocab", SETTING_PATH, "", "", 0, 0, offsetof(Options, vocab),
     "vocab.txt (one piece a line), a tokenizer.json, or a Hugging Face folder"},
    {"cased", SETTING_SWITCH, "no", "", 0, 0, offsetof(Options, cased), "keep case and accents"},
    {"special", SETTING_SWITCH, "no", "", 0, 0, offsetof(Options, special), "add [CLS] and [SEP]"},
};
enum { N_KEYS = sizeof table / sizeof table[0] };

/* Ids as decimal numbers with spaces between them; printf would take longer than the tokenizer. */
static void print_ids(const IdList *ids)
{
    char buffer[1 << 14];
    size_t used = 0;
    for (size_t i = 0; i < ids->n; i++) {
        char digit[12];
        int n = 0;
        uint32_t value = (uint32_t)ids->id[i];
        do digit[n++] = (char)('0' + value % 10);
        while (value /= 10);
        if (used + 16 > sizeof buffer) {
            fwrite(buffer, 1, used, stdout);
            used = 0;
        }
        if (i) buffer[used++] = ' ';
        while (n) buffer[used++] = digit[--n];
    }
    buffer[used++] = '\n';
    fwrite(buffer, 1, used, stdout);
}

static Status tokenize_lines(const Vocabulary *vocabulary, bool special)
{
    char *line = NULL;
    size_t capacity = 0;
    IdList ids = {0};
    Status status = STATUS_OK;
    int64_t number = 0;
    for (ssize_t length; !status && (length = getline(&line, &capacity, stdin)) >= 0;) {
        number++;
        if (length && line[length - 1] == '\n') length--;
        const size_t invalid = utf8_first_invalid(line, (size_t)length);
        if (invalid < (size_t)length) {
            status = status_set(
                STATUS_DATA, __FILE__, __LINE__,
                "standard input: line %lld: byte 0x%02x at column %zu is not valid UTF-8; convert the text first",
                (long long)number, (unsigned char)line[invalid], invalid + 1);
            break;
        }
        ids.n = 0;
        if (special) id_list_add(&ids, vocabulary_special(vocabulary, SPECIAL_CLS));
        wordpiece_encode(vocabulary, (Slice){line, (size_t)length}, &ids);
        if (special) id_list_add(&ids, vocabulary_special(vocabulary, SPECIAL_SEP));
        print_ids(&ids);
    }
    if (!status && ferror(stdin))
        status = status_set(STATUS_IO, __FILE__, __LINE__, "standard input: cannot be read: %s", strerror(errno));
    free(ids.id);
    free(line);
    return status;
}

static Status run(int argc, char **argv)
{
    Settings settings;
    Options options;
    Vocabulary *vocabulary = NULL;
    Status status = command_read(table, N_KEYS, argc, argv, 0, false, "no operand", &settings, &options);
    if (!status && !options.vocab[0])
        status = status_set(STATUS_USAGE, __FILE__, __LINE__, "tokenize needs --vocab=vocab.txt");
    if (!status) status = vocabulary_read(options.vocab, options.cased ? CASE_KEEP : CASE_AUTO, &vocabulary);
    if (!status) status = tokenize_lines(vocabulary, options.special);
    vocabulary_free(vocabulary);
    settings_free(&settings);
    return status;
}

static void help(void)
{
    printf("Reads lines from standard input, writes one line of space-separated ids for each.\n\n");
    settings_help(table, N_KEYS);
}

const Command command_tokenize = {"tokenize",
                                  "collapse tokenize --vocab=vocab.txt [--cased] [--special] < text",
                                  "text to WordPiece ids, exactly as Hugging Face's BERT tokenizer",
                                  run,
                                  help,
                                  false,
                                  false};
