/* settings.c: reading, checking and printing keys. */
#include "io/settings.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/text_file.h"

/* The origin of flags. */
static const char command_line[] = "command line";

void settings_init(Settings *settings, const Setting *table, int n)
{
    *settings = (Settings){.table = table, .n = n};
    settings->value = memory_alloc((size_t)n, sizeof *settings->value);
    settings->origin = memory_alloc((size_t)n, sizeof *settings->origin);
}

void settings_free(Settings *settings)
{
    for (int i = 0; i < settings->n; i++) {
        free(settings->value[i]);
        free(settings->origin[i]);
    }
    free(settings->value);
    free(settings->origin);
    free(settings->operand);
    *settings = (Settings){0};
}

static int find(const Settings *settings, const char *key)
{
    for (int i = 0; i < settings->n; i++)
        if (strcmp(settings->table[i].name, key) == 0) return i;
    return -1;
}

static Status unknown_key(const Settings *settings, const char *key, const char *origin)
{
    const char **name = memory_alloc((size_t)settings->n + 1, sizeof *name);
    for (int i = 0; i < settings->n; i++) name[i] = settings->table[i].name;
    const char *nearest = text_nearest(key, name, settings->n);
    free(name);
    if (nearest) FAIL(STATUS_USAGE, "%s: unknown key '%s'; did you mean '%s'?", origin, key, nearest);
    FAIL(STATUS_USAGE, "%s: unknown key '%.100s'; --help lists the keys", origin, key);
}

Status settings_give(Settings *settings, const char *key, const char *value, const char *origin)
{
    const int i = find(settings, key);
    if (i < 0) return unknown_key(settings, key, origin);
    if (settings->value[i]) return STATUS_OK;
    settings->value[i] = memory_copy_text(value);
    settings->origin[i] = memory_copy_text(origin);
    return STATUS_OK;
}

const char *settings_value(const Settings *settings, const char *key)
{
    const int i = find(settings, key);
    return i < 0 ? NULL : settings->value[i];
}

bool settings_is_given(const Settings *settings, const char *key)
{
    return settings_value(settings, key) != NULL;
}

const char *settings_origin(const Settings *settings, const char *key)
{
    const int i = find(settings, key);
    return i < 0 ? NULL : settings->origin[i];
}

bool settings_is_flag(const Settings *settings, const char *key)
{
    const char *origin = settings_origin(settings, key);
    return origin && strcmp(origin, command_line) == 0;
}

/* Value and origin of a place of the table. */
static void forget(Settings *settings, int i)
{
    free(settings->value[i]);
    free(settings->origin[i]);
    settings->value[i] = NULL, settings->origin[i] = NULL;
}

void settings_forget(Settings *settings, const char *key)
{
    const int i = find(settings, key);
    if (i >= 0) forget(settings, i);
}

/* One line of a settings file. seen: the keys of this file so far. */
static Status read_line(Settings *settings, const char *origin, Slice line, bool *seen)
{
    line = slice_trim(line);
    if (line.length == 0 || line.start[0] == '#') return STATUS_OK;
    const char *equals = memchr(line.start, '=', line.length);
    CHECK(equals, STATUS_USAGE, "%s: '%.*s' is not of the form key = value", origin,
          (int)(line.length < 100 ? line.length : 100), line.start);
    Slice key = slice_trim((Slice){line.start, (size_t)(equals - line.start)});
    Slice value = {equals + 1, line.length - (size_t)(equals + 1 - line.start)};
    for (size_t i = 1; i < value.length; i++) /* a comment starts at a # after white space */
        if (value.start[i] == '#' && (value.start[i - 1] == ' ' || value.start[i - 1] == '\t')) value.length = i;
    char *key_text = slice_copy(key), *value_text = slice_copy(slice_trim(value));
    const int i = find(settings, key_text);
    Status status = STATUS_OK;
    if (i >= 0 && seen[i])
        status = status_set(STATUS_USAGE, __FILE__, __LINE__, "%s: key '%s' is given twice; keep one line", origin,
                            key_text);
    if (!status) status = settings_give(settings, key_text, value_text, origin);
    if (i >= 0) seen[i] = true;
    free(key_text);
    free(value_text);
    return status;
}

