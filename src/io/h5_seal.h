/* h5_seal.h: private to the files h5*.c: file_xxh128 of a file that is being written (h5_form.h). */
#ifndef IO_H5_SEAL_H
#define IO_H5_SEAL_H

#include "h5_file.h"

/* The object at path is about to change or to be made, and groups above it with it. Nothing where the file is not
 * sealed. */
Status h5_touch(H5File *file, const char *path);
/* The same for an object whose record is not yet in the sum. */
void h5_touch_new(H5File *file, const char *path);
/* Before the file is closed: add what changed, store the sum. */
Status h5_seal_changes(H5File *file);

/* A file that this process closed need not be looked at again to be continued, if it is as it was. */
void h5_remember(const H5File *file);
bool h5_remembers(const char *path, H5Sum *sum);

#endif
