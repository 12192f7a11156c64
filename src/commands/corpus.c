/* corpus.c: a template grammar to sentences. */
#include <stddef.h>
#include <stdio.h>

#include "commands/command.h"
#include "data/grammar.h"

typedef struct {
    int64_t count, seed;
} Options;

static const Setting table[] = {
    {"count", SETTING_INTEGER, "1000", "", 1, 1e15, offsetof(Options, count), "sentences"},
    {"seed", SETTING_INTEGER, "42", "", 0, 9e15, offsetof(Options, seed),
     "of the choices; sentence i depends on seed and i alone"},
};
enum { N_KEYS = sizeof table / sizeof table[0] };

static Status expand(const Settings *settings, const Options *options)
{
    Grammar *grammar = grammar_new();
    Status status = STATUS_OK;
    for (int i = 0; i < settings->n_operands && !status; i++) status = grammar_read(settings->operand[i], grammar);
    if (!status) status = grammar_check(grammar);
    for (int64_t i = 0; i < options->count && !status; i++) {
        status = grammar_expand(grammar, (uint64_t)options->seed, i, stdout);
        fputc('\n', stdout);
    }
    grammar_free(grammar);
    return status;
}

static Status run(int argc, char **argv)
{
    Settings settings;
    Options options;
    Status status = command_read(table, N_KEYS, argc, argv, 1, true, "a grammar file", &settings, &options);
    if (!status) status = expand(&settings, &options);
    settings_free(&settings);
    return status;
}

static void help(void)
{
    printf("One alternative per line:   symbol [weight] = text with {symbols}\n"
           "Expansion begins at {start}; an alternative is taken with probability weight / sum of the\n"
           "weights of its symbol (1 if none is given); {{ and }} are braces; # starts a comment line.\n"
           "Several files make one grammar.\n\n");
    settings_help(table, N_KEYS);
}

const Command command_corpus = {"corpus",
                                "collapse corpus GRAMMAR... --count=N --seed=S > text",
                                "expand a weighted template grammar into sentences",
                                run,
                                help,
                                false,
                                false};
