/* tool.c: the main program of every tool. */
#include "tool.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/version.h"
#include "io/h5.h"

const char *tool_number(const char *format, double value)
{
    enum { TEXTS = 4, SIZE = 64 };
    static char text[TEXTS][SIZE];
    static int turn;
    char *out = text[turn++ % TEXTS];
    if (isnan(value)) return "-";
    snprintf(out, SIZE, format, value);
    return out;
}

static Status read_and_run(const Tool *tool, int argc, char **argv, const char *command_line)
{
    Settings settings;
    settings_init(&settings, tool->table, tool->n_keys);
    Status status = settings_read_flags(&settings, argc, argv, 1);
    const int n = settings.n_operands;
    if (!status && (tool->run ? n != 1 : n < tool->least || n > tool->most))
        status = status_set(STATUS_USAGE, __FILE__, __LINE__, "%s needs %s and nothing else; see %s --help", tool->name,
                            tool->operand, tool->name);
    if (!status) status = settings_store(&settings, tool->options);
    if (!status)
        status = tool->run ? tool->run(settings.operand[0], command_line)
                           : tool->run_many(n, settings.operand, command_line);
    settings_free(&settings);
    return status;
}

int tool_exit_code;

/* --help and --version; false: something else is wanted. */
static bool answer(const Tool *tool, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            printf("usage: %s\n\n%s\n\n", tool->usage, tool->summary);
            settings_help(tool->table, tool->n_keys);
            return true;
        }
        if (strcmp(argv[i], "--version") == 0) {
            printf("%s, part of %s\n", tool->name, version_text());
            return true;
        }
    }
    return false;
}

int tool_main(const Tool *tool, int argc, char **argv)
{
    static char output[] = "--output"; /* -o is short for it */
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "-o") == 0) argv[i] = output;
    char *line = memory_copy_text(tool->name);
    for (int i = 1; i < argc; i++) {
        char *longer = memory_print("%s %s", line, argv[i]);
        free(line);
        line = longer;
    }
    Status status = answer(tool, argc, argv) ? STATUS_OK : read_and_run(tool, argc, argv, line);
    free(line);
    if (status) status_print(tool->name);
    if (h5_is_broken()) _exit((int)status);
    if ((fflush(stdout) != 0 || ferror(stdout)) && !status) {
        fprintf(stderr, "%s: standard output cannot be written\n", tool->name);
        status = STATUS_IO;
    }
    return status ? (int)status : tool_exit_code;
}
