/* test_settings.c: keys in files and flags. */
#include "io/settings.h"

#include <stddef.h>

#include "../harness.h"

typedef struct {
    const char *name;
    int64_t count;
    double rate, limit;
    int shape;
    bool quick;
    const char *file;
    double small;
} Options;

static const Setting table[] = {
    {"name", SETTING_TEXT, "none", "", 0, 0, offsetof(Options, name), ""},
    {"count", SETTING_INTEGER, "3", "", 1, 100, offsetof(Options, count), ""},
    {"rate", SETTING_NUMBER, "0.5", "", 0, 1, offsetof(Options, rate), ""},
    {"limit", SETTING_DURATION, "0", "", 0, 0, offsetof(Options, limit), ""},
    {"shape", SETTING_CHOICE, "linear", "linear cosine", 0, 0, offsetof(Options, shape), ""},
    {"quick", SETTING_SWITCH, "no", "", 0, 0, offsetof(Options, quick), ""},
    {"file", SETTING_PATH, "", "auto no", 0, 0, offsetof(Options, file), ""},
    {"small", SETTING_REAL, "0", "", 0, 1e3, offsetof(Options, small), ""},
};

static Status read(const char *text, int argc, char **argv, Settings *s, Options *o)
{
    settings_init(s, table, 8);
    Status status = settings_read_flags(s, argc, argv, 0);
    if (!status) status = settings_read_text(s, "run.conf", text);
    return status ? status : settings_store(s, o);
}

int main(void)
{
    Settings s;
    Options o;
    char *flags[] = {"--count", "7", "x.conf", "--quick", "--rate=0.25"};
    check(read("count = 5\nname = a b # comment\n# line\n\nshape=cosine\nlimit = 1:30:05\n", 5, flags, &s, &o) ==
              STATUS_OK,
          "a good file: %s", status_message());
    check(o.count == 7, "a flag wins over the file");
    check(settings_is_flag(&s, "count") && settings_is_flag(&s, "quick") && !settings_is_flag(&s, "name") &&
              !settings_is_flag(&s, "small") && strcmp(settings_origin(&s, "name"), "run.conf line 2") == 0,
          "what was a flag, and where the others are from");
    check(strcmp(o.name, "a b") == 0, "a value may hold spaces; a comment is cut off");
    check(o.shape == 1 && o.quick && o.rate == 0.25 && o.limit == 5405, "choice, switch, number, duration");
    check(s.n_operands == 1 && strcmp(s.operand[0], "x.conf") == 0, "operands are kept apart");
    char *text = settings_print(&s);
    check(strstr(text, "count = 7\n") && strstr(text, "shape = cosine\n"), "merged settings can be printed");
    free(text);
    settings_forget(&s, "count");
    check(!settings_is_given(&s, "count") && settings_store(&s, &o) == STATUS_OK && o.count == 3,
          "a key that is forgotten has its default");
    settings_free(&s);
    static const struct {
        const char *file, *says;
    } bad[] = {{"coutn = 5\n", "did you mean 'count'"},
               {"count = 5\ncount = 6\n", "twice"},
               {"count = many\n", "whole number"},
               {"count = 101\n", "outside"},
               {"rate = nan\n", "finite"},
               {"shape = round\n", "one of"},
               {"quick = maybe\n", "yes or no"},
               {"count\n", "key = value"},
               {"limit = 1:xx\n", "h:mm:ss"},
               {"count =\n", "no value"},
               {"rate = 1e400\n", "finite"},
               {"rate = 0.5x\n", "finite"},
               {"rate = 0x1\n", "finite"},
               {"rate = inf\n", "finite"},
               {"rate = -1\n", "outside"},
               {"count = 5x\n", "whole number"},
               {"count = 99999999999999999999\n", "whole number"},
               {"small = 1e-46\n", "beyond single precision"},
               {"small = 1e-400\n", "beyond single precision"},
               {"limit = inf\n", "h:mm:ss"},
               {"limit = 1:75\n", "h:mm:ss"},
               {"limit = 1:2:3:4\n", "h:mm:ss"},
               {"file = yes\n", "the name of a file"},
               {"file = TRUE\n", "the name of a file"},
               {"file =\n", "no value"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const Status status = read(bad[i].file, 0, NULL, &s, &o);
        check(status == STATUS_USAGE && strstr(status_message(), bad[i].says) &&
                  strstr(status_message(), "run.conf line"),
              "%s", status_message());
        settings_free(&s);
    }
    static const Setting many[] = {{"letter", SETTING_CHOICE, "a",
                                    "a b c d e f g h i j k l m n o p q r s t u v w x y z", 0, 0,
                                    offsetof(Options, shape), ""}};
    settings_init(&s, many, 1);
    check(settings_give(&s, "letter", "z", "here") == STATUS_OK && settings_store(&s, &o) == STATUS_OK && o.shape == 25,
          "the last of 26 choices is one of them");
    settings_free(&s);
    static char *bad_flags[][3] = {{"--count", NULL, "needs a value"},
                                   {"--file", "--count=3", "needs a value, but --count=3 follows"},
                                   {"--file", "-o", "needs a value, but -o follows"},
                                   {"-quick", NULL, "did you mean '--quick'"},
                                   {"-x", NULL, "is no flag"},
                                   {"--file=", NULL, "no value"},
                                   {"--file", "no", NULL},
                                   {"--quick", "yes", NULL},
                                   {"--quick", "--count=3", NULL},
                                   {"--count=3", "--count=4", NULL},
                                   {"--small", "-0", NULL}};
    for (size_t i = 0; i < sizeof bad_flags / sizeof bad_flags[0]; i++) {
        char **f = bad_flags[i];
        const Status status = read("", f[1] ? 2 : 1, f, &s, &o);
        check(f[2] ? status == STATUS_USAGE && strstr(status_message(), f[2]) : status == STATUS_OK, "%s %s: %s", f[0],
              f[1] ? f[1] : "", status ? status_message() : "taken");
        settings_free(&s);
    }
    char *twice[] = {"--count=3", "--count=4"};
    check(read("", 2, twice, &s, &o) == STATUS_OK && o.count == 4, "of two equal flags the last wins");
    settings_free(&s);
    static const struct {
        int row;
        const char *a, *b;
        bool same;
    } pair[] = {{2, "5e-5", "0.00005", true}, {2, "5e-5", "5.1e-5", false},  {1, "7", "+7", true},
                {3, "90", "1:30", true},      {3, "90", "1:31", false},      {0, "5e-5", "0.00005", false},
                {7, "-0", "0", true},         {4, "linear", "cosine", false}};
    for (size_t i = 0; i < sizeof pair / sizeof pair[0]; i++)
        check(settings_same_value(&table[pair[i].row], pair[i].a, pair[i].b) == pair[i].same, "%s: %s and %s are %s",
              table[pair[i].row].name, pair[i].a, pair[i].b, pair[i].same ? "the same" : "two values");
    return harness_done();
}
