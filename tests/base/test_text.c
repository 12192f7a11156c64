/* test_text.c: UTF-8, numbers, nearest words. Oracle: the tables of the Unicode standard (3.9, D92). */
#include "base/text.h"

#include "../harness.h"

static void round_trip(void)
{
    int wrong = 0;
    for (uint32_t c = 0; c < 0x110000; c++) {
        if (c >= 0xD800 && c < 0xE000) continue;
        char text[4];
        uint32_t back;
        const int n = utf8_encode(c, text);
        wrong +=
            utf8_first_invalid(text, (size_t)n) != (size_t)n || utf8_decode(text, (size_t)n, &back) != n || back != c;
    }
    check(wrong == 0, "every scalar value: encoded, valid, decoded (%d wrong)", wrong);
}

static void invalid(void)
{
    static const struct {
        const char *text;
        size_t at;
        const char *what;
    } bad[] = {{"ab\x80", 2, "lone continuation"},
               {"\xC0\x80", 0, "overlong NUL"},
               {"\xE0\x9F\xBF", 0, "overlong three bytes"},
               {"\xED\xA0\x80", 0, "surrogate"},
               {"\xF4\x90\x80\x80", 0, "above U+10FFFF"},
               {"x\xE2\x82", 1, "cut short"},
               {"\xF0\x8F\xBF\xBF", 0, "overlong four bytes"},
               {"\xFF", 0, "0xFF"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        check(utf8_first_invalid(bad[i].text, strlen(bad[i].text)) == bad[i].at, "refused: %s", bad[i].what);
}

static void numbers(void)
{
    double x;
    int64_t n;
    check(text_to_double("1e-5", &x) && x == 1e-5, "1e-5 is a number");
    check(!text_to_double("1e-5x", &x) && !text_to_double("", &x) && !text_to_double(" ", &x),
          "trailing text and nothing are not");
    check(text_to_int64("-7", &n) && n == -7, "-7 is whole");
    check(!text_to_int64("99999999999999999999", &n) && !text_to_int64("1.5", &n), "too large and fractions are not");
}

static void nearest(void)
{
    static const char *const word[] = {"learning-rate", "nc-weight", "batch"};
    check(strcmp(text_nearest("lerning-rate", word, 3), "learning-rate") == 0, "nearest of a misspelt key");
    check(text_nearest("zzzzzzzz", word, 3) == NULL, "nothing is near to nonsense");
}

static void durations(void)
{
    char text[40];
    text_duration(3725, text, sizeof text);
    check(strcmp(text, "1 h 02 min") == 0, "3725 s reads '%s'", text);
    text_duration(200, text, sizeof text);
    check(strcmp(text, "3 min 20 s") == 0, "200 s reads '%s'", text);
}

static void repair(void)
{
    static const struct {
        const char *text, *repaired;
    } cases[] = {{"", ""},
                 {"caf\xc3\xa9", "caf\xc3\xa9"},
                 {"mod\xe8le", "mod\xef\xbf\xbdle"},
                 {"\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd"},
                 {"a\xe2\x82", "a\xef\xbf\xbd\xef\xbf\xbd"},
                 {"\xed\xa0\x80z", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz"}};
    int wrong = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = utf8_repair(cases[i].text);
        wrong += strcmp(text, cases[i].repaired) != 0 || utf8_first_invalid(text, strlen(text)) != strlen(text);
        free(text);
    }
    check(wrong == 0, "bytes that are not UTF-8 become U+FFFD, one each; the rest stays (%d wrong)", wrong);
}

int main(void)
{
    round_trip();
    invalid();
    numbers();
    nearest();
    durations();
    repair();
    return harness_done();
}