Status settings_read_text(Settings *settings, const char *name, const char *text)
{
    bool *seen = memory_alloc((size_t)settings->n, sizeof *seen);
    Slice rest = slice_of(text), line;
    Status status = STATUS_OK;
    for (int number = 1; !status && slice_next_line(&rest, &line); number++) {
        char *origin = memory_print("%s line %d", name, number);
        status = read_line(settings, origin, line, seen);
        free(origin);
    }
    free(seen);
    return status;
}

Status settings_read_file(Settings *settings, const char *path)
{
    char *text;
    size_t length;
    TRY(text_file_read(path, &text, &length));
    Status status = settings_read_text(settings, path, text);
    free(text);
    return status;
}

/* A dash and a letter: an option, not a value (-1 is one) and not an operand. */
static bool is_option(const char *text)
{
    return text[0] == '-' && text[1] && !strchr("0123456789.", text[1]);
}

/* -json, -threads=2: the flag that was meant. */
static Status not_a_flag(const Settings *settings, const char *text)
{
    char *key = slice_copy((Slice){text + 1, strcspn(text + 1, "=")});
    const int place = find(settings, key);
    free(key);
    CHECK(place < 0, STATUS_USAGE, "command line: '%s' has one dash too few; did you mean '-%s'?", text, text);
    FAIL(STATUS_USAGE, "command line: '%s' is no flag (--key=value; --help lists them); if it is a file, say './%s'",
         text, text);
}

/* --key value, --key=value, or a switch without a value. *i is moved past what was used. */
static Status read_flag(Settings *settings, int argc, char **argv, int *i)
{
    const char *text = argv[*i] + 2, *equals = strchr(text, '=');
    char *key = equals ? slice_copy((Slice){text, (size_t)(equals - text)}) : memory_copy_text(text);
    const int place = find(settings, key);
    Status status = STATUS_OK;
    const char *value = equals ? equals + 1 : NULL;
    if (place < 0) {
        status = unknown_key(settings, key, command_line);
    } else if (!value && settings->table[place].kind == SETTING_SWITCH &&
               !(*i + 1 < argc && (strcmp(argv[*i + 1], "yes") == 0 || strcmp(argv[*i + 1], "no") == 0))) {
        value = "yes";
    } else if (!value && *i + 1 < argc && !is_option(argv[*i + 1])) {
        value = argv[++*i];
    }
    if (!status && !value && *i + 1 < argc)
        status =
            status_set(STATUS_USAGE, __FILE__, __LINE__,
                       "command line: --%s needs a value, but %s follows; write --%s=VALUE", key, argv[*i + 1], key);
    else if (!status && !value)
        status = status_set(STATUS_USAGE, __FILE__, __LINE__, "command line: --%s needs a value", key);
    if (!status) {
        forget(settings, place); /* the last flag wins */
        status = settings_give(settings, key, value, command_line);
    }
    free(key);
    return status;
}

Status settings_read_flags(Settings *settings, int argc, char **argv, int first)
{
    settings->operand = memory_alloc((size_t)argc + 1, sizeof *settings->operand);
    bool only_operands = false;
    for (int i = first; i < argc; i++) {
        if (!only_operands && strcmp(argv[i], "--") == 0) only_operands = true;
        else if (!only_operands && strncmp(argv[i], "--", 2) == 0) TRY(read_flag(settings, argc, argv, &i));
        else if (!only_operands && is_option(argv[i])) return not_a_flag(settings, argv[i]);
        else settings->operand[settings->n_operands++] = argv[i];
    }
    return STATUS_OK;
}

static bool is_word_of(const char *list, const char *value)
{
    Slice rest = slice_of(list), word;
    while (slice_next_field(&rest, ' ', &word))
        if (slice_is(word, value)) return true;
    return false;
}

