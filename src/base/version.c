/* version.c: compiled anew whenever the git id changes (Makefile). */
#include "base/version.h"

#ifndef GIT_ID
#define GIT_ID "unknown"
#endif
#define VERSION "0.1.0"

const char *version_number(void)
{
    return VERSION;
}

const char *version_text(void)
{
    return "collapse " VERSION " (git " GIT_ID ")";
}

const char *version_compiler(void)
{
#ifdef __clang__
    return "clang " __clang_version__;
#else
    return "gcc " __VERSION__;
#endif
}
