/* lock.c: numbered files made by link(2), and a thread that touches ours.
 *
 * Nobody removes a dead owner's file in order to make his own of the same name: he might remove that of a third who was
 * faster. Instead: judge every file there is; when all owners are dead, make the file of the next number; look again.
 * Of several who do so at once one makes the file, and the others judge again. When there is by then a file that was
 * not judged (its maker saw the folder at another time, and so has another number), withdraw and begin again. Of two
 * makers the later one sees the other's file, so there are never two owners. */
#include "io/lock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/process.h"
#include "base/text.h"
#include "base/timer.h"
#include "io/file.h"

double lock_silence_s = LOCK_SILENCE_S;

struct Lock {
    char *name, *what; /* owned: our lock file; what it locks */
    ProcessId id;      /* who took it: a child that was forked does not own it */
    bool beats;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool ends; /* guarded by mutex */
    atomic_bool is_lost;
};

/* What a lock file says, and when it was touched. */
typedef struct {
    ProcessId id; /* process 0: it says nothing (yet) */
    char since[32];
    struct timespec touched;
} Owner;

static bool is_same(const ProcessId *a, const ProcessId *b)
{
    return a->process == b->process && a->start == b->start && strcmp(a->boot, b->boot) == 0 &&
           strcmp(a->space, b->space) == 0 && strcmp(a->host, b->host) == 0;
}

static char *name_of(const char *prefix, int64_t number)
{
    return memory_print("%s%lld", prefix, (long long)number);
}

/* --- the files ----------------------------------------------------------------------------------- */

static char *describe_self(void)
{
    const ProcessId id = process_self();
    char since[32];
    const time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    strftime(since, sizeof since, "%Y-%m-%dT%H:%M:%S%z", &local);
    return memory_print("This file shows that a run of collapse writes here; it goes when the run ends.\n"
                        "host = %s\nprocess = %lld\nparent = %lld\nstart = %lld\nboot = %s\nspace = %s\nsince = %s\n",
                        id.host, id.process, id.parent, id.start, id.boot, id.space, since);
}

static void parse_owner(const char *text, Owner *owner)
{
    Slice rest = slice_of(text), line, name;
    const struct {
        const char *name;
        char *text;
        size_t size;
        long long *number;
    } field[] = {{"host", owner->id.host, sizeof owner->id.host, NULL},
                 {"boot", owner->id.boot, sizeof owner->id.boot, NULL},
                 {"space", owner->id.space, sizeof owner->id.space, NULL},
                 {"since", owner->since, sizeof owner->since, NULL},
                 {"process", NULL, 0, &owner->id.process},
                 {"parent", NULL, 0, &owner->id.parent},
                 {"start", NULL, 0, &owner->id.start}};
    while (slice_next_line(&rest, &line)) {
        slice_next_field(&line, '=', &name);
        char *value = slice_copy(slice_trim(line));
        int64_t number;
        for (size_t i = 0; i < sizeof field / sizeof field[0]; i++) {
            if (!slice_is(slice_trim(name), field[i].name)) continue;
            if (field[i].text) snprintf(field[i].text, field[i].size, "%s", value);
            else if (text_to_int64(value, &number)) *field[i].number = number;
        }
        free(value);
    }
    if (!owner->since[0]) owner->id.process = 0; /* the last line is missing: it is being written, or was cut short */
}

typedef enum { READ_OK, READ_GONE, READ_REFUSED } Reading;

/* Opened anew each time: that is when NFS asks the server for times and contents. */
static Reading read_owner(const char *name, Owner *owner)
{
    char text[1024] = "";
    struct stat info;
    *owner = (Owner){0};
    const int file = open(name, O_RDONLY | O_CLOEXEC);
    if (file < 0) return errno == ENOENT || errno == ESTALE ? READ_GONE : READ_REFUSED;
    const ssize_t n = read(file, text, sizeof text - 1);
    const bool good = n >= 0 && fstat(file, &info) == 0;
    const int reason = errno;
    close(file);
    errno = reason;
    if (!good) return reason == ESTALE ? READ_GONE : READ_REFUSED;
    owner->touched = info.st_mtim;
    parse_owner(text, owner);
    return READ_OK;
}

