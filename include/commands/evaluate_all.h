/* evaluate_all.h: collapse evaluate --task=all. */
#ifndef COMMANDS_EVALUATE_ALL_H
#define COMMANDS_EVALUATE_ALL_H

#include "evaluate/task.h"

/* Every evaluation that the folder offers, on every model (settings' operands): one table, or one JSON object.
 * of_tasks: the options of all tasks. Collective; fails alike on all ranks, at the first evaluation that fails. */
Status evaluate_all(const Comm *comm, const Settings *settings, const char *folder, const char *of_tasks, bool json);

#endif