/* What a shell would have changed, had it seen the value as a word of its own; NULL: nothing. */
static const char *shell_word(const char *value)
{
    const size_t n = strlen(value);
    if (strcmp(value, "-") == 0) return "- does not stand for standard input or output";
    if (value[0] == '~' && (n == 1 || value[1] == '/')) return "~ is not replaced; write the home folder out";
    if (value[0] == '$' && n > 1) return "variables are not replaced; write the path out";
    if (n > 1 && (value[0] == '"' || value[0] == '\'') && value[n - 1] == value[0])
        return "quotes would be part of the name; leave them out";
    return NULL;
}

/* trace = yes does not mean a file of that name. */
static Status check_path(const Setting *s, const char *origin, const char *value)
{
    static const char *const answer[] = {"yes", "no", "true", "false", "on", "off"};
    if (s->choices[0] && is_word_of(s->choices, value)) return STATUS_OK;
    const char *why = shell_word(value);
    CHECK(!why, STATUS_USAGE, "%s: %s = %s: %s (for a file of that name say ./%s)", origin, s->name, value, why, value);
    for (size_t i = 0; i < sizeof answer / sizeof answer[0]; i++)
        CHECK(strcasecmp(value, answer[i]) != 0, STATUS_USAGE,
              "%s: %s = %s: the name of a file or folder is wanted%s%s (for one of that name say ./%s)", origin,
              s->name, value, s->choices[0] ? ", or one of: " : "", s->choices, value);
    return STATUS_OK;
}

static Status parse_choice(const Setting *setting, const char *value, const char *origin, int *choice)
{
    Slice rest = slice_of(setting->choices), name;
    int n = 1, found = -1;
    for (const char *at = setting->choices; *at; at++) n += *at == ' ';
    char **candidate = memory_alloc((size_t)n, sizeof *candidate);
    for (int i = 0; slice_next_field(&rest, ' ', &name); i++) {
        if (slice_is(name, value)) found = i;
        candidate[i] = slice_copy(name);
    }
    const char *nearest = text_nearest(value, (const char *const *)candidate, n);
    Status status = STATUS_OK;
    if (found < 0)
        status = status_set(STATUS_USAGE, __FILE__, __LINE__, "%s: %s = '%s' is not one of: %s%s%s%s", origin,
                            setting->name, value, setting->choices, nearest ? "; did you mean '" : "",
                            nearest ? nearest : "", nearest ? "'?" : "");
    for (int i = 0; i < n; i++) free(candidate[i]);
    free(candidate);
    *choice = found;
    return status;
}

/* 90, 1:30 (m:ss) or 1:00:00 (h:mm:ss) in seconds; false if it is none of these. */
static bool parse_duration(const char *value, double *time_s)
{
    Slice rest = slice_of(value), field;
    int n = 0;
    *time_s = 0;
    while (slice_next_field(&rest, ':', &field)) {
        char *text = slice_copy(field);
        double part;
        bool good = text_to_double(text, &part) && isfinite(part) && part >= 0 && n < 3 && text[0] != '-';
        if (n > 0) good = good && part < 60;
        if (rest.start) good = good && part == floor(part);
        free(text);
        if (!good) return false;
        *time_s = *time_s * 60 + part;
        n++;
    }
    return true;
}

static Status check_range(const Setting *s, const char *origin, double number)
{
    if (s->min == 0 && s->max == 0) return STATUS_OK;
    CHECK(number >= s->min && number <= s->max, STATUS_USAGE, "%s: %s = %.10g is outside %.10g to %.10g", origin,
          s->name, number, s->min, s->max);
    return STATUS_OK;
}

/* 0, and nothing else, may become 0 as a float. */
static Status check_real(const char *value, const char *origin, const Setting *s, double number)
{
    const bool is_zero = strcspn(value, "123456789") >= strcspn(value, "eE");
    const double size = fabs(number);
    CHECK((number == 0 && is_zero) || (size >= (double)FLT_MIN && size <= (double)FLT_MAX), STATUS_USAGE,
          "%s: %s = %s is beyond single precision, in which the model is computed: 0, or between 1.2e-38 and 3.4e+38",
          origin, s->name, value);
    return STATUS_OK;
}

