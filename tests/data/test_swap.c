/* test_swap.c: the gender swap. Oracle: sentences written in both genders by hand (swap_sentences.txt): each is the
 * right answer to the other. A text without doubts, swapped twice, is the text; also for texts made of odd pieces. */
#include "data/swap.h"

#include "../harness.h"
#include "base/memory.h"
#include "io/text_file.h"

static const char sentences[] = "tests/data/swap_sentences.txt", list[] = "jobs/words/gender-pairs.txt";

typedef struct {
    int right, wrong, doubted, not_back;
} Tally;

/* One of the two sentences of a line. */
static void expand(Slice line, int side, Buffer *out)
{
    out->n = 0;
    for (size_t i = 2; i < line.length; i++) {
        const char *bar, *close;
        if (line.start[i] != '[') {
            buffer_add_byte(out, line.start[i]);
            continue;
        }
        bar = memchr(line.start + i, '|', line.length - i);
        close = memchr(line.start + i, ']', line.length - i);
        if (side == 0) buffer_add(out, line.start + i + 1, (size_t)(bar - line.start) - i - 1);
        else buffer_add(out, bar + 1, (size_t)(close - bar) - 1);
        i = (size_t)(close - line.start);
    }
}

static bool same(Slice a, Slice b)
{
    return a.length == b.length && memcmp(a.start, b.start, a.length) == 0;
}

static Tally try_sentence(Swapper *s, char kind, Slice text, Slice expected)
{
    Tally t = {0};
    swap_text(s, text);
    const Slice got = buffer_slice(&s->out);
    const bool right = same(got, expected), doubted = s->n_doubts > 0;
    t.right = right, t.doubted = doubted;
    t.wrong = (kind == '=' && (!right || doubted)) || (kind == '>' && (!right || !doubted)) ||
              (kind == '?' && !right && !doubted);
    if (t.wrong)
        printf("# %.*s\n#   got      %.*s%s%s\n#   expected %.*s\n", (int)text.length, text.start, (int)got.length,
               got.start, doubted ? "  in doubt: " : "", doubted ? s->places.place[0].doubt : "", (int)expected.length,
               expected.start);
    if (doubted) return t;
    char *copy = slice_copy(got);
    swap_text(s, (Slice){copy, got.length});
    t.not_back = !same(buffer_slice(&s->out), text);
    free(copy);
    return t;
}

static void add(Tally *sum, Tally t)
{
    sum->right += t.right, sum->wrong += t.wrong, sum->doubted += t.doubted, sum->not_back += t.not_back;
}

static void try_sentences(Swapper *s)
{
    char *text;
    size_t length;
    Tally sum = {0};
    int n = 0;
    Buffer one = {0}, other = {0};
    if (!check(text_file_read(sentences, &text, &length) == STATUS_OK, "the sentences are read")) return;
    LineCursor cursor = line_cursor((Slice){text, length});
    for (Slice line; line_cursor_next(&cursor, &line);) {
        if (!line.length || !strchr("=>?", line.start[0])) continue;
        expand(line, 0, &one);
        expand(line, 1, &other);
        add(&sum, try_sentence(s, line.start[0], buffer_slice(&one), buffer_slice(&other)));
        n++;
        if (line.start[0] == '>') continue;
        add(&sum, try_sentence(s, line.start[0], buffer_slice(&other), buffer_slice(&one)));
        n++;
    }
    check(n >= 400, "%d sentences", n);
    check(sum.wrong == 0, "%d sentences have another answer than the right one without doubt", sum.wrong);
    check(sum.not_back == 0, "%d sentences without doubt do not come back", sum.not_back);
    check(sum.doubted < n / 8, "%d of %d are in doubt; %d right in all", sum.doubted, n, sum.right);
    buffer_free(&one);
    buffer_free(&other);
    free(text);
}

