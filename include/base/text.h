/* text.h: strings, numbers and UTF-8. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of somebody else's text; not ended by NUL. */
typedef struct {
    const char *start; /* borrowed */
    size_t length;     /* bytes */
} Slice;

Slice slice_of(const char *text);
Slice slice_trim(Slice slice); /* without ASCII white space at both ends */
bool slice_is(Slice slice, const char *text);
char *slice_copy(Slice slice); /* owned by the caller (free) */

/* Cut the first line off *rest (without its \n, \r\n or \r). False when nothing is left. */
bool slice_next_line(Slice *rest, Slice *line);
/* Cut the text before the first separator (or all) off *rest. False when nothing is left. */
bool slice_next_field(Slice *rest, char separator, Slice *field);

/* The whole of text as a number: decimal, nothing before or behind it, no inf or nan, not too large; false otherwise. A
 * number too small for a double is 0 or nearly so. */
bool text_to_double(const char *text, double *value);
bool text_to_int64(const char *text, int64_t *value);

/* Offset of the first byte that is not valid UTF-8, or length if all is valid. */
size_t utf8_first_invalid(const char *text, size_t length);
/* The text with U+FFFD in the place of every byte that is not part of valid UTF-8; owned by the caller. */
char *utf8_repair(const char *text);
/* Decode one scalar value at text (valid UTF-8); returns its bytes, 1 to 4. */
int utf8_decode(const char *text, size_t length, uint32_t *scalar);
int utf8_encode(uint32_t scalar, char out[4]);

/* Of n candidates the one with the smallest edit distance to word, or NULL if none is near. */
const char *text_nearest(const char *word, const char *const *candidate, int n);

/* Seconds as "1 h 02 min", "3 min 20 s", "12.3 s". */
void text_duration(double time_s, char *out, size_t size);

#endif
