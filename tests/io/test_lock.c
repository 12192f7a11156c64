/* test_lock.c: one owner at a time, whatever dies when. Oracle: a file that only one may make (O_EXCL) while it holds
 * the lock. Processes are forked; those "elsewhere" are lock files with another boot. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../harness.h"
#include "base/process.h"
#include "base/timer.h"
#include "io/file.h"
#include "io/lock.h"

static char folder[1024], prefix[1100];

/* This program's own link(2): a file system without links, when wanted. */
static bool links_fail;
int link(const char *from, const char *to)
{
    if (links_fail) return errno = EPERM, -1;
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

static char *in_folder(const char *name)
{
    static char path[1200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int count_files(void)
{
    char command[1200];
    snprintf(command, sizeof command, "ls -A '%s' | wc -l", folder);
    FILE *pipe = popen(command, "r");
    int n = -1;
    if (fscanf(pipe, "%d", &n) != 1) n = -1;
    pclose(pipe);
    return n;
}

/* A child that takes the lock and dies with it. */
static void die_with_lock(void)
{
    const pid_t child = fork();
    if (child == 0) {
        Lock *lock;
        _exit(lock_take(prefix, "out", NULL, &lock) ? 1 : 0);
    }
    int code;
    waitpid(child, &code, 0);
}

static Status try_in_child(char *says, size_t size)
{
    int ends[2];
    if (pipe(ends) != 0) return STATUS_INTERNAL;
    const pid_t child = fork();
    if (child == 0) {
        Lock *lock;
        const Status status = lock_take(prefix, "out", NULL, &lock);
        if (status && write(ends[1], status_message(), strlen(status_message())) < 0) _exit(1);
        if (!status) lock_release(&lock);
        _exit((int)status);
    }
    close(ends[1]);
    const ssize_t n = read(ends[0], says, size - 1);
    says[n > 0 ? n : 0] = '\0';
    close(ends[0]);
    int code;
    waitpid(child, &code, 0);
    return (Status)WEXITSTATUS(code);
}

static void one_after_the_other(void)
{
    Lock *lock;
    char says[1024];
    check(lock_take(prefix, "out", NULL, &lock) == STATUS_OK && file_exists(in_folder("lock-1")), "a lock is taken");
    const Status status = try_in_child(says, sizeof says);
    char process[40];
    snprintf(process, sizeof process, "process %lld on ", (long long)getpid());
    check(status == STATUS_IO && strstr(says, "another run writes to out") && strstr(says, process),
          "a second process is refused: %s", says);
    check(lock_check(lock) == STATUS_OK, "the owner still has it");
    const pid_t child = fork();
    if (child == 0) {
        lock_release(&lock);
        _exit(0);
    }
    int code;
    waitpid(child, &code, 0);
    check(file_exists(in_folder("lock-1")), "a forked child does not give its parent's lock back");
    lock_release(&lock);
    check(lock == NULL && count_files() == 0, "given back: nothing stays");
    check(try_in_child(says, sizeof says) == STATUS_OK, "and it can be taken again");
}

static void after_the_dead(void)
{
    Lock *lock;
    die_with_lock();
    check(file_exists(in_folder("lock-1")), "a dead owner's lock stays");
    const double began_s = timer_now();
    check(lock_take(prefix, "out", NULL, &lock) == STATUS_OK && file_exists(in_folder("lock-2")) &&
              !file_exists(in_folder("lock-1")),
          "the next owner takes the next number and removes the old one (after %.2f s)", timer_now() - began_s);
    unlink(in_folder("lock-2"));
    check(lock_check(lock) == STATUS_IO, "removed by hand: %s", status_message());
    die_with_lock();
    lock_release(&lock);
    check(file_exists(in_folder("lock-1")), "who has lost the lock does not remove the file of the next owner");
    unlink(in_folder("lock-1"));
}

static void without_links(void)
{
    Lock *lock;
    char says[1024];
    links_fail = true;
    check(lock_take(prefix, "out", NULL, &lock) == STATUS_OK && count_files() == 1, "without links: taken");
    check(try_in_child(says, sizeof says) == STATUS_IO && strstr(says, "another run writes to out"),
          "without links: a second one is refused");
    lock_release(&lock);
    check(count_files() == 0, "without links: given back");
    links_fail = false;
}

static void write_far(const char *name)
{
    FILE *f = fopen(in_folder(name), "w");
    fprintf(f, "host = far\nprocess = 77\nparent = 1\nstart = 5\nboot = another\nspace = pid:[1]\nsince = yesterday\n");
    fclose(f);
}

static void elsewhere(void)
{
    Lock *lock;
    char says[1024];
    write_far("lock-4");
    lock_silence_s = 1;
    const double began_s = timer_now();
    check(lock_take(prefix, "out", NULL, &lock) == STATUS_OK && file_exists(in_folder("lock-5")) &&
              timer_now() - began_s >= 1,
          "an owner elsewhere that does not beat is dead, but not before the time is over (%.1f s)",
          timer_now() - began_s);
    lock_release(&lock);
    write_far("lock-4");
    lock_silence_s = 20;
    const pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 60; i++) {
            usleep(100000);
            utimensat(AT_FDCWD, in_folder("lock-4"), NULL, 0);
        }
        _exit(0);
    }
    check(try_in_child(says, sizeof says) == STATUS_IO && strstr(says, "process 77 on far, since yesterday"),
          "an owner elsewhere that beats lives: %s", says);
    kill(child, 9);
    waitpid(child, NULL, 0);
    lock_silence_s = 1;
    FILE *f = fopen(in_folder("lock-4"), "w"); /* cut short, as by a full disk */
    fputs("host = far\nprocess = 77\n", f);
    fclose(f);
    check(lock_take(prefix, "out", NULL, &lock) == STATUS_OK, "a lock file that says too little is judged by its beat");
    lock_release(&lock);
    check(count_files() == 0, "nothing stays");
}

/* One worker: children one after the other that take the lock, look whether they are alone, and die with or without
 * giving it back. */
static void work(int seed, double until_s, int *wins)
{
    srand((unsigned)seed);
    while (timer_now() < until_s) {
        const int gives_back = rand() % 2, holds_us = rand() % 2000;
        const pid_t child = fork();
        if (child == 0) {
            Lock *lock;
            if (lock_take(prefix, "out", NULL, &lock)) _exit(2);
            const int file = open(in_folder("alone"), O_CREAT | O_EXCL | O_WRONLY, 0600);
            if (file < 0) _exit(1);
            usleep((useconds_t)holds_us);
            close(file);
            if (unlink(in_folder("alone")) != 0) _exit(1);
            if (gives_back) lock_release(&lock);
            _exit(0);
        }
        int code;
        waitpid(child, &code, 0);
        if (WEXITSTATUS(code) == 1) _exit(1);
        *wins += WEXITSTATUS(code) == 0;
    }
}

static void many_at_once(bool no_links)
{
    enum { WORKERS = 8 };
    links_fail = no_links;
    lock_silence_s = 0.2;
    const double until_s = timer_now() + 1.5;
    pid_t child[WORKERS];
    int ends[2], total = 0;
    bool alone = pipe(ends) == 0;
    for (int w = 0; w < WORKERS; w++) {
        child[w] = fork();
        if (child[w] != 0) continue;
        int wins = 0;
        work(w + 1, until_s, &wins);
        _exit(write(ends[1], &wins, sizeof wins) == (ssize_t)sizeof wins ? 0 : 3);
    }
    for (int w = 0; w < WORKERS; w++) {
        int code, wins;
        waitpid(child[w], &code, 0);
        alone = alone && WIFEXITED(code) && WEXITSTATUS(code) == 0;
        if (WEXITSTATUS(code) == 0 && read(ends[0], &wins, sizeof wins) == (ssize_t)sizeof wins) total += wins;
    }
    check(alone && total > WORKERS,
          "%d processes at once that die with the lock or give it back%s: %d times taken, never by two", WORKERS,
          no_links ? ", without links" : "", total);
    links_fail = false;
    char command[1200];
    snprintf(command, sizeof command, "rm -f '%s'/*", folder);
    check(system(command) == 0, "cleared");
}

int main(void)
{
    const char *tmp = getenv("TMP");
    snprintf(folder, sizeof folder, "%s/lock-%d", tmp ? tmp : "/tmp", (int)getpid());
    snprintf(prefix, sizeof prefix, "%s/lock-", folder);
    if (file_make_folder(folder)) return 1;
    one_after_the_other();
    after_the_dead();
    without_links();
    elsewhere();
    many_at_once(false);
    many_at_once(true);
    rmdir(folder);
    return harness_done();
}
