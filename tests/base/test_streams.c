/* test_streams.c: what is printed under a launcher that mixes streams as PMIx does. This process is the launcher: it
 * reads both streams by turns, 4096 bytes at most, keeps a piece without a line's end, and puts it before what comes
 * next, be it of the other stream. */
#define _XOPEN_SOURCE 700
#include "base/streams.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "../harness.h"
#include "base/log.h"

enum { PIECE = 4096, MOST = 1 << 17, N_BYTES = 30000 };

typedef struct {
    int from;
    size_t n;
    char text[MOST];
} Stream;

static Stream out, err;
static char kept[MOST];
static size_t n_kept;

static void carry(Stream *s)
{
    char piece[PIECE];
    const ssize_t n = read(s->from, piece, sizeof piece);
    if (n <= 0) {
        s->from = -1;
        return;
    }
    memcpy(s->text + s->n, kept, n_kept);
    s->n += n_kept, n_kept = 0;
    size_t whole = (size_t)n;
    while (whole && piece[whole - 1] != '\n') whole--;
    memcpy(s->text + s->n, piece, whole);
    s->n += whole;
    n_kept = (size_t)n - whole;
    memcpy(kept, piece + whole, n_kept);
}

static void launch(void)
{
    out.n = err.n = n_kept = 0;
    while (out.from >= 0 || err.from >= 0) {
        struct pollfd ready[2] = {{out.from, POLLIN, 0}, {err.from, POLLIN, 0}};
        poll(ready, 2, 1000);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        if (ready[0].revents) carry(&out);
        if (ready[1].revents) carry(&err);
    }
}

/* A rank: lines, an object of one long line, a line, another object. */
static int rank(void)
{
    streams_init();
    log_init(true);
    for (int i = 0; i < 200; i++) log_line("a line of the log before the results: %d", i);
    for (int i = 0; i < N_BYTES; i++) putchar('x');
    putchar('\n');
    log_line("the end");
    for (int i = 0; i < N_BYTES; i++) putchar('y');
    putchar('\n');
    return streams_flush() != 0;
}

/* In a program of its own: nothing was printed there before. */
static _Noreturn void become_rank(const char *self, int to, int log_to)
{
    dup2(to, STDOUT_FILENO), dup2(log_to, STDERR_FILENO);
    for (int i = 3; i < 20; i++) close(i);
    setenv("PMIX_RANK", "0", 1);
    execl(self, self, "rank", (char *)NULL);
    _exit(1);
}

static void try(const char *self, const char *what, int to, int from)
{
    int log_to[2], status = -1;
    if (pipe(log_to)) exit(1);
    fflush(stdout);
    const pid_t child = fork();
    if (!child) become_rank(self, to, log_to[1]);
    close(to), close(log_to[1]);
    out.from = from, err.from = log_to[0];
    launch();
    waitpid(child, &status, 0);
    check(status == 0, "%s: ended with %d", what, status);
    check(out.n == 2 * (N_BYTES + 1) && !memchr(out.text, 'a', out.n) && out.text[N_BYTES] == '\n',
          "%s: the results are whole: %zu bytes", what, out.n);
    check(err.n && !memchr(err.text, 'x', err.n) && !memchr(err.text, 'y', err.n), "%s: the log holds none of them",
          what);
    close(from), close(log_to[0]);
}

int main(int argc, char **argv)
{
    if (argc > 1) return rank();
    int ends[2];
    if (pipe(ends)) return 1;
    try(argv[0], "a pipe", ends[1], ends[0]);
    const int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) || unlockpt(master)) return harness_done(); /* no terminals here */
    const int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    struct termios raw;
    tcgetattr(slave, &raw);
    raw.c_oflag &= ~(tcflag_t)OPOST;
    tcsetattr(slave, TCSANOW, &raw);
    try(argv[0], "a terminal", slave, master);
    return harness_done();
}
