/* file.h: whole files in, and files that appear only when they are complete. Local. */
#ifndef IO_FILE_H
#define IO_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/status.h"

/* Read a whole file; *data ends with an extra NUL and is owned by the caller (free). */
Status file_read(const char *path, char **data, size_t *length);
/* Read standard input to its end. */
Status file_read_stdin(char **data, size_t *length);
/* Map a file read-only; file_unmap gives it back. An empty file is refused. */
Status file_map(const char *path, const char **data, size_t *length);
void file_unmap(const char *data, size_t length);

bool file_exists(const char *path);
/* Refused: what is not a regular file (a pipe would be waited for), or a link to nothing. For files of a folder, which
 * nobody streams. */
Status file_check_regular(const char *path);
Status file_make_folder(const char *path); /* and its parents; existing is fine */
/* Texts owned by the caller: */
char *file_join(const char *folder, const char *name);
char *file_folder(const char *path); /* where path lies; "." without a slash */
char *file_target(const char *path); /* what a symbolic link points to; another path as it is */
/* Do two paths mean one file: through links of both kinds, or both about to be made under one name? */
bool file_is_same(const char *a, const char *b);

/* The name a file has while this process writes it: PATH.<mark of the process>.partial, owned by the caller. Two who
 * write to one path do not meet in a half-written file, and each removes only its own. */
char *file_partial_name(const char *path);
/* Is name (without folder) such a name? *mark: where the mark begins. */
bool file_is_partial(const char *name, const char **mark);
/* Remove what killed processes of this machine have left of path. */
void file_remove_dead_partials(const char *path);
void file_remove_partials(const char *path); /* of all processes: for who holds a lock on path */

Status file_copy(const char *from, const char *to); /* to: replaced in place, not synced */

/* Setting aside: PATH.old, PATH.old.2, ...; nothing set aside before is replaced. The first number from `least` (1) on
 * that is free for path, and the renaming. */
int file_aside_number(const char *path, int least);
char *file_aside_name(const char *path, int number); /* owned by the caller */
Status file_set_aside(const char *path, int number);

/* Can path be written? Asked before long work whose result goes there. */
Status file_check_writable(const char *path);
/* Write under the partial name, sync, rename over path (a symbolic link stays, and its target is replaced), sync the
 * folder. write: returns false, with errno, when the file could not be written. */
Status file_write(const char *path, bool (*write)(FILE *stream, const void *context), const void *context);
/* The same with a text. */
Status file_write_text(const char *path, const char *text, size_t length);
/* Sync the file `from` and rename it to `to`, so that a crash leaves the old file or the new one. */
Status file_commit(const char *from, const char *to);

#endif