/* Odd pieces in random order: what is without doubt comes back, and nothing but the places differs. */
static void try_odd_texts(Swapper *s)
{
    static const char *const piece[] = {
        "her", "his", "him", "hers", "He",   "SHE",  " ",   " ",   " ",    "-",     "'",
        "’s",  "'s",  "s/",  ".",    ",",    "king", "Mr.", "Mr",  "Miss", "Smith", "mother-in-law",
        "hE",  "\"",  "(",   ")",    "book", "gave", "saw", "own", "home", "to",    "and",
        "or",  "/",   "\n",  "é",    "€",    "😀",    "İ",   "_",   "Anna", "ma'am", "1"};
    enum { PIECES = sizeof piece / sizeof piece[0], TEXTS = 200000 };
    uint64_t state = 12345;
    int not_back = 0, torn = 0, doubted = 0;
    Buffer text = {0};
    for (int i = 0; i < TEXTS; i++) {
        text.n = 0;
        const int n = 1 + i % 12;
        for (int k = 0; k < n; k++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            buffer_add_text(&text, piece[(state >> 33) % PIECES]);
        }
        swap_text(s, buffer_slice(&text));
        size_t from = 0, to = 0;
        for (int k = 0; k <= s->places.n; k++) { /* between the places the texts are the same */
            const SwapPlace *p = k < s->places.n ? &s->places.place[k] : NULL;
            const Slice a = {text.data + from, (p ? p->at : text.n) - from},
                        b = {s->out.data + to, (p ? p->to_at : s->out.n) - to};
            torn += !same(a, b);
            if (p) from = p->at + p->length, to = p->to_at + p->to_length;
        }
        doubted += s->n_doubts > 0;
        if (s->n_doubts) continue;
        char *once = slice_copy(buffer_slice(&s->out));
        swap_text(s, slice_of(once));
        not_back += !same(buffer_slice(&s->out), buffer_slice(&text));
        free(once);
    }
    check(not_back == 0, "%d odd texts, %d in doubt: the others come back", TEXTS, doubted);
    check(torn == 0, "nothing changes between the places");
    buffer_free(&text);
}

static void refuses(const char *text, const char *second, PairsTwice twice, const char *says)
{
    const char *const names[2] = {"pairs.txt", "second.txt"};
    const Slice other = second ? slice_of(second) : (Slice){NULL, 0};
    WordPairs pairs;
    const Status status = word_pairs_parse(names, slice_of(text), second ? &other : NULL, twice, &pairs);
    check(says ? status == STATUS_DATA && strstr(status_message(), says) : !status, "%s",
          says || status ? status_message() : "accepted");
    if (!status) word_pairs_free(&pairs);
}

static void try_lists(void)
{
    refuses("king\tqueen\nman\twoman\n", NULL, 0, NULL);
    refuses(" king , queen \r\n# x\n\nman woman\n", NULL, 0, NULL);
    refuses("king\tqueen\nqueen\tking\n", NULL, 0, NULL);
    refuses("king\t\n", NULL, 0, "line 1: the right side is empty");
    refuses("\tqueen\n", NULL, 0, "line 1: the left side is empty");
    refuses("king\tqueen\nking\tKing\n", NULL, 0, "line 2: 'king' stands on both sides");
    refuses("sir\tmadam\nsir\tma'am\n", NULL, 0, "line 2: 'sir' stands for 'ma'am', but line 1 has 'madam'");
    refuses("man\twoman\nguy\twoman\n", NULL, 0, "line 2: 'woman' stands for 'guy', but line 1 has 'man'");
    refuses("sir\tmadam\nsir\tma'am\n", NULL, PAIRS_TWICE_FIRST, NULL);
    refuses("sir > madam\nsir > ma'am\n", NULL, 0, "line 2: 'sir' stands for");
    refuses("king\n", NULL, 0, "line 1 has one word, 'king'");
    refuses("king\tqueen of hearts\n", NULL, 0, "'queen of hearts' is no single word");
    refuses("# nothing\n", NULL, 0, "holds no pair");
    refuses("he\tshe\n", NULL, 0, "holds no pair");
    refuses("king\nman\n", "queen\nwoman\n", 0, NULL);
    refuses("king\nman\n", "queen\n", 0, "line 2 of second.txt is missing");
    refuses("king\n\n", "queen\nwoman\n", 0, "line 2 of pairs.txt is empty");
}

int main(void)
{
    static const char people[] = "Anna\tPeter\nMaria\tJohn\nEmma\tPaul\nGrace\tHenry\n";
    const char *const names[2] = {list, NULL}, *const of_people[2] = {"names", NULL};
    WordPairs pairs, of_names;
    char *text = NULL;
    size_t length = 0;
    Status status = text_file_read(list, &text, &length);
    if (!status) status = word_pairs_parse(names, (Slice){text, length}, NULL, PAIRS_TWICE_REFUSED, &pairs);
    if (!check(!status, "%s: %s", list, status ? status_message() : "read")) return harness_done();
    check(!word_pairs_parse(of_people, slice_of(people), NULL, PAIRS_TWICE_REFUSED, &of_names), "names are read");
    Swapper swapper;
    swap_init(&swapper, &pairs, &of_names);
    try_sentences(&swapper);
    try_odd_texts(&swapper);
    try_lists();
    swap_free(&swapper);
    word_pairs_free(&pairs);
    word_pairs_free(&of_names);
    free(text);
    return harness_done();
}
