/* file.h: whole files in, and files that appear only when they are complete. Local. */
#ifndef IO_FILE_H
#define IO_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* Read a whole file; *data ends with an extra NUL and is owned by the caller (free). */
Status file_read(const char *path, char **data, size_t *length);
/* Read standard input to its end. */
Status file_read_stdin(char **data, size_t *length);
/* Map a file read-only; file_unmap gives it back. An empty file is refused. */
Status file_map(const char *path, const char **data, size_t *length);
void file_unmap(const char *data, size_t length);

bool file_exists(const char *path);
Status file_make_folder(const char *path);             /* and its parents; existing is fine */
char *file_join(const char *folder, const char *name); /* owned by the caller */
char *file_partial_name(const char *path);             /* name a file has while it is being written */

/* Can path be written? Asked before long work whose result goes there. */
Status file_check_writable(const char *path);
/* Write text under the partial name, sync, rename over path, sync the folder. */
Status file_write_text(const char *path, const char *text, size_t length);
/* Sync the file `from` and rename it to `to`, so that a crash leaves the old file or the new one. */
Status file_commit(const char *from, const char *to);

#endif
