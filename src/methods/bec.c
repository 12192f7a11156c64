/* bec.c: the objective is mlm's; the text is gender-swapped, and the published code fills and cuts it in its own way.
 */
#include "methods/bec.h"

#include <stddef.h>

#include "methods/mlm.h"

typedef struct {
    int pad;    /* 0 none, 1 mask */
    int length; /* 0 max, 1 words-pow2 */
} BecOptions;

static const Setting key[] = {
    {"bec-pad", SETTING_CHOICE, "none", "none mask", 0, 0, offsetof(BecOptions, pad),
     "mask: fill samples with attended [MASK] up to max-length, as published"},
    {"bec-length", SETTING_CHOICE, "max", "max words-pow2", 0, 0, offsetof(BecOptions, length),
     "words-pow2: cut to the power of two above the longest sample's words, without [SEP], as published"},
};

static Status read_text(const Comm *comm, MethodRun *m, const char *path, CorpusOptions *request)
{
    const BecOptions *o = m->options;
    request->pad_masked = o->pad == 1;
    request->cut_separator = o->length == 1;
    return corpus_read(comm, path, m->model->vocabulary, request, &m->data);
}

static const MethodValue usual[] = {{"batch", "16"}, {"learning-rate", "2e-5"}, {"epochs", "3"}, {NULL, NULL}};
static const MethodValue fnc[] = {{"batch", "16"},
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

const Method method_bec = {.name = "bec",
                           .summary = "masked-LM training on gender-swapped text (Bartl et al. 2020)",
                           .usual = usual,
                           .fnc = fnc,
                           .key = key,
                           .n_keys = sizeof key / sizeof key[0],
                           .options_bytes = sizeof(BecOptions),
                           .own_bytes = sizeof(MlmOwn),
                           .read = read_text,
                           .lay_out = mlm_lay_out,
                           .fill = mlm_fill,
                           .add = mlm_add};