static Status store_one(const Setting *s, const char *value, const char *origin, void *field)
{
    switch (s->kind) {
    case SETTING_TEXT: *(const char **)field = value; return STATUS_OK;
    case SETTING_PATH: *(const char **)field = value; return check_path(s, origin, value);
    case SETTING_CHOICE: return parse_choice(s, value, origin, field);
    case SETTING_INTEGER:
        CHECK(text_to_int64(value, field), STATUS_USAGE, "%s: %s = '%s' is not a whole number", origin, s->name, value);
        return check_range(s, origin, (double)*(int64_t *)field);
    case SETTING_NUMBER:
    case SETTING_REAL:
        CHECK(text_to_double(value, field) && *(double *)field - *(double *)field == 0, STATUS_USAGE,
              "%s: %s = '%s' is not a finite number", origin, s->name, value);
        TRY(check_range(s, origin, *(double *)field));
        return s->kind == SETTING_REAL ? check_real(value, origin, s, *(double *)field) : STATUS_OK;
    case SETTING_DURATION:
        CHECK(parse_duration(value, field), STATUS_USAGE, "%s: %s = '%s' is not seconds, m:ss or h:mm:ss", origin,
              s->name, value);
        return check_range(s, origin, *(double *)field);
    case SETTING_SWITCH:
        CHECK(strcmp(value, "yes") == 0 || strcmp(value, "no") == 0, STATUS_USAGE, "%s: %s = '%s' is not yes or no",
              origin, s->name, value);
        *(bool *)field = value[0] == 'y';
        return STATUS_OK;
    }
    return STATUS_INTERNAL;
}

bool settings_same_value(const Setting *s, const char *a, const char *b)
{
    double x, y;
    if (strcmp(a, b) == 0) return true;
    if (s->kind == SETTING_DURATION) return parse_duration(a, &x) && parse_duration(b, &y) && x == y;
    const bool is_number = s->kind == SETTING_INTEGER || s->kind == SETTING_NUMBER || s->kind == SETTING_REAL;
    return is_number && text_to_double(a, &x) && text_to_double(b, &y) && x == y; /* integers are below 2^53 */
}

Status settings_store(const Settings *settings, void *target)
{
    for (int i = 0; i < settings->n; i++) {
        const Setting *s = &settings->table[i];
        const char *value = settings->value[i] ? settings->value[i] : s->fallback;
        const char *origin = settings->origin[i] ? settings->origin[i] : "default";
        void *field = (char *)target + s->offset;
        if (value[0] == '\0') {
            CHECK(!settings->value[i], STATUS_USAGE, "%s: %s has no value; leave it out, or give one", origin, s->name);
            if (s->kind == SETTING_TEXT || s->kind == SETTING_PATH) *(const char **)field = "";
            continue; /* the struct keeps what it held */
        }
        TRY(store_one(s, value, origin, field));
    }
    return STATUS_OK;
}

char *settings_print(const Settings *settings)
{
    size_t capacity = 0, used = 0;
    char *text = NULL;
    for (int i = 0; i < settings->n; i++) {
        const char *value = settings->value[i] ? settings->value[i] : settings->table[i].fallback;
        if (value[0] == '\0') continue;
        const size_t needed = strlen(settings->table[i].name) + strlen(value) + 5;
        memory_reserve((void **)&text, &capacity, used + needed, 1);
        used += (size_t)snprintf(text + used, needed, "%s = %s\n", settings->table[i].name, value);
    }
    return text ? text : memory_copy_text("");
}

void settings_help(const Setting *table, int n)
{
    for (int i = 0; i < n; i++) {
        const Setting *s = &table[i];
        printf("  --%-18s %s\n", s->name, s->help);
        if (s->kind == SETTING_CHOICE) printf("  %-20s one of: %s\n", "", s->choices);
        if (s->fallback[0]) printf("  %-20s default: %s\n", "", s->fallback);
    }
}
