/* memory.h: allocations that live outside the arenas (file contents, tables, text).
 *
 * Out of memory is not a condition a trainer can work around: these calls print one sentence and end the
 * run with STATUS_MEMORY (status_end). Sizes that come from a file are compared with the file's before
 * they arrive here. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

void *memory_alloc(size_t count, size_t size);             /* zeroed; count * size is checked */
void *memory_resize(void *old, size_t count, size_t size); /* new part is not zeroed */
char *memory_copy_text(const char *text);
char *memory_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What is allocated from here on is for this file, whose name the sentence then tells; NULL: for no file. */
void memory_name_file(const char *path); /* borrowed until the next call */
/* The end for want of memory, for who asks the system himself. */
_Noreturn void memory_fail(size_t bytes);

/* A text that is printed into: memory_stream, fprintf, memory_stream_close; then *text (owned by the caller) is whole.
 */
FILE *memory_stream(char **text, size_t *length);
void memory_stream_close(FILE *stream);

/* Grow *array (elements of size bytes, *capacity of them) so that it holds at least needed. */
void memory_reserve(void **array, size_t *capacity, size_t needed, size_t size);

/* Calls that allocated so far, in this process: a step must make none. */
int64_t memory_allocations(void);

/* The peak resident set of this process in bytes. */
int64_t memory_peak_bytes(void);

#endif
