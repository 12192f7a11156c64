/* dpce.c: products of neutral words with prototypes; all else is methods/debias. */
#include "methods/dpce.h"

#include "methods/debias.h"

static const Setting key[] = {
    {"dpce-product", SETTING_CHOICE, "each", "each mean", 0, 0, offsetof(DebiasOptions, product),
     "each: squares of the products of word and prototype in every layer; mean: the square of their mean over words "
     "and "
     "layers, as published with ADEPT"},
    DEBIAS_KEYS("dpce"),
};

static const char *const term[] = {"task.product", "task.distance"};
static const MethodValue usual[] = {{"batch", "128"}, {"learning-rate", "5e-5"}, {"epochs", "10"}, {NULL, NULL}};
static const MethodValue fnc[] = {DEBIAS_FNC("dpce"), {"dpce-product", "mean"}, {NULL, NULL}};

const Method method_dpce = {.name = "dpce",
                            .summary =
                                "neutral words at right angles to the prototypes of groups (Kaneko and Bollegala "
                                "2021)",
                            .usual = usual,
                            .fnc = fnc,
                            .key = key,
                            .n_keys = sizeof key / sizeof key[0],
                            .options_bytes = sizeof(DebiasOptions),
                            .term = term,
                            DEBIAS_HOOKS};