/* Is the file of this name there, and by this process? unknown: what to say when it cannot be read. */
static bool is_by(const char *name, const ProcessId *id, bool unknown)
{
    Owner owner;
    const Reading reading = read_owner(name, &owner);
    return reading == READ_REFUSED ? unknown : reading == READ_OK && is_same(&owner.id, id);
}

typedef struct {
    int64_t number;
    Owner owner;
} LockFile;

typedef struct {
    LockFile *file; /* owned [n] */
    size_t n, capacity;
    int64_t highest; /* number; 0 if there is none */
} LockFiles;

static void free_files(LockFiles *files)
{
    free(files->file);
    *files = (LockFiles){0};
}

/* All lock files there are, with what they say. */
static Status list_files(const char *prefix, LockFiles *files)
{
    char *folder = file_folder(prefix);
    const char *slash = strrchr(prefix, '/'), *start = slash ? slash + 1 : prefix;
    DIR *directory = opendir(folder);
    Status status = STATUS_OK;
    *files = (LockFiles){0};
    if (!directory)
        status = status_set(STATUS_IO, __FILE__, __LINE__, "%s: cannot be opened: %s", folder, strerror(errno));
    for (struct dirent *entry; !status && (entry = readdir(directory));) {
        int64_t number;
        const char *text = entry->d_name + strlen(start);
        if (strncmp(entry->d_name, start, strlen(start)) != 0 || !text_to_int64(text, &number) || number < 1) continue;
        memory_reserve((void **)&files->file, &files->capacity, files->n + 1, sizeof *files->file);
        char *name = name_of(prefix, number);
        LockFile *file = &files->file[files->n];
        file->number = number;
        const Reading reading = read_owner(name, &file->owner);
        if (reading == READ_REFUSED)
            status =
                status_set(STATUS_IO, __FILE__, __LINE__, "%s: the lock cannot be read: %s", name, strerror(errno));
        if (reading == READ_OK) files->n++;
        if (reading == READ_OK && number > files->highest) files->highest = number;
        free(name);
    }
    if (directory) closedir(directory);
    free(folder);
    if (status) free_files(files);
    return status;
}

/* --- is an owner dead? ----------------------------------------------------------------------------- */

typedef enum { OWNER_LIVES, OWNER_IS_DEAD, OWNER_HAS_GONE } Fate;

static void pause_s(double time_s)
{
    const struct timespec time = {(time_t)time_s, (long)(1e9 * (time_s - (double)(time_t)time_s))};
    nanosleep(&time, NULL);
}

/* An owner on this machine: it may be ending at this moment. */
static Fate watch_near(const char *name, const char *what, void (*say)(const char *format, ...), const Owner *owner)
{
    const double began_s = timer_now(), moment_s = 1;
    bool has_said = false;
    while (process_lives(&owner->id)) {
        if (!file_exists(name)) return OWNER_HAS_GONE;
        const bool is_orphan = process_is_orphan(&owner->id);
        if (timer_now() - began_s > (is_orphan ? LOCK_ORPHAN_S : moment_s)) return OWNER_LIVES;
        if (is_orphan && !has_said && say && timer_now() - began_s > 0.2) {
            say("%s: waiting for process %lld of an earlier run, whose parent has ended, to end too (%d s at most)",
                what, owner->id.process, LOCK_ORPHAN_S);
            has_said = true;
        }
        pause_s(0.02);
    }
    return OWNER_IS_DEAD;
}

