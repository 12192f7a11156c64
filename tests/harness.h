/* harness.h: TAP lines for plain test programs. A case is one call of check(): its text says which
 * property holds. tests/run reads `ranks:` of the first comment and counts the lines. */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int harness_cases, harness_failures;
static bool harness_speaks = true;

__attribute__((format(printf, 2, 3), unused)) static bool check(bool holds, const char *format, ...)
{
    va_list arguments;
    harness_cases++;
    harness_failures += !holds;
    if (!harness_speaks) return holds;
    printf("%s %d - ", holds ? "ok" : "not ok", harness_cases);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    fflush(stdout);
    return holds;
}

__attribute__((unused)) static void skip(const char *reason)
{
    harness_cases++;
    if (harness_speaks) printf("ok %d # skip %s\n", harness_cases, reason);
}

/* |x - y| <= tolerance, not NaN */
__attribute__((unused)) static bool near(double x, double y, double tolerance)
{
    return fabs(x - y) <= tolerance;
}

static inline int harness_done(void)
{
    if (harness_speaks) printf("1..%d\n", harness_cases);
    return harness_failures ? 1 : 0;
}

/* The folder of real data, or NULL where it is absent. */
__attribute__((unused)) static const char *harness_shared(void)
{
    const char *folder = getenv("SHARED");
    return folder && folder[0] ? folder : NULL;
}

#endif
