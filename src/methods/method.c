/* method.c: the table of recipes. */
#include "methods/method.h"

#include <string.h>

/* Continue masked-LM training on any text. */
static const MethodValue mlm_usual[] = {{"batch", "16"}, {"learning-rate", "5e-5"}, {"epochs", "1"}, {NULL, NULL}};

/* Bartl, Nissim, Gatt 2020: masked-LM training on gender-swapped text (methods.md 1, 9). */
static const MethodValue bec_usual[] = {{"batch", "16"}, {"learning-rate", "2e-5"}, {"epochs", "3"}, {NULL, NULL}};
static const MethodValue bec_fnc[] = {{"batch", "16"},
                                      {"learning-rate", "2e-5"},
                                      {"epochs", "3"},
                                      {"schedule", "linear"},
                                      {"warmup", "0"},
                                      {"weight-decay", "0"},
                                      {"adam", "hf"},
                                      {"adam-epsilon", "1e-8"},
                                      {"clip", "1"},
                                      {"mask-rate", "0.15"},
                                      {"seed", "42"},
                                      {"max-length", "512"},
                                      {"split", "auto-plain"},
                                      {"bec-pad", "mask"},
                                      {"bec-length", "words-pow2"},
                                      {"nc-weight", "100"},
                                      {"nc-metric", "unc3"},
                                      {"nc-pieces", "first"},
                                      {"nc-align", "shift"},
                                      {"nc-space", "hidden"},
                                      {"nc-ids", "masked"},
                                      {"nc-grad", "rows"},
                                      {"nc-reset", "run"},
                                      {"nc-sync", "none"},
                                      {NULL, NULL}};

static const Method methods[] = {
    {"mlm", "continue masked-LM training on text", mlm_usual, NULL},
    {"bec", "masked-LM training on gender-swapped text (Bartl et al. 2020)", bec_usual, bec_fnc},
};

enum { N_METHODS = sizeof methods / sizeof methods[0] };

const Method *method_find(const char *name)
{
    for (int i = 0; i < N_METHODS; i++)
        if (strcmp(methods[i].name, name) == 0) return &methods[i];
    return NULL;
}

const Method *method_at(int i)
{
    return i < N_METHODS ? &methods[i] : NULL;
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
          "compat = fnc: there is no published code for method '%s'; use bec, or compat = none", method->name);
    if (compat_fnc) TRY(give(method->fnc, "compat = fnc", settings));
    return give(method->usual, "default of the method", settings);
}
