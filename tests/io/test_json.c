/* test_json.c: what is built can be printed and read back, whatever was put in. Oracle: jansson's own reader. */
#include "io/json.h"

#include "../harness.h"

int main(void)
{
    const double number[] = {0.1, -0.0, 1e308, 5e-324, (double)NAN, HUGE_VAL, -HUGE_VAL};
    enum { N = sizeof number / sizeof number[0] };
    json_t *root = json_object(), *list = json_array(), *read;
    for (int i = 0; i < N; i++) json_array_append_new(list, json_number(number[i]));
    json_put(root, "numbers", list);
    json_put(root, "mod\xe8le", json_text("a\xff\n\"b\x01"));
    json_put(root, "empty", json_text(""));
    char *text = json_print(root, 17);
    check(strchr(text, '\n') == NULL, "one line: %s", text);
    check(json_parse("text", text, strlen(text), &read) == STATUS_OK && json_object_size(read) == 3,
          "it is JSON, nothing is missing");
    list = json_object_get(read, "numbers");
    bool same = json_array_size(list) == N;
    for (size_t i = 0; i < N && same; i++) {
        const json_t *x = json_array_get(list, i);
        same = isfinite(number[i]) ? json_is_real(x) && json_real_value(x) == number[i] : json_is_null(x);
    }
    check(same, "17 digits keep every double; NaN and infinities are null");
    const char *odd = json_string_value(json_object_get(read, "mod\xef\xbf\xbdle"));
    check(odd && strcmp(odd, "a\xef\xbf\xbd\n\"b\x01") == 0,
          "names and texts that are not UTF-8 have replacement characters");
    json_decref(read);
    free(text);
    return harness_done();
}
