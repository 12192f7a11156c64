/* test_align.c: aligned pieces are those of Python's difflib: the published hard cases, and 300 random pairs that
 * tests/oracle/lm_scores.py align 300 wrote (tests/evaluate/difflib.txt). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../harness.h"
#include "evaluate/align.h"

enum { MOST = 64 };

/* Numbers up to '|' or the end; *at moves behind it. */
static int numbers(char **at, int32_t *x)
{
    int n = 0;
    char *end;
    for (; n < MOST; n++) {
        const long value = strtol(*at, &end, 10);
        if (end == *at) break;
        x[n] = (int32_t)value;
        *at = end;
    }
    while (**at && **at != '|') ++*at;
    if (**at) ++*at;
    return n;
}

static bool same(char *line)
{
    int32_t a[MOST], b[MOST], want[MOST];
    int match[MOST], shared = 0;
    const int n = numbers(&line, a), m = numbers(&line, b), n_want = numbers(&line, want);
    const int found = align_pieces(n, a, m, b, match);
    bool good = n > 0 && m > 0 && n_want == n;
    for (int i = 0; i < n && good; i++) good = match[i] == want[i], shared += want[i] >= 0;
    return good && found == shared;
}

int main(void)
{
    char text[][96] = {"101 7 8 9 10 102 | 101 7 5 6 9 10 102 | 0 1 -1 4 5 6",
                       "101 3 4 1 2 3 102 | 101 1 2 3 4 1 2 102 | 0 3 4 5 6 -1 7",
                       "101 5 6 5 7 102 | 101 5 7 5 6 102 | 0 1 4 -1 -1 5", "101 7 9 102 | 101 7 8 9 102 | 0 1 3 4"};
    for (size_t i = 0; i < 4; i++) {
        char *copy = text[i];
        check(same(copy), "a hard case of difflib: %s", text[i]);
    }
    char path[4096], line[1024];
    const char *root = getenv("ROOT");
    snprintf(path, sizeof path, "%s/tests/evaluate/difflib.txt", root ? root : ".");
    FILE *f = fopen(path, "r");
    int n = 0, good = 0;
    while (f && fgets(line, sizeof line, f)) n++, good += same(line);
    if (f) fclose(f);
    check(n == 300 && good == n, "%d of %d random pairs as difflib aligns them", good, n);
    return harness_done();
}
