/* tool.h: what the small programs share: flags, --help, --version, and how they end. Rows 0 to 2 only:
 * no MPI launch, no model arithmetic. */
#ifndef HDF5_TOOLS_TOOL_H
#define HDF5_TOOLS_TOOL_H

#include "io/settings.h"

typedef struct {
    const char *name, *usage, *summary;
    const Setting *table;
    int n_keys;
    void *options;                                                /* filled from the table */
    const char *operand;                                          /* what the operands are: "a Hugging Face folder" */
    Status (*run)(const char *operand, const char *command_line); /* for one operand; or: */
    Status (*run_many)(int n, char **operand, const char *command_line);
    int least, most; /* operands of run_many */
} Tool;

/* What a tool that went well ends with, if not 0: collapse-diff says 1 for files that differ. */
extern int tool_exit_code;

/* A number as text, "-" for one that was not measured (NaN). The text lasts until the fourth call after it. */
const char *tool_number(const char *format, double value);

int tool_main(const Tool *tool, int argc, char **argv);

#endif
