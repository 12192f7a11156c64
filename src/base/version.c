/* version.c: compiled anew whenever the git id changes (Makefile). */
#include "base/version.h"

#include <stdio.h>

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

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

/* Most compilers also say that they are gcc, and many that they are clang: the particular ones are asked first. */
const char *version_compiler(void)
{
#if defined(__INTEL_LLVM_COMPILER)
    static char text[32];
    snprintf(text, sizeof text, "icx %d.%d.%d", __INTEL_LLVM_COMPILER / 10000, __INTEL_LLVM_COMPILER / 100 % 100,
             __INTEL_LLVM_COMPILER % 100);
    return text;
#elif defined(__INTEL_COMPILER)
    return "icc " TEXT(__INTEL_COMPILER);
#elif defined(__NVCOMPILER)
    return "nvc " TEXT(__NVCOMPILER_MAJOR__) "." TEXT(__NVCOMPILER_MINOR__);
#elif defined(__cray__)
    return "Cray clang " TEXT(__cray_major__) "." TEXT(__cray_minor__);
#elif defined(__clang__)
    return "clang " __clang_version__;
#elif defined(__GNUC__)
    return "gcc " __VERSION__;
#else
    return "a compiler without a name";
#endif
}
