/* memory.h: allocations that live outside the arenas (file contents, tables, text).
 *
 * Out of memory is not a condition a trainer can work around: these calls print one line and
 * abort. Sizes that come from a file are checked by the caller before they arrive here. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

void *memory_alloc(size_t count, size_t size);             /* zeroed; count * size is checked */
void *memory_resize(void *old, size_t count, size_t size); /* new part is not zeroed */
char *memory_copy_text(const char *text);
char *memory_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Grow *array (elements of size bytes, *capacity of them) so that it holds at least needed. */
void memory_reserve(void **array, size_t *capacity, size_t needed, size_t size);

/* The peak resident set of this process in bytes. */
int64_t memory_peak_bytes(void);

#endif
