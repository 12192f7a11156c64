/* process.c: /proc where there is one; without it, kill(pid, 0) and the answer "cannot tell". */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/hash.h"

static void read_line(const char *path, char *text, size_t size)
{
    text[0] = '\0';
    FILE *stream = fopen(path, "re");
    if (!stream) return;
    if (!fgets(text, (int)size, stream)) text[0] = '\0';
    fclose(stream);
    text[strcspn(text, "\n")] = '\0';
}

/* State, parent and start of a process; false where there is no /proc, or no such process in it. */
static bool read_stat(long long process, char *state, long long *parent, long long *start)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%lld/stat", process);
    read_line(path, text, sizeof text);
    const char *behind = strrchr(text, ')'); /* the name may hold blanks and brackets */
    if (!behind) return false;
    return sscanf(behind + 1, " %c %lld %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lld",
                  state, parent, start) == 3;
}

ProcessId process_self(void)
{
    ProcessId id = {.process = (long long)getpid(), .parent = (long long)getppid()};
    if (gethostname(id.host, sizeof id.host - 1) != 0 || !id.host[0]) snprintf(id.host, sizeof id.host, "localhost");
    for (char *at = id.host; *at; at++)
        if ((unsigned char)*at <= ' ') *at = '_';
    read_line("/proc/sys/kernel/random/boot_id", id.boot, sizeof id.boot);
    const ssize_t n = readlink("/proc/self/ns/pid", id.space, sizeof id.space - 1);
    id.space[n > 0 ? n : 0] = '\0';
    char state;
    long long parent;
    if (!read_stat(id.process, &state, &parent, &id.start)) id.start = 0;
    return id;
}

bool process_is_near(const ProcessId *id)
{
    const ProcessId self = process_self();
    return id->process > 0 && self.boot[0] && self.space[0] && strcmp(self.boot, id->boot) == 0 &&
           strcmp(self.space, id->space) == 0;
}

bool process_lives(const ProcessId *id)
{
    if (kill((pid_t)id->process, 0) != 0 && errno == ESRCH) return false;
    char state;
    long long parent, start;
    if (!read_stat(id->process, &state, &parent, &start)) return true; /* another user's, hidden from us */
    return state != 'Z' && state != 'X' && (id->start == 0 || start == id->start);
}

bool process_is_orphan(const ProcessId *id)
{
    char state;
    long long parent, start;
    return read_stat(id->process, &state, &parent, &start) && parent != id->parent;
}

static void hash_of_space(const ProcessId *id, char text[9])
{
    char all[sizeof *id], hash[HASH_TEXT_SIZE];
    /* where the boot is unknown, the host's name must do: such marks are never taken for those of the dead */
    snprintf(all, sizeof all, "%s%s", id->boot[0] ? id->boot : id->host, id->space);
    hash_xxh128(all, strlen(all), hash);
    memcpy(text, hash, 8);
    text[8] = '\0';
}

const char *process_mark(void)
{
    static _Thread_local char mark[40];
    static _Thread_local pid_t of;
    if (of == getpid()) return mark;
    const ProcessId self = process_self();
    char space[9];
    hash_of_space(&self, space);
    snprintf(mark, sizeof mark, "%lld-%s", self.process, space);
    of = getpid();
    return mark;
}

bool process_read_mark(const char *text, size_t *length, bool *is_dead)
{
    enum { HASH = 8 };
    char *end;
    if (text[0] < '1' || text[0] > '9') return false;
    errno = 0;
    const long long process = strtoll(text, &end, 10);
    if (errno || *end != '-' || strspn(end + 1, "0123456789abcdef") < HASH) return false;
    *length = (size_t)(end - text) + 1 + HASH;
    const ProcessId self = process_self();
    char space[9];
    hash_of_space(&self, space);
    const bool is_near = self.boot[0] && self.space[0] && strncmp(space, end + 1, HASH) == 0;
    *is_dead = is_near && kill((pid_t)process, 0) != 0 && errno == ESRCH;
    return true;
}
