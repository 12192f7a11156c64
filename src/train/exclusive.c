/* exclusive.c: the table of pairs. */
#include "train/exclusive.h"

#include <string.h>

#include "base/log.h"

/* A key with a value. NULL: any; "!x": any but x. */
typedef struct {
    const char *key, *value;
} Said;

/* Neither goes with the other. */
static const Said pair[][2] = {
    {{"steps", NULL}, {"epochs", NULL}},
    {{"reproducible", "yes"}, {"micro-batch", "!0"}},
    {{"reproducible", "yes"}, {"nc-sync", "none"}},
    {{"nc-eval", "micro"}, {"nc-grad", "both"}},
    {{"pair-column", NULL}, {"split", "sentences"}},
    {{"pair-column", NULL}, {"split", "sentences-plain"}},
    {{"pair-column", NULL}, {"bec-pad", "mask"}},
    {{"pair-column", NULL}, {"bec-length", "words-pow2"}},
};

static bool is_said(const Settings *settings, const Said *said)
{
    const char *value = settings_value(settings, said->key);
    if (!value || !said->value) return value != NULL;
    return said->value[0] == '!' ? strcmp(value, said->value + 1) != 0 : strcmp(value, said->value) == 0;
}

void exclusive_leave_out(Settings *settings, const char *key, const char *because)
{
    log_line("%s: %s = %s is left out: --%s = %s wins over the file", settings_origin(settings, key), key,
             settings_value(settings, key), because, settings_value(settings, because));
    settings_forget(settings, key);
}

void exclusive_settle(Settings *settings)
{
    for (size_t i = 0; i < sizeof pair / sizeof pair[0]; i++) {
        const Said *a = &pair[i][0], *b = &pair[i][1];
        if (!is_said(settings, a) || !is_said(settings, b)) continue;
        const bool first = settings_is_flag(settings, a->key), second = settings_is_flag(settings, b->key);
        if (first && !second) exclusive_leave_out(settings, b->key, a->key);
        if (second && !first) exclusive_leave_out(settings, a->key, b->key);
    }
}
