/* data_files.h: the data of an evaluation that has several files: one file, or those of a folder. Local. */
#ifndef EVALUATE_DATA_FILES_H
#define EVALUATE_DATA_FILES_H

#include "base/status.h"

typedef struct {
    char **path;    /* owned [n], in the order of their names */
    char **stem;    /* owned [n]: names without folder and ending; all different */
    int n, n_other; /* files; those of the folder with another ending */
} DataFiles;

/* endings: "json jsonl", any of which .gz may follow; a path that is a file may have any name. Fails: it is not there;
 * a folder without such a file, or with two of one stem; a stem with '/'. */
Status data_files_list(const char *path, const char *endings, DataFiles *files);
/* Length of a name without an ending of the list, which .gz may follow; -1: it has none of them. Local. */
int data_files_stem(const char *name, const char *endings);
void data_files_free(DataFiles *files);

#endif
