/* log.c: plain lines on stderr, and one redrawn line at the bottom of a terminal.
 *
 * mpirun takes the ranks' stderr through a pipe, so under it the status line goes to the controlling
 * terminal itself, if mpirun runs in its foreground. */
#include "base/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/streams.h"
#include "base/timer.h"

static bool speaks_here = true;
static bool status_shown;
static FILE *terminal; /* NULL: none */

static FILE *find_terminal(void)
{
    if (isatty(STDERR_FILENO)) return stderr;
    const int tty = open("/dev/tty", O_WRONLY | O_CLOEXEC);
    if (tty < 0) return NULL;
    const pid_t foreground = tcgetpgrp(tty);
    if (foreground > 0 && (foreground == getpgrp() || foreground == getpgid(getppid()))) return fdopen(tty, "w");
    close(tty);
    return NULL;
}

void log_init(bool speaks)
{
    speaks_here = speaks;
    if (speaks) terminal = find_terminal();
}

bool log_speaks(void)
{
    return speaks_here;
}

bool log_is_terminal(void)
{
    return speaks_here && terminal;
}

static void clear_status(void)
{
    if (status_shown) {
        fputs("\r\033[K", terminal);
        fflush(terminal);
    }
    status_shown = false;
}

enum { MOST_BYTES = 4096 }; /* of a line that needs no memory */

/* With one write: a piece that does not end in a newline might go elsewhere (base/streams.h). */
static void print_line(const char *prefix, const char *format, va_list arguments)
{
    if (!speaks_here) return;
    clear_status();
    streams_turn();
    va_list again;
    char line[MOST_BYTES];
    const size_t before = strlen(prefix);
    memcpy(line, prefix, before);
    va_copy(again, arguments);
    const size_t n = before + (size_t)vsnprintf(line + before, sizeof line - before, format, arguments);
    char *longer = n + 1 >= sizeof line ? memory_alloc(n + 2, 1) : NULL, *text = longer ? longer : line;
    if (longer) {
        memcpy(longer, prefix, before);
        vsnprintf(longer + before, n + 2 - before, format, again);
    }
    va_end(again);
    text[n] = '\n';
    fwrite(text, 1, n + 1, stderr);
    free(longer);
}

void log_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line("", format, arguments);
    va_end(arguments);
}

void log_warning(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line("warning: ", format, arguments);
    va_end(arguments);
}

static int terminal_width(void)
{
    struct winsize size;
    return ioctl(fileno(terminal), TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

void log_status(const char *format, ...)
{
    if (!log_is_terminal()) return;
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    clear_status();
    fprintf(terminal, "%.*s", terminal_width() - 1, text); /* a line that wraps could not be redrawn */
    status_shown = length > 0;
    fflush(terminal);
}

void log_share(const char *what, double share)
{
    static double shown_s;
    const double now = timer_now();
    if (share <= 0) shown_s = now;
    if (now - shown_s < (log_is_terminal() ? 0.2 : 30)) return;
    shown_s = now;
    if (log_is_terminal()) log_status("%s: %.0f %%", what, 100 * share);
    else log_line("%s: %.0f %%", what, 100 * share);
}
