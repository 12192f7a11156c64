/* arena.c: one anonymous mapping per arena; large pages are asked for, first touch places them. */
#include "base/arena.h"

#include <sys/mman.h>

#include "base/memory.h"
#include "base/status.h"

void *arena_cut(Arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2 - arena->used) memory_fail(SIZE_MAX);
    bytes = (bytes + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
    size_t start = arena->used;
    arena->used += bytes;
    if (arena_is_counting(arena)) return NULL;
    if (arena->used > arena->size)
        status_abort(__FILE__, __LINE__, "arena of %zu bytes asked for %zu", arena->size, arena->used);
    return arena->base + start;
}

void *arena_cut_within(Arena *nook, Arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) memory_fail(SIZE_MAX);
    const size_t start = (nook->used + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
    if (start > nook->size || bytes > nook->size - start) return arena_cut(arena, count, size);
    nook->used = start + bytes;
    return arena_is_counting(nook) ? NULL : nook->base + start;
}

void arena_open(Arena *arena)
{
    arena->size = arena->used ? arena->used : ARENA_ALIGNMENT;
    arena->used = 0;
    void *base = mmap(NULL, arena->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) memory_fail(arena->size);
    arena->base = base;
    if (arena->size >= (size_t)4 << 20) madvise(base, arena->size, MADV_HUGEPAGE);
}

void arena_close(Arena *arena)
{
    if (arena->base) munmap(arena->base, arena->size);
    *arena = (Arena){0};
}
