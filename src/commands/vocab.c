/* vocab.c: standard input to a WordPiece vocabulary. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "commands/command.h"
#include "data/vocabulary_builder.h"
#include "io/file.h"
#include "io/output.h"
#include "io/text_file.h"

typedef struct {
    int64_t size, min_count;
    const char *output;
    bool cased, overwrite;
} Options;

static const Setting table[] = {
    {"size", SETTING_INTEGER, "30522", "", 6, 1 << 24, offsetof(Options, size),
     "pieces, special ones included (fewer if the text is small)"},
    {"output", SETTING_PATH, "", "", 0, 0, offsetof(Options, output), "vocab.txt to write"},
    {"overwrite", SETTING_SWITCH, "no", "", 0, 0, offsetof(Options, overwrite), OUTPUT_OVERWRITE_HELP},
    {"cased", SETTING_SWITCH, "no", "", 0, 0, offsetof(Options, cased), "keep case and accents"},
    {"min-count", SETTING_INTEGER, "2", "", 1, 2e9, offsetof(Options, min_count),
     "occurrences of a pair that is worth a piece"},
};
enum { N_KEYS = sizeof table / sizeof table[0] };

static Status write_pieces(const char *path, const char *const *piece, int n)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = memory_stream(&text, &length);
    for (int i = 0; i < n; i++) fprintf(stream, "%s\n", piece[i]);
    memory_stream_close(stream);
    Status status = file_write_text(path, text, length);
    free(text);
    return status;
}

static Status build(const Options *options)
{
    char *text;
    size_t length;
    TRY(file_read_stdin(&text, &length));
    VocabularyBuilder *builder = vocabulary_builder_new(!options->cased);
    const char *const *piece = NULL;
    int n = 0;
    Status status = text_check("standard input", (Slice){text, length});
    if (!status) {
        vocabulary_builder_add(builder, (Slice){text, length});
        status = vocabulary_builder_learn(builder, (int)options->size, (int)options->min_count, &piece, &n);
    }
    if (!status) status = write_pieces(options->output, piece, n);
    if (!status) log_line("wrote %s: %d pieces", options->output, n);
    vocabulary_builder_free(builder);
    free(text);
    return status;
}

static Status check_output(const Options *o)
{
    static const OutputKind kind = {"a vocabulary of collapse vocab", NULL, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n",
                                    false};
    const Input inputs[] = {{"standard input", "/dev/stdin"}};
    return output_check("--output", o->output, &kind, o->overwrite, inputs, 1);
}

static Status run(int argc, char **argv)
{
    Settings settings;
    Options options;
    Status status = command_read(table, N_KEYS, argc, argv, 0, false, "no operand", &settings, &options);
    if (!status && !options.output[0])
        status = status_set(STATUS_USAGE, __FILE__, __LINE__, "vocab needs --output=vocab.txt");
    if (!status) status = check_output(&options);
    if (!status) status = build(&options);
    settings_free(&settings);
    return status;
}

static void help(void)
{
    settings_help(table, N_KEYS);
}

const Command command_vocab = {"vocab",
                               "collapse vocab --size=N --output=vocab.txt [--cased] < text",
                               "build a WordPiece vocabulary from text",
                               run,
                               help,
                               false,
                               false};
