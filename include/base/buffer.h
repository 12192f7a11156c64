/* buffer.h: bytes that grow at their end. Local. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include "base/text.h"

typedef struct {
    char *data; /* owned (buffer_free); kept when the buffer is emptied */
    size_t n, capacity;
} Buffer;

void buffer_add(Buffer *buffer, const void *bytes, size_t n);
void buffer_add_slice(Buffer *buffer, Slice slice);
void buffer_add_text(Buffer *buffer, const char *text);
void buffer_add_byte(Buffer *buffer, char byte);
void buffer_add_number(Buffer *buffer, int64_t number); /* decimal */
Slice buffer_slice(const Buffer *buffer);
void buffer_free(Buffer *buffer);

#endif
