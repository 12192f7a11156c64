/* settings.h: one table of keys serves the settings file, the command-line flags, --help and the
 * documentation. A flag wins over the file, the file over the default. Local. */
#ifndef IO_SETTINGS_H
#define IO_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef enum {
    SETTING_TEXT,    /* char * */
    SETTING_PATH,    /* char *: a file or folder, or one of the words in choices */
    SETTING_INTEGER, /* int64_t */
    SETTING_NUMBER,  /* double */
    SETTING_REAL,    /* double, of which the computation takes a 32-bit float: 0, or not beyond what that holds */
    SETTING_CHOICE,  /* int: place in the list of choices */
    SETTING_SWITCH,  /* bool: yes or no; as a flag also without a value */
    SETTING_DURATION /* double seconds: 90, 1:30:00, 30:00 */
} SettingKind;

typedef struct {
    const char *name;
    SettingKind kind;
    const char *fallback; /* text of the default; "" = none */
    const char *choices;  /* SETTING_CHOICE: "linear constant cosine"; SETTING_PATH: words that are no file */
    double min, max;      /* numbers; both 0 = any */
    size_t offset;        /* place in the struct that settings_store fills */
    const char *help;
} Setting;

typedef struct {
    const Setting *table; /* borrowed [n] */
    int n;
    char **value;   /* owned [n]; NULL = not given */
    char **origin;  /* owned [n]: "run.conf line 3" or "the command line" */
    char **operand; /* borrowed from argv: what is not a flag */
    int n_operands;
    bool reads_operand; /* the operand is a settings file, whose keys are here */
} Settings;

void settings_init(Settings *settings, const Setting *table, int n);
void settings_free(Settings *settings);

/* Read `key = value` lines; # starts a comment. Does not replace values that are already given. */
Status settings_read_file(Settings *settings, const char *path);
Status settings_read_text(Settings *settings, const char *name, const char *text);
/* Read --key value, --key=value and operands from argv[first..argc). Of a flag given twice the last wins; what begins
 * with a dash is no value of the flag before it (--key=-x is) and no operand (after -- it is). */
Status settings_read_flags(Settings *settings, int argc, char **argv, int first);
/* Give a value with an origin, unless one is given already. */
Status settings_give(Settings *settings, const char *key, const char *value, const char *origin);
bool settings_is_given(const Settings *settings, const char *key);
const char *settings_value(const Settings *settings, const char *key);  /* NULL: not given */
const char *settings_origin(const Settings *settings, const char *key); /* of its value; NULL: not given */
bool settings_is_flag(const Settings *settings, const char *key);       /* given on the command line */
void settings_forget(Settings *settings, const char *key);              /* as if it had not been given */

/* Do two texts say the same value of this key? 5e-5 is 0.00005. */
bool settings_same_value(const Setting *setting, const char *a, const char *b);

/* Check every value and store it in the struct at target. Texts are borrowed from settings. */
Status settings_store(const Settings *settings, void *target);
/* All keys with their values in force, one `key = value` a line; owned by the caller. */
char *settings_print(const Settings *settings);
/* The table as --help shows it, on stdout. */
void settings_help(const Setting *table, int n);

#endif