/* An owner elsewhere: only its heartbeat tells. */
static Fate watch_far(const char *name, const char *what, void (*say)(const char *format, ...), const Owner *first)
{
    const double began_s = timer_now();
    Owner now;
    if (say)
        say("%s: was locked by process %lld on %s, since %s; watching for its heartbeat, %d s at most", what,
            first->id.process, first->id.host[0] ? first->id.host : "an unknown host", first->since, LOCK_SILENCE_S);
    while (timer_now() - began_s < lock_silence_s) {
        pause_s(0.25);
        const Reading reading = read_owner(name, &now);
        if (reading == READ_REFUSED) continue;
        if (reading == READ_GONE || (first->id.process && !is_same(&now.id, &first->id))) return OWNER_HAS_GONE;
        if (now.touched.tv_sec != first->touched.tv_sec || now.touched.tv_nsec != first->touched.tv_nsec)
            return OWNER_LIVES;
    }
    return OWNER_IS_DEAD;
}

/* Fails when the owner of one of the files lives. Keeps those of the dead and forgets a file that has gone: its owner
 * lives, and may make one of the same number again, which nobody has judged. */
static Status judge(const char *prefix, const char *what, void (*say)(const char *format, ...), LockFiles *files)
{
    size_t kept = 0;
    for (size_t i = 0; i < files->n; i++) {
        const Owner *owner = &files->file[i].owner;
        char *name = name_of(prefix, files->file[i].number);
        const Fate fate =
            process_is_near(&owner->id) ? watch_near(name, what, say, owner) : watch_far(name, what, say, owner);
        free(name);
        CHECK(fate != OWNER_LIVES, STATUS_IO,
              "another run writes to %s: process %lld on %s, since %s; let it end, or choose another output", what,
              owner->id.process, owner->id.host[0] ? owner->id.host : "an unknown host",
              owner->since[0] ? owner->since : "just now");
        if (fate == OWNER_IS_DEAD) files->file[kept++] = files->file[i];
    }
    files->n = kept;
    return STATUS_OK;
}

/* --- taking ---------------------------------------------------------------------------------------- */

/* STATUS_IO with errno kept. */
static Status write_self(const char *name, int flags)
{
    Status status = STATUS_OK;
    char *text = describe_self();
    const size_t n = strlen(text);
    const int file = open(name, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666);
    errno = file < 0 ? errno : ENOSPC; /* a short write sets none */
    if (file < 0 || write(file, text, n) != (ssize_t)n || (fsync(file) != 0 && errno != EINVAL)) {
        const int reason = errno;
        status = status_set(STATUS_IO, __FILE__, __LINE__, "%s: cannot be written: %s", name, strerror(reason));
        if (file >= 0) unlink(name);
        errno = reason;
    } else {
        fchmod(file, 0644); /* others must be able to read who we are, whatever the umask */
    }
    const int reason = errno;
    if (file >= 0) close(file);
    errno = reason;
    free(text);
    return status;
}

/* Make the file of a number, unless somebody else is faster: then no error, and the file is not by us. With links the
 * file appears together with its contents. */
static Status make(const char *name)
{
    char *aside = file_partial_name(name);
    Status status = write_self(aside, O_TRUNC);
    if (!status && link(aside, name) != 0 && errno != EEXIST && errno != ENOENT) { /* no links here */
        status = write_self(name, O_EXCL);
        if (status && errno == EEXIST) status = STATUS_OK;
    }
    unlink(aside);
    free(aside);
    return status;
}

static bool was_judged(const LockFiles *judged, const LockFile *file)
{
    for (size_t i = 0; i < judged->n; i++)
        if (judged->file[i].number == file->number) return is_same(&judged->file[i].owner.id, &file->owner.id);
    return false;
}

/* Is our file there, and no other that was not judged? */
static bool is_alone(const LockFiles *judged, const LockFiles *now, int64_t mine, const ProcessId *self)
{
    bool has_mine = false;
    for (size_t i = 0; i < now->n; i++) {
        const LockFile *file = &now->file[i];
        const bool is_mine = file->number == mine && is_same(&file->owner.id, self);
        has_mine = has_mine || is_mine;
        if (!is_mine && !was_judged(judged, file)) return false;
    }
    return has_mine;
}

