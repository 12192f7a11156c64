/* log.c: plain lines, and one redrawn line at the bottom of a terminal. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static bool speaks_here = true;
static bool status_shown;

void log_init(bool speaks)
{
    speaks_here = speaks;
}

bool log_speaks(void)
{
    return speaks_here;
}

bool log_is_terminal(void)
{
    return speaks_here && isatty(STDERR_FILENO);
}

static void clear_status(void)
{
    if (status_shown) fputs("\r\033[K", stderr);
    status_shown = false;
}

static void print_line(const char *prefix, const char *format, va_list arguments)
{
    if (!speaks_here) return;
    clear_status();
    fputs(prefix, stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    fflush(stderr);
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

void log_status(const char *format, ...)
{
    if (!log_is_terminal()) return;
    va_list arguments;
    va_start(arguments, format);
    clear_status();
    int printed = vfprintf(stderr, format, arguments);
    status_shown = printed > 0;
    fflush(stderr);
    va_end(arguments);
}
