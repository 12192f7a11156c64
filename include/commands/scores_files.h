/* scores_files.h: SCORES.h5 of collapse evaluate: may it be written; the files of --task=all and their names. Local. */
#ifndef COMMANDS_SCORES_FILES_H
#define COMMANDS_SCORES_FILES_H

#include "commands/evaluate_all.h"
#include "evaluate/recognise.h"

/* May --output write scores to path? */
Status scores_output_check(const char *path, bool overwrite, const Inputs *inputs);

/* Of each offer of --task=all: FOLDER/PLACE.TASK.h5, where PLACE is its path within --data with - for /. */
typedef struct {
    char **output, **compare; /* owned [n offers]; NULL: none */
    size_t n;
} ScoresFiles;

/* Where the scores of all offers go, and those of the other model that are there; makes the folder. Refused, before
 * anything is written: an output that is an input or of another kind, two outputs of one name, a --compare without a
 * single file for these offers. Whose scores --compare lacks is logged. */
Status scores_files_plan(const AllOptions *options, const Settings *settings, const Offers *offers, ScoresFiles *files);
void scores_files_free(ScoresFiles *files);

/* The path behind the folder's; borrowed. */
const char *path_within(const char *path, const char *folder);

#endif
