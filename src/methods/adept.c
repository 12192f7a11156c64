/* adept.c: relative distances of neutral words to prototypes, and prompts; all else is methods/debias. */
#include "methods/adept.h"

#include "methods/debias.h"

enum { FINE_TUNING, PROMPTS };
enum { PROMPT_LENGTH = 40 /* as published */ };

static const Setting key[] = {
    {"adept-rho", SETTING_REAL, "15", "", 1e-6, 1e12, offsetof(DebiasOptions, rho),
     "width of the distances that P is a softmax of: exp(-|a - n|^2 / (2 rho^2)); the published code has 10"},
    {"adept-algorithm", SETTING_CHOICE, "finetuning", "finetuning prompt", 0, 0, offsetof(DebiasOptions, algorithm),
     "prompt: the encoder is frozen, and a prefix trained (of 40 with shifted positions, unless prefix says "
     "otherwise)"},
    DEBIAS_KEYS("adept"),
};

/* Keys and values of every layer, and nothing else, are trained. */
static Status ask_prompts(const void *options, BertConfig *config, MethodNeeds *needs)
{
    if (((const DebiasOptions *)options)->algorithm == FINE_TUNING) return STATUS_OK;
    if (!config->prefix) config->prefix = PROMPT_LENGTH, config->prefix_shifts = true;
    CHECK(bert_config_positions(config) >= 3, STATUS_USAGE,
          "adept-algorithm = prompt puts %d positions before a sample, but the model has %d and a sample needs 3; set "
          "prefix to fewer, or prefix-shift = no",
          config->prefix, config->positions);
    needs->freeze = "*,!*.prefix";
    return STATUS_OK;
}

static const char *const term[] = {"task.js", "task.distance"};
static const MethodValue usual[] = {{"batch", "128"}, {"learning-rate", "5e-5"}, {"epochs", "10"}, {NULL, NULL}};
static const MethodValue fnc[] = {DEBIAS_FNC("adept"), {"adept-rho", "10"}, {NULL, NULL}};

const Method method_adept = {.name = "adept",
                             .summary = "neutral words as far from every group's prototype, by fine-tuning or prompts "
                                        "(Yang et al. 2023)",
                             .usual = usual,
                             .fnc = fnc,
                             .key = key,
                             .n_keys = sizeof key / sizeof key[0],
                             .options_bytes = sizeof(DebiasOptions),
                             .term = term,
                             .ask = ask_prompts,
                             DEBIAS_HOOKS};
