/* names.h: the names that a file gives to groups of its items (bias types, terms, templates), numbered in its order.
 * Local. */
#ifndef EVALUATE_NAMES_H
#define EVALUATE_NAMES_H

#include "base/text.h"

typedef struct {
    char **name; /* owned [n] of owned texts */
    size_t n, capacity;
} Names;

/* The number of a name, which is added if it is new. */
int names_number(Names *names, Slice name);
void names_free(Names *names);
/* May it be a part of the name of a metric: not empty, no '/' (it is a path in a file), not '.' alone? */
bool names_is_sound(Slice name);

#endif