static void remove_files(const char *prefix, const LockFiles *files)
{
    for (size_t i = 0; i < files->n; i++) {
        char *name = name_of(prefix, files->file[i].number);
        unlink(name);
        free(name);
    }
}

/* One attempt, after all there were have been judged dead. *name: owned by the caller; NULL: begin again. */
static Status try_next(const char *prefix, const LockFiles *judged, const ProcessId *self, char **name)
{
    LockFiles now;
    const int64_t mine = judged->highest + 1;
    *name = name_of(prefix, mine);
    Status status = make(*name);
    if (!status) status = list_files(prefix, &now);
    const bool taken = !status && is_alone(judged, &now, mine, self);
    if (taken) remove_files(prefix, judged);
    else if (is_by(*name, self, false)) unlink(*name);
    if (!status) free_files(&now);
    if (taken) return STATUS_OK;
    free(*name);
    *name = NULL;
    return status;
}

static void *beat(void *context)
{
    Lock *lock = context;
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    pthread_mutex_lock(&lock->mutex);
    while (!lock->ends) {
        next.tv_sec += LOCK_BEAT_S;
        while (!lock->ends && pthread_cond_timedwait(&lock->wake, &lock->mutex, &next) != ETIMEDOUT) {
        }
        if (!lock->ends && !is_by(lock->name, &lock->id, true)) atomic_store(&lock->is_lost, true);
        if (!lock->ends && !atomic_load(&lock->is_lost)) utimensat(AT_FDCWD, lock->name, NULL, 0);
        clock_gettime(CLOCK_MONOTONIC, &next);
    }
    pthread_mutex_unlock(&lock->mutex);
    return NULL;
}

/* The beats come from a thread: a step may take minutes. It takes no signals. */
static void begin_beats(Lock *lock)
{
    sigset_t all, before;
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_mutex_init(&lock->mutex, NULL);
    pthread_cond_init(&lock->wake, &clock);
    pthread_condattr_destroy(&clock);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    lock->beats = pthread_create(&lock->thread, NULL, beat, lock) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

Status lock_take(const char *prefix, const char *what, void (*say)(const char *format, ...), Lock **lock)
{
    const ProcessId self = process_self();
    char *name = NULL;
    *lock = NULL;
    while (!name) {
        LockFiles files;
        TRY(list_files(prefix, &files));
        Status status = judge(prefix, what, say, &files);
        if (!status) status = try_next(prefix, &files, &self, &name);
        free_files(&files);
        TRY(status);
    }
    Lock *taken = memory_alloc(1, sizeof *taken);
    taken->name = name;
    taken->what = memory_copy_text(what);
    taken->id = self;
    begin_beats(taken);
    *lock = taken;
    if (taken->beats) return STATUS_OK;
    lock_release(lock);
    FAIL(STATUS_INTERNAL, "%s: no thread for the heartbeat of the lock", what);
}

Status lock_check(const Lock *lock)
{
    const bool is_ours = !atomic_load(&lock->is_lost) && is_by(lock->name, &lock->id, true);
    CHECK(is_ours, STATUS_IO,
          "%s: the lock of this run (%s) was removed, or another run has taken this one for dead; this run writes "
          "nothing more and ends",
          lock->what, lock->name);
    return STATUS_OK;
}

void lock_release(Lock **lock)
{
    Lock *l = *lock;
    *lock = NULL;
    if (!l || l->id.process != (long long)getpid()) return;
    if (l->beats) {
        pthread_mutex_lock(&l->mutex);
        l->ends = true;
        pthread_cond_signal(&l->wake);
        pthread_mutex_unlock(&l->mutex);
        pthread_join(l->thread, NULL);
    }
    pthread_mutex_destroy(&l->mutex);
    pthread_cond_destroy(&l->wake);
    if (is_by(l->name, &l->id, false)) unlink(l->name);
    free(l->name);
    free(l->what);
    free(l);
}
