/* test_token_search.c: texts found whole. Oracle: the rule itself, place by place (longest text from the left, none
 * over another), on random texts over few letters, where much overlaps. */
#include "data/token_search.h"

#include "../harness.h"
#include "base/memory.h"
#include "base/random.h"

enum { MOST_PATTERNS = 6 };

static uint32_t drawn;

static uint32_t below(uint32_t n)
{
    static const uint64_t seed = 11;
    uint32_t word[4];
    const RandomKey key = random_key(seed, RANDOM_TEST, 0, 0, 0);
    random_words(&key, drawn++, word);
    return random_below(word[0], n);
}

/* n letters into text; returns its bytes. */
static size_t random_text(char *text, uint32_t n)
{
    static const char *const letter[] = {"a", "a", "b", " ", "\u00e9", "\u2003", "."};
    text[0] = '\0';
    for (uint32_t i = 0; i < n; i++) strcat(text, letter[below(7)]);
    return strlen(text);
}

static bool is_space(const char *text, size_t at)
{
    return text[at] == ' ' || strncmp(text + at, "\u2003", 3) == 0;
}

static bool is_letter(const char *text, size_t at)
{
    return text[at] == 'a' || text[at] == 'b' || (unsigned char)text[at] == 0xC3;
}

static size_t before(const char *text, size_t at)
{
    do at--;
    while (((unsigned char)text[at] & 0xC0) == 0x80);
    return at;
}

static size_t after(const char *text, size_t at)
{
    do at++;
    while (((unsigned char)text[at] & 0xC0) == 0x80);
    return at;
}

static int naive_at(const TokenPattern *p, int n, const char *text, size_t at)
{
    int best = -1;
    for (int i = 0; i < n; i++)
        if (strncmp(text + at, p[i].text.start, p[i].text.length) == 0 &&
            (best < 0 || p[i].text.length > p[best].text.length))
            best = i;
    return best;
}

static size_t naive(const TokenPattern *p, int n, const char *text, TokenMatch *found)
{
    size_t k = 0, taken = 0;
    for (size_t at = 0; text[at];) {
        const int which = naive_at(p, n, text, at);
        if (which < 0) {
            at++;
            continue;
        }
        size_t start = at, end = at + p[which].text.length;
        at = end;
        if (p[which].single_word && ((start && is_letter(text, before(text, start))) || is_letter(text, end))) continue;
        if (p[which].lstrip)
            while (start > taken && is_space(text, before(text, start))) start = before(text, start);
        if (p[which].rstrip)
            while (text[end] && is_space(text, end)) end = after(text, end);
        found[k++] = (TokenMatch){start, end, which};
        taken = end;
    }
    return k;
}

static bool same_as_naive(uint32_t longest_text, uint32_t longest_pattern)
{
    static char text[40000], form[MOST_PATTERNS][4000];
    static TokenMatch expected[20000];
    TokenPattern pattern[MOST_PATTERNS];
    const int n = 1 + (int)below(MOST_PATTERNS);
    for (int i = 0; i < n; i++) {
        const size_t bytes = random_text(form[i], 1 + below(longest_pattern));
        pattern[i] = (TokenPattern){{form[i], bytes}, below(2), below(2), below(2)};
    }
    const size_t bytes = random_text(text, below(longest_text));
    TokenSearch *search = token_search_new(pattern, n);
    TokenMatches found = {0};
    token_search(search, (Slice){text, bytes}, &found);
    const size_t k = naive(pattern, n, text, expected);
    bool same = found.n == k;
    for (size_t i = 0; i < k && same; i++)
        same = found.match[i].start == expected[i].start && found.match[i].end == expected[i].end &&
               found.match[i].pattern == expected[i].pattern;
    free(found.match);
    token_search_free(search);
    return same;
}

static void against_naive(void)
{
    int wrong = 0, wrong_long = 0;
    for (int i = 0; i < 20000; i++) wrong += !same_as_naive(24, 4);
    for (int i = 0; i < 20; i++) wrong_long += !same_as_naive(10000, 3); /* several blocks */
    check(wrong == 0, "20000 random texts with 1 to %d tokens: %d differ", MOST_PATTERNS, wrong);
    check(wrong_long == 0, "20 texts of up to 10000 letters: %d differ", wrong_long);
}

/* One long token that almost fits everywhere, and a long one that does: a search that begins anew at every place would
 * take 10^11 steps here. */
static void long_tokens(void)
{
    enum { N = 1000000, LONG = 100000 };
    char *text = memory_alloc(N + 1, 1), *almost = memory_alloc(LONG + 2, 1), *fits = memory_alloc(LONG, 1);
    memset(text, 'a', N);
    memset(almost, 'a', LONG);
    almost[LONG] = 'b';
    memset(fits, 'a', LONG - 1);
    const TokenPattern pattern[] = {{slice_of(almost), false, false, false}, {{"aa", 2}, false, false, false}};
    TokenSearch *search = token_search_new(pattern, 2);
    TokenMatches found = {0};
    token_search(search, (Slice){text, N}, &found);
    check(found.n == N / 2 && found.match[N / 2 - 1].end == N,
          "a token of 100 kB that almost fits everywhere: %zu found", found.n);
    token_search_free(search);
    const TokenPattern longer[] = {{slice_of(fits), true, true, true}, {{" ", 1}, true, true, false}};
    search = token_search_new(longer, 2);
    memset(text + LONG - 1, ' ', N - 2 * LONG + 2);
    token_search(search, (Slice){text, N}, &found);
    check(found.n == N - 2 * LONG + 4 && found.match[0].end == N - LONG + 1,
          "white space that many tokens could take: %zu found", found.n);
    token_search_free(search);
    free(found.match);
    free(text);
    free(almost);
    free(fits);
}

static void equal_texts(void)
{
    const TokenPattern pattern[] = {{{"ab", 2}, false, false, false}, {{"ab", 2}, false, false, false}};
    TokenSearch *search = token_search_new(pattern, 2);
    TokenMatches found = {0};
    token_search(search, (Slice){"xab", 3}, &found);
    check(found.n == 1 && found.match[0].pattern == 0, "of two equal tokens the first is found");
    token_search(NULL, (Slice){"xab", 3}, &found);
    check(found.n == 0 && token_search_new(pattern, 0) == NULL, "no tokens: nothing is found");
    token_search_free(search);
    free(found.match);
}

int main(void)
{
    against_naive();
    long_tokens();
    equal_texts();
    return harness_done();
}
