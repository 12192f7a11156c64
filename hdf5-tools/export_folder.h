/* export_folder.h: a Hugging Face folder that is new as a whole, or stays as it was. */
#ifndef HDF5_TOOLS_EXPORT_FOLDER_H
#define HDF5_TOOLS_EXPORT_FOLDER_H

#include <stdbool.h>

#include "io/lock.h"

typedef struct {
    const char *folder;    /* borrowed */
    char *stage;           /* owned: where the files are to be written, inside folder */
    Lock *lock;            /* owned: two exports at once would mix */
    bool is_made, is_ours; /* folder was made by us now; it holds an older export */
} ExportFolder;

/* Refuse a folder in which the model that is read stands in the place of a file of the export. */
Status export_folder_check(const char *folder, const char *model);
/* Refuse a folder with files that are no older export's, unless overwrite; make the stage. */
Status export_folder_begin(const char *folder, bool overwrite, ExportFolder *export);
/* status: of the writing. On success the stage's files become the folder's, config.json last; what an older export left
 * is removed, files of others with the same names are set aside by number. On failure all is as before. */
Status export_folder_finish(ExportFolder *export, Status status);

#endif
