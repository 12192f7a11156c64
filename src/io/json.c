/* json.c: jansson with the place of an error in the message. */
#include "io/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/file.h"
#include "io/file_kind.h"

/* Whole numbers that were read as reals, integers again. */
static json_t *whole_again(json_t *value)
{
    const char *key;
    json_t *item;
    size_t i;
    void *next;
    if (json_is_real(value)) {
        const double number = json_real_value(value);
        if (number != floor(number) || fabs(number) >= 0x1p53) return value;
        json_decref(value);
        return json_integer((json_int_t)number);
    }
    if (json_is_object(value)) {
        json_object_foreach_safe(value, next, key, item)
            json_object_set_new(value, key, whole_again(json_incref(item)));
    } else {
        json_array_foreach(value, i, item) json_array_set_new(value, i, whole_again(json_incref(item)));
    }
    return value;
}

/* Python writes whole numbers of any size: 10^30 is transformers' word for "no limit". */
static json_t *load(const char *text, size_t length, json_error_t *error)
{
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, error);
    if (root || json_error_code(error) != json_error_numeric_overflow) return root;
    root = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, error);
    return root ? whole_again(root) : NULL;
}

Status json_parse(const char *name, const char *text, size_t length, json_t **root)
{
    json_error_t error;
    const char *kind = file_kind(text, length);
    *root = NULL;
    CHECK(!kind, STATUS_DATA, "%s: is %s", name, kind);
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) text += 3, length -= 3;
    *root = load(text, length, &error);
    CHECK(*root, STATUS_DATA, "%s: line %d, column %d: not valid JSON: %s", name, error.line, error.column, error.text);
    return STATUS_OK;
}

Status json_read_file(const char *path, json_t **root)
{
    char *text;
    size_t length;
    *root = NULL;
    TRY(file_read(path, &text, &length));
    Status status = json_parse(path, text, length, root);
    free(text);
    return status;
}

static void *checked(void *made)
{
    if (!made) memory_fail(1);
    return made;
}

json_t *json_text(const char *text)
{
    char *valid = utf8_repair(text);
    json_t *made = checked(json_string(valid));
    free(valid);
    return made;
}

json_t *json_number(double value)
{
    return checked(isfinite(value) ? json_real(value) : json_null());
}

void json_put(json_t *object, const char *key, json_t *value)
{
    char *valid = utf8_repair(key);
    if (json_object_set_new(object, valid, checked(value)) != 0) memory_fail(1);
    free(valid);
}

char *json_print(json_t *root, int digits)
{
    char *text = checked(json_dumps(root, JSON_REAL_PRECISION(digits)));
    json_decref(root);
    return text;
}
