/* arena.h: memory by lifetime.
 *
 * An arena is one block from which pieces are cut one after the other; all of them are given back
 * together. A fresh arena is in counting mode: pieces have the address NULL and only their sizes
 * are added, so that the layout code itself tells how much memory a run will need. arena_open then
 * takes the memory, and the same layout code runs a second time. No step allocates. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    char *base;  /* owned; NULL in counting mode */
    size_t size; /* bytes taken by arena_open */
    size_t used; /* bytes cut so far */
} Arena;

#define ARENA_ALIGNMENT 64

/* Cut count elements of size bytes, aligned to 64. Zeroed only the first time the memory is used. */
void *arena_cut(Arena *arena, size_t count, size_t size);

/* The same out of `nook`, pieces of the arena that others use at other times, as long as it has room; then out of the
 * arena. A nook is an Arena that is never opened: base (aligned; NULL while the arena is counting) and size are set by
 * who knows those times. */
void *arena_cut_within(Arena *nook, Arena *arena, size_t count, size_t size);

/* Leave counting mode: take as many bytes as were counted, and start cutting from the beginning. */
void arena_open(Arena *arena);
void arena_close(Arena *arena);

static inline bool arena_is_counting(const Arena *arena)
{
    return arena->base == NULL;
}

#endif
