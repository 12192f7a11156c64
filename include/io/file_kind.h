/* file_kind.h: files that are often met in the place of another one. Local. */
#ifndef IO_FILE_KIND_H
#define IO_FILE_KIND_H

#include <stddef.h>

/* What the first bytes of a file say it is, with the cure, to follow "FILE: is "; NULL: nothing that is known here. */
const char *file_kind(const char *data, size_t length);

#endif
