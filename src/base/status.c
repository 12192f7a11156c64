/* status.c: the stored sentence of the last failure and the trail it took upward. */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local char message[2048];
static _Thread_local char trail[2048];

static void trail_add(const char *file, int line)
{
    size_t used = strlen(trail);
    if (used + 2 < sizeof trail) snprintf(trail + used, sizeof trail - used, "  at %s:%d\n", file, line);
}

Status status_set(Status code, const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    trail[0] = '\0';
    trail_add(file, line);
    return code;
}

Status status_trace(Status code, const char *file, int line)
{
    trail_add(file, line);
    return code;
}

const char *status_message(void)
{
    return message;
}

void status_adopt(const char *text)
{
    if (text != message) snprintf(message, sizeof message, "%s", text);
}

void status_print(const char *program)
{
    fprintf(stderr, "%s: %s\n", program, message);
    const char *trace = getenv("COLLAPSE_TRACE");
    if (trace && trace[0] == '1') fputs(trail, stderr);
}

_Noreturn void status_abort(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "collapse: internal error at %s:%d: ", file, line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    abort();
}
