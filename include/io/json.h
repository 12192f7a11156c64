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

/* Building: nothing here can fail for what is put in, so that no part is missing from what is printed. */
json_t *json_text(const char *text);                           /* bytes that are not UTF-8 become U+FFFD */
json_t *json_number(double value);                             /* null if it is not finite: not measured */
void json_put(json_t *object, const char *key, json_t *value); /* takes value; key as json_text */
/* On one line; digits of a number: 17 tell every double. root is given back; owned by the caller. */
char *json_print(json_t *root, int digits);

#endif
