/* json.c: jansson with the place of an error in the message. */
#include "io/json.h"

#include <stdlib.h>

#include "io/file.h"

Status json_parse(const char *name, const char *text, size_t length, json_t **root)
{
    json_error_t error;
    *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    CHECK(*root, STATUS_DATA, "%s: line %d, column %d: not valid JSON: %s", name, error.line, error.column, error.text);
    return STATUS_OK;
}

Status json_read_file(const char *path, json_t **root)
{
    char *text;
    size_t length;
    TRY(file_read(path, &text, &length));
    Status status = json_parse(path, text, length, root);
    free(text);
    return status;
}
