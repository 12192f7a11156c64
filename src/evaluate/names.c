/* names.c: a list that is searched from its beginning: there are few names. */
#include "evaluate/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

int names_number(Names *names, Slice name)
{
    for (size_t i = 0; i < names->n; i++)
        if (slice_is(name, names->name[i])) return (int)i;
    memory_reserve((void **)&names->name, &names->capacity, names->n + 1, sizeof *names->name);
    names->name[names->n] = slice_copy(name);
    return (int)names->n++;
}

void names_free(Names *names)
{
    for (size_t i = 0; i < names->n; i++) free(names->name[i]);
    free(names->name);
    *names = (Names){0};
}

bool names_is_sound(Slice name)
{
    return name.length && !memchr(name.start, '/', name.length) && !slice_is(name, ".");
}
