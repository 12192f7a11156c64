/* json.h: JSON files by the jansson library, with our error sentences. Local. */
#ifndef IO_JSON_H
#define IO_JSON_H

#include <jansson.h>
#include <stddef.h>

#include "base/status.h"

/* Parse text (length bytes, a byte order mark is skipped); name is used in messages. *root: json_decref by the caller,
 * NULL on failure. A whole number beyond 64 bits becomes a real one. */
Status json_parse(const char *name, const char *text, size_t length, json_t **root);
Status json_read_file(const char *path, json_t **root);

#endif
