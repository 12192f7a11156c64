/* lock.h: one owner of a folder or file at a time, over all machines that see it. Local.
 *
 * A lock is a file PREFIX<number> that tells host, process and time. No flock: shared file systems do not always have
 * it, and it does not say who holds it. Who makes the file of the number after the highest there is (by link(2):
 * exactly one succeeds) is the owner. The file goes when its owner gives the lock back; after a kill it stays, and who
 * comes next finds out whether that owner is dead:
 *   on the same machine (same boot, same process numbers) by the process's number and start;
 *   elsewhere by its heartbeat. An owner touches its file every LOCK_BEAT_S seconds; whoever has watched it for
 *   LOCK_SILENCE_S seconds, by his own clock, without seeing its time change, takes the next number.
 * An owner that was taken for dead (suspended, or cut off from the file system) notices at its next beat. */
#ifndef IO_LOCK_H
#define IO_LOCK_H

#include "base/status.h"

enum { LOCK_BEAT_S = 5, LOCK_SILENCE_S = 30, LOCK_ORPHAN_S = 15 };
extern double lock_silence_s; /* LOCK_SILENCE_S; tests have less time */

typedef struct Lock Lock;

/* Take the lock, or fail with STATUS_IO and a sentence that names its owner. prefix: "out/lock-"; what: what is
 * locked, as the user wrote it. Waits up to a second for an owner on this machine that may just be ending,
 * LOCK_ORPHAN_S for one whose mpirun has been killed, LOCK_SILENCE_S for one elsewhere; the longer waits are told
 * through say (log_line, or NULL). */
Status lock_take(const char *prefix, const char *what, void (*say)(const char *format, ...), Lock **lock);
/* Fails when the lock is no longer ours: nothing more may be written. */
Status lock_check(const Lock *lock);
/* Give it back. *lock becomes NULL; it may be NULL. */
void lock_release(Lock **lock);

#endif
