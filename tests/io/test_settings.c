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
} Options;

static const Setting table[] = {
    {"name", SETTING_TEXT, "none", "", 0, 0, offsetof(Options, name), ""},
    {"count", SETTING_INTEGER, "3", "", 1, 100, offsetof(Options, count), ""},
    {"rate", SETTING_NUMBER, "0.5", "", 0, 1, offsetof(Options, rate), ""},
    {"limit", SETTING_DURATION, "0", "", 0, 0, offsetof(Options, limit), ""},
    {"shape", SETTING_CHOICE, "linear", "linear cosine", 0, 0, offsetof(Options, shape), ""},
    {"quick", SETTING_SWITCH, "no", "", 0, 0, offsetof(Options, quick), ""},
};

static Status read(const char *text, int argc, char **argv, Settings *s, Options *o)
{
    settings_init(s, table, 6);
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
    check(strcmp(o.name, "a b") == 0, "a value may hold spaces; a comment is cut off");
    check(o.shape == 1 && o.quick && o.rate == 0.25 && o.limit == 5405, "choice, switch, number, duration");
    check(s.n_operands == 1 && strcmp(s.operand[0], "x.conf") == 0, "operands are kept apart");
    char *text = settings_print(&s);
    check(strstr(text, "count = 7\n") && strstr(text, "shape = cosine\n"), "merged settings can be printed");
    free(text);
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
               {"rate = 1e400\n", "finite"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const Status status = read(bad[i].file, 0, NULL, &s, &o);
        check(status == STATUS_USAGE && strstr(status_message(), bad[i].says) &&
                  strstr(status_message(), "run.conf line"),
              "%s", status_message());
        settings_free(&s);
    }
    char *no_value[] = {"--count"};
    check(read("", 1, no_value, &s, &o) == STATUS_USAGE, "%s", status_message());
    settings_free(&s);
    return harness_done();
}
