/* status.c: the stored sentence of the last failure and the trail it took upward. */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/streams.h"

static _Thread_local char message[STATUS_MESSAGE];
static _Thread_local char trail[2048];

static void trail_add(const char *file, int line)
{
    size_t used = strlen(trail);
    if (used + 2 < sizeof trail) snprintf(trail + used, sizeof trail - used, "  at %s:%d\n", file, line);
}

/* A sentence that was too long ends in "..." behind a whole character. */
static void mark_cut(int length)
{
    if (length < (int)sizeof message) return;
    size_t end = sizeof message - 4;
    while (end && ((unsigned char)message[end] & 0xC0) == 0x80) end--;
    strcpy(message + end, "...");
}

Status status_set(Status code, const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    mark_cut(vsnprintf(message, sizeof message, format, arguments));
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
    streams_turn();
    fprintf(stderr, "%s: %s\n", program, message);
    const char *trace = getenv("COLLAPSE_TRACE");
    if (trace && trace[0] == '1') fputs(trail, stderr);
}

static void (*end_all)(Status code);

void status_set_end(void (*end)(Status code))
{
    end_all = end;
}

/* With COLLAPSE_TRACE=1 our own bug leaves a core. */
static _Noreturn void end(Status code)
{
    const char *trace = getenv("COLLAPSE_TRACE");
    fflush(stderr);
    if (code == STATUS_INTERNAL && trace && trace[0] == '1') abort();
    if (end_all) end_all(code);
    _exit((int)code);
}

_Noreturn void status_end(Status code, const char *format, ...)
{
    char text[1024]; /* no memory may be left to print with */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    streams_turn();
    fprintf(stderr, "collapse: %s\n", text);
    end(code);
}

_Noreturn void status_abort(const char *file, int line, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    streams_turn();
    fprintf(stderr, "collapse: internal error at %s:%d: %s\n", file, line, text);
    end(STATUS_INTERNAL);
}
