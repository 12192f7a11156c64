/* memory.c: checked allocation. */
#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/status.h"

static void *checked(void *pointer, size_t bytes)
{
    if (!pointer && bytes) status_abort(__FILE__, __LINE__, "no memory for %zu bytes; ask for a larger node", bytes);
    return pointer;
}

void *memory_alloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        status_abort(__FILE__, __LINE__, "a size of %zu x %zu bytes does not fit", count, size);
    return checked(calloc(count ? count : 1, size ? size : 1), bytes);
}

void *memory_resize(void *old, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        status_abort(__FILE__, __LINE__, "a size of %zu x %zu bytes does not fit", count, size);
    return checked(realloc(old, bytes ? bytes : 1), bytes);
}

char *memory_copy_text(const char *text)
{
    size_t bytes = strlen(text) + 1;
    return memcpy(memory_alloc(bytes, 1), text, bytes);
}

char *memory_print(const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    char *text = memory_alloc((size_t)length + 1, 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
    return text;
}

void memory_reserve(void **array, size_t *capacity, size_t needed, size_t size)
{
    if (needed <= *capacity) return;
    size_t grown = *capacity + *capacity / 2 + 16;
    if (grown < needed) grown = needed;
    *array = memory_resize(*array, grown, size);
    *capacity = grown;
}

int64_t memory_peak_bytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (int64_t)usage.ru_maxrss * 1024;
}
