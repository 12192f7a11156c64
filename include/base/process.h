/* process.h: which process is this, and does that one still live? For files that must name their owner. Local. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    char host[64];            /* for people: names of machines need not differ */
    char boot[40], space[40]; /* this boot of this machine, and its set of process numbers; "" if unknown */
    long long process, parent;
    long long start; /* ticks from boot to the process's start: a number that is used again has another; 0 unknown */
} ProcessId;

ProcessId process_self(void);

/* Can this process see whether that one lives? Both are of one boot of one machine and of one set of numbers. */
bool process_is_near(const ProcessId *id);
/* For a near one: it exists and is no zombie. */
bool process_lives(const ProcessId *id);
/* For a near one that lives: the process that started it has ended, as when mpirun is killed. */
bool process_is_orphan(const ProcessId *id);

/* "12345-1a2b3c4d": this process, in the names of files that it alone may remove. */
const char *process_mark(void);
/* Does text hold such a mark? length: of the mark; is_dead: of a near process that lives no more. */
bool process_read_mark(const char *text, size_t *length, bool *is_dead);

#endif
