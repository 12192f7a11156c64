/* version.h: what this build is. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

const char *version_number(void); /* "0.1.0" */
const char *version_text(void);   /* "collapse 0.1.0 (git 1a2b3c4)" */
const char *version_compiler(void);

#endif
