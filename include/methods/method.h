/* method.h: a training recipe: which data, which objectives, which options. No arithmetic. */
#ifndef METHODS_METHOD_H
#define METHODS_METHOD_H

#include "data/corpus.h"
#include "io/settings.h"

/* A key and the value a method gives it; the list ends with {NULL, NULL}. */
typedef struct {
    const char *key, *value;
} MethodValue;

typedef struct {
    const char *name;
    const char *summary;
    const MethodValue *usual; /* its own defaults */
    const MethodValue *fnc;   /* compat = fnc: what the published code does (NULL: nothing is published) */
} Method;

/* NULL if there is no such method. */
const Method *method_find(const char *name);
const Method *method_at(int i); /* in order, NULL after the last */

/* Give the keys that neither the user nor the file has given: those of compat, then the method's own. */
Status method_give_defaults(const Method *method, bool compat_fnc, Settings *settings);

#endif
