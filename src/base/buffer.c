/* buffer.c: bytes that grow at their end. */
#include "base/buffer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void buffer_add(Buffer *b, const void *bytes, size_t n)
{
    if (!n) return;
    memory_reserve((void **)&b->data, &b->capacity, b->n + n, 1);
    memcpy(b->data + b->n, bytes, n);
    b->n += n;
}

void buffer_add_slice(Buffer *b, Slice slice)
{
    buffer_add(b, slice.start, slice.length);
}

void buffer_add_text(Buffer *b, const char *text)
{
    buffer_add(b, text, strlen(text));
}

void buffer_add_byte(Buffer *b, char byte)
{
    buffer_add(b, &byte, 1);
}

void buffer_add_number(Buffer *b, int64_t number)
{
    char text[24];
    buffer_add(b, text, (size_t)snprintf(text, sizeof text, "%" PRId64, number));
}

Slice buffer_slice(const Buffer *b)
{
    return (Slice){b->data, b->n};
}

void buffer_free(Buffer *b)
{
    free(b->data);
    *b = (Buffer){0};
}
