/* streams.c: one stream at a time for a launcher that would mix them. */
#include "base/streams.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 2000 };
static char held[1 << 20];
static const struct timespec a_moment = {.tv_nsec = 1000000}, behind_terminal = {.tv_nsec = 50000000};
static bool are_carried;

void streams_init(void)
{
    are_carried = getenv("PMIX_RANK") != NULL;
    if (are_carried) setvbuf(stdout, held, _IOFBF, sizeof held); /* glibc passes a size without memory over */
}

/* Wait until the launcher has read what was written, at most two seconds. A terminal (Open MPI gives one for standard
 * output) does not tell how much of it was read; there the wait is a fixed one. */
static void settle(int stream)
{
    struct stat file;
    if (fstat(stream, &file) != 0 || S_ISREG(file.st_mode)) return;
    if (S_ISCHR(file.st_mode)) {
        if (isatty(stream)) nanosleep(&behind_terminal, NULL);
        return;
    }
    int unread = 0;
    for (int i = 0; i < TRIES && ioctl(stream, FIONREAD, &unread) == 0 && unread > 0; i++) nanosleep(&a_moment, NULL);
}

int streams_flush(void)
{
    if (!are_carried || !__fpending(stdout)) return fflush(stdout);
    fflush(stderr);
    settle(STDERR_FILENO);
    const int flushed = fflush(stdout);
    settle(STDOUT_FILENO);
    return flushed;
}

void streams_turn(void)
{
    if (are_carried && __fpending(stdout)) streams_flush();
}
