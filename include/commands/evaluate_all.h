/* evaluate_all.h: collapse evaluate --task=all. */
#ifndef COMMANDS_EVALUATE_ALL_H
#define COMMANDS_EVALUATE_ALL_H

#include "evaluate/task.h"

typedef struct {
    const char *data;             /* folder */
    const char *output, *compare; /* folders of scores: to write; of another model; "": none */
    bool json, overwrite;
    const char *of_tasks; /* the options of all tasks, as task_options_at says */
    const char *command_line;
} AllOptions;

/* Every evaluation that the folder offers, on every model (settings' operands): one table, or one JSON object. One that
 * fails says so and does not keep the others from being made; the status is then that of the first. Nothing is measured
 * if a model cannot be opened, no task takes an option that was given, or an output must not be written. Collective;
 * fails alike on all ranks. */
Status evaluate_all(const Comm *comm, const Settings *settings, const AllOptions *options);

#endif
