/* test_log.c: a line is one write, whatever its length: launchers may tear what comes in pieces. A socket of datagrams
 * keeps the writes apart. */
#include "base/log.h"

#include <sys/socket.h>
#include <unistd.h>

#include "../harness.h"
#include "base/memory.h"

static int ends[2];
static char got[20000];

/* What the next write was; -1: there is none. */
static ssize_t next_write(void)
{
    const ssize_t n = recv(ends[0], got, sizeof got - 1, MSG_DONTWAIT);
    got[n > 0 ? n : 0] = '\0';
    return n;
}

int main(void)
{
    const int kept = dup(STDERR_FILENO);
    char *wide = memory_alloc(6001, 1), *expected;
    memset(wide, 'w', 6000);
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends)) return 1;
    dup2(ends[1], STDERR_FILENO);
    log_init(true);
    log_line("%d sentences of %s", 3, "a text");
    check(next_write() > 0 && strcmp(got, "3 sentences of a text\n") == 0 && next_write() < 0, "a line: %s", got);
    log_warning("%s is odd", "it");
    check(next_write() > 0 && strcmp(got, "warning: it is odd\n") == 0 && next_write() < 0, "a warning: %s", got);
    log_warning("%s", wide);
    expected = memory_print("warning: %s\n", wide);
    check(next_write() > 0 && strcmp(got, expected) == 0 && next_write() < 0, "a line of 6000 bytes: %zu", strlen(got));
    log_init(false);
    log_line("unheard");
    check(next_write() < 0, "another rank says nothing");
    dup2(kept, STDERR_FILENO);
    free(wide), free(expected);
    return harness_done();
}
