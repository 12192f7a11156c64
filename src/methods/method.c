/* method.c: the table of recipes. */
#include "methods/method.h"

#include <string.h>

#include "methods/adept.h"
#include "methods/ase.h"
#include "methods/bec.h"
#include "methods/cda.h"
#include "methods/dpce.h"
#include "methods/mabel.h"
#include "methods/mlm.h"

static const Method *table[16] = {&method_mlm, &method_bec,   &method_mabel, &method_cda,
                                  &method_ase, &method_adept, &method_dpce};
enum { MOST_METHODS = sizeof table / sizeof table[0] };

const Method *method_at(int i)
{
    return i < MOST_METHODS ? table[i] : NULL;
}

const Method *method_find(const char *name)
{
    const Method *m;
    for (int i = 0; (m = method_at(i)); i++)
        if (strcmp(m->name, name) == 0) return m;
    return NULL;
}

void method_add(const Method *method)
{
    int i = 0;
    while (i < MOST_METHODS && table[i]) i++;
    if (i == MOST_METHODS) status_abort(__FILE__, __LINE__, "more than %d methods", MOST_METHODS);
    table[i] = method;
}

static Status give(const MethodValue *list, const char *origin, Settings *settings)
{
    for (; list && list->key; list++) {
        const bool length = strcmp(list->key, "epochs") == 0; /* steps, if given, says how long */
        if (length && settings_is_given(settings, "steps")) continue;
        TRY(settings_give(settings, list->key, list->value, origin));
    }
    return STATUS_OK;
}

Status method_give_defaults(const Method *method, bool compat_fnc, Settings *settings)
{
    CHECK(!compat_fnc || method->fnc, STATUS_USAGE,
          "compat = fnc: there is no published code for method '%s'; use another method, or compat = none",
          method->name);
    if (compat_fnc) TRY(give(method->fnc, "compat = fnc", settings));
    return give(method->usual, "default of the method", settings);
}
