/* memory.c: checked allocation. */
#include "base/memory.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/status.h"

static atomic_llong n_allocations;

int64_t memory_allocations(void)
{
    return atomic_load(&n_allocations);
}

static _Thread_local const char *for_file;

void memory_name_file(const char *path)
{
    for_file = path;
}

_Noreturn void memory_fail(size_t bytes)
{
    status_end(STATUS_MEMORY,
               "%s%sno memory for %.1f MB more (this process has used %.1f MB at most); use a larger machine, fewer "
               "processes on one, or lower batch, max-length or the size of the model",
               for_file ? for_file : "", for_file ? ": " : "", 1e-6 * (double)bytes,
               1e-6 * (double)memory_peak_bytes());
}

void *memory_alloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) memory_fail(SIZE_MAX);
    void *pointer = calloc(count ? count : 1, size ? size : 1);
    if (!pointer) memory_fail(bytes);
    atomic_fetch_add_explicit(&n_allocations, 1, memory_order_relaxed);
    return pointer;
}

void *memory_resize(void *old, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) memory_fail(SIZE_MAX);
    void *pointer = realloc(old, bytes ? bytes : 1);
    if (!pointer) memory_fail(bytes);
    atomic_fetch_add_explicit(&n_allocations, 1, memory_order_relaxed);
    return pointer;
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

FILE *memory_stream(char **text, size_t *length)
{
    FILE *stream = open_memstream(text, length);
    if (!stream) memory_fail(1);
    return stream;
}

void memory_stream_close(FILE *stream)
{
    const bool failed = ferror(stream) != 0;
    if (fclose(stream) != 0 || failed) memory_fail(1);
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
