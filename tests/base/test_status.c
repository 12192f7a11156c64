/* test_status.c: the sentence of a failure is whole, or says that it is not. */
#include "base/status.h"

#include "../harness.h"
#include "base/memory.h"
#include "base/text.h"

static char *long_text(int n, const char *part)
{
    char *text = memory_alloc((size_t)n * strlen(part) + 1, 1);
    for (int i = 0; i < n; i++) memcpy(text + (size_t)i * strlen(part), part, strlen(part));
    return text;
}

int main(void)
{
    char *path = long_text(4095, "p"), *wide = long_text(STATUS_MESSAGE, "\xe2\x82\xac");
    check(status_set(STATUS_IO, __FILE__, __LINE__, "%s: cannot be renamed to %s; the cure", path, path) == STATUS_IO &&
              strlen(status_message()) > 8190 &&
              strcmp(status_message() + strlen(status_message()) - 10, "; the cure") == 0,
          "two paths of the longest kind and a cure: %zu bytes, whole", strlen(status_message()));
    for (int shift = 0; shift < 3; shift++) {
        status_set(STATUS_DATA, __FILE__, __LINE__, "%.*s%s", shift, "ab", wide);
        const size_t length = strlen(status_message());
        check(length < STATUS_MESSAGE && length > STATUS_MESSAGE - 10 &&
                  strcmp(status_message() + length - 3, "...") == 0 &&
                  utf8_first_invalid(status_message(), length) == length,
              "a sentence that is too long ends in ... behind a whole character (%zu bytes)", length);
    }
    status_set(STATUS_DATA, __FILE__, __LINE__, "%s", "short");
    check(strcmp(status_message(), "short") == 0, "the next is not marked");
    free(path), free(wide);
    return harness_done();
}
