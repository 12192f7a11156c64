/* test_text_data.c: sentences, word lists, corpora, masks, grammars, vocabularies learnt from text.
 * Oracles: counts of the specification (methods.md 1.2, 1.4), statistics, cases by hand. */
#include <unistd.h>

#include "../harness.h"
#include "data/batch.h"
#include "data/grammar.h"
#include "data/sentences.h"
#include "data/vocabulary_builder.h"
#include "data/wordlist.h"
#include "data/wordpiece.h"
#include "io/file.h"

static char *temporary(const char *name, const char *text, size_t n)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", getenv("TMP") ? getenv("TMP") : "/tmp", name);
    FILE *f = fopen(path, "w");
    fwrite(text, 1, n, f);
    fclose(f);
    return path;
}

#define TEMPORARY(name, text) temporary(name, text, sizeof(text) - 1)

static void sentences(void)
{
    Slice rest = slice_of("He left. She stayed! \"Why?\" asked Dr. no one (e.g. me). (So it is.) it went on"), s;
    static const char *const expected[] = {"He left.", "She stayed!", "\"Why?\" asked Dr. no one (e.g. me).",
                                           "(So it is.) it went on"};
    int n = 0;
    bool same = true;
    while (sentences_next(SENTENCES_PLAIN, &rest, &s)) {
        same = same && n < 4 && slice_is(s, expected[n]);
        n++;
    }
    check(same && n == 4, "plain: sentences end before capitals, quotes and brackets only (%d found)", n);
}

/* A bar stands where the usual rule must cut. By hand. */
static const char *const cut[] = {
    "Dr. King said that Mrs. Queen is late.|He met J. R. Nurse.|She is No. 1 in St. Mary.",
    "He lived in the U.S. Senate.|She left the U.S.|He stayed in the U.S.|In 1990 he left.",
    "Martin Luther King, Jr. Day is a holiday.|It honours Martin Luther King Jr.|He was born in 1929.",
    "She took vitamin C.|It was late.|World War I.|The king fell.",
    "George I.|He was king.|J. A. Smith and A. Jones met I. Newton.",
    "Prof. The is a name.|Lt. Col. Gen. Adm. Smith v. Jones vs. Brown.",
    "Some fruit (e.g. Apples, i.e. Red ones) and nuts, etc. Peter ate.|Smith et al.|The end.",
    "He has a Ph.D.|The work was hard.|A B.A. Degree, at 5 p.m. Monday.|At 5 p.m.|She left.",
    "Apple Inc. Shares fell.|He left Apple Inc.|The end.|Sept. Monday.|In Sept.|He came.",
    "J.-P. Sartre wrote.|(J. Smith) said.|``J. Smith said.''|\"J. Smith said.\" -- J. Smith",
    "No.|Peter said no.|So did the king.|Is it?|Yes!|Yahoo! is a name.",
    "He said: \"No.|I will not.\"|\"Why?\"|(He left.)|``Yes.''|She left. '|He stayed. ''|It rained.",
    "It cost 2.5.|Peter paid www.example.com.|Peter can't.|Peter left.",
    "Sie kam z.B. Der Mann.|\u00c9. Zola schrieb.|\u00c9tat.|\u00c9t\u00e9.",
    "And then...|He left... and came.|What?!|No...",
    "He said so.|He left.|She\tstayed.|It rained",
    "the end. of it. 2010 was late. a b",
};

static void usual_sentences(void)
{
    for (size_t i = 0; i < sizeof cut / sizeof cut[0]; i++) {
        static const char *const space[] = {" ", "\n", "\r\n\r\n ", "\u00a0"};
        char text[1000], *at = text; /* without bars */
        for (const char *c = cut[i]; *c; c++) at = *c == '|' ? stpcpy(at, space[i % 4]) : (*at = *c, at + 1);
        Slice rest = {text, (size_t)(at - text)}, bars = slice_of(cut[i]), one, wanted;
        bool same = true;
        while (same && sentences_next(SENTENCES_USUAL, &rest, &one)) {
            if (!slice_next_field(&bars, '|', &wanted)) wanted = slice_of("");
            same = one.length == wanted.length && memcmp(one.start, wanted.start, one.length) == 0;
        }
        same = same && !bars.start;
        check(same, "%s%s%.*s", cut[i], same ? "" : " -- but: ", same ? 0 : (int)one.length, one.start);
    }
}

static bool is_blank(const char *from, const char *to)
{
    for (; from < to; from++)
        if (!strchr(" \n\xc2\xa0", *from)) return false;
    return true;
}

/* Nothing is lost but white space, whatever the text; and long runs of marks take linear time (the square of their
 * length would outlast the test). */
static void whole_sentences(void)
{
    static const char *const bit[] = {".", "!", "?",  "\"",  "'",  ")",      "(",      "[",      "`", " ", "\n",
                                      "A", "b", "Dr", "U.S", "He", "\u00c9", "\u00a0", "\u2019", "J", "-", "1"};
    enum { BITS = sizeof bit / sizeof bit[0], LONG = 1 << 23 };
    uint64_t state = 7;
    bool whole = true;
    char *text = malloc(LONG + 8);
    for (int trial = 0; trial < 40000 && whole; trial++) {
        size_t n = 0;
        for (int i = 0; i < 30; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            n += (size_t)sprintf(text + n, "%s", bit[(state >> 33) % BITS]);
        }
        Slice rest = {text, n}, one;
        const char *at = text;
        while (whole && sentences_next(trial % 2 ? SENTENCES_PLAIN : SENTENCES_USUAL, &rest, &one)) {
            whole = one.length > 0 && one.start >= at && is_blank(at, one.start);
            at = one.start + one.length;
        }
        whole = whole && is_blank(at, text + n);
    }
    check(whole, "40,000 odd texts: every character but white space is in one sentence, in order");
    static const char *const unit[] = {".", ". ", ".\" ", "J.", "J. ", ".''' ", "U.S. A. ", ".  \" "};
    for (size_t u = 0; u < sizeof unit / sizeof unit[0]; u++) {
        size_t n = 0;
        while (n < LONG - 8) n = (size_t)(stpcpy(text + n, unit[u]) - text);
        Slice rest = {text, n}, one;
        int64_t bytes = 0;
        while (sentences_next(SENTENCES_USUAL, &rest, &one)) bytes += (int64_t)one.length;
        check(bytes > LONG / 8, "8 MB of '%s': %lld bytes in sentences", unit[u], (long long)bytes);
    }
    free(text);
}

static void gap_counts(void)
{
    const char *shared = harness_shared();
    if (!shared) {
        skip("GAP: no ../shared");
        return;
    }
    char path[4096], vocab[4096];
    snprintf(path, sizeof path, "%s/data/methods/bec/gap_flipped.tsv", shared);
    snprintf(vocab, sizeof vocab, "%s/models/minilm-mlm/vocab.txt", shared);
    Vocabulary *v;
    char *text;
    size_t length;
    if (vocabulary_read(vocab, CASE_AUTO, &v) || file_read(path, &text, &length)) return;
    Slice rest = {text, length}, line, field, one;
    int n = 0, n_usual = 0, row = 0;
    while (slice_next_line(&rest, &line)) {
        if (row++ == 0) continue;
        for (int c = 0; c < 3; c++) slice_next_field(&line, '\t', &field);
        Slice again = field;
        while (sentences_next(SENTENCES_PLAIN, &field, &one)) n++;
        while (sentences_next(SENTENCES_USUAL, &again, &one)) n_usual++;
    }
    check(row - 1 == 4454 && n == 13928, "gap_flipped.tsv: %d rows, %d sentences (methods.md 1.3: 4454, 13928)",
          row - 1, n);
    check(n_usual == 13228, "gap_flipped.tsv: %d sentences by the usual rule (docs/training.md: 13,228)", n_usual);
    free(text);
    static const struct {
        const char *path;
        int words, ids, split;
    } list[] = {{"data/methods/ase/ase_word_indices_gender.json", 409, 271, 212},
                {"data/methods/adept/adept_word_indices_gender_1.json", 425, 287, 212}};
    for (int i = 0; i < 2; i++) {
        WordList words;
        snprintf(path, sizeof path, "%s/%s", shared, list[i].path);
        const Status status = wordlist_read(path, v, PIECES_FIRST, &words);
        check(!status && words.n_words == list[i].words && words.n == list[i].ids,
              "%s: first pieces give all stored ids: %d words, %d ids", list[i].path, words.n_words, words.n);
        if (status) continue;
        wordlist_free(&words);
        const Status whole = wordlist_read(path, v, PIECES_WHOLE, &words);
        check(!whole && words.n_dropped == list[i].split && words.n == list[i].words - list[i].split,
              "whole words only: %d classes, %d words left out (Q-R7)", words.n, words.n_dropped);
        wordlist_free(&words);
    }
    vocabulary_free(v);
}

static const char *const pieces[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "he", "she", "##s",
                                     "king",  "queen", "the",   "was",   "late",   ".",  "a"};
enum { N_PIECES = sizeof pieces / sizeof pieces[0] };

static void word_lists(void)
{
    Vocabulary *v;
    WordList list;
    vocabulary_new("test", pieces, N_PIECES, true, &v);
    char *path = TEMPORARY("w.txt", "# comment\nqueen\tfemale\nHe\tmale\nkings\nshe\tfemale\nhe\nzebra\n");
    check(!wordlist_read(path, v, PIECES_WHOLE, &list) && list.n == 3 && list.id[0] == 5 && list.id[1] == 6 &&
              list.id[2] == 9,
          "distinct ids, ascending");
    check(strcmp(list.word[0], "He") == 0 && strcmp(list.group[2], "female") == 0 && list.class_of[9] == 2 &&
              list.class_of[8] == -1,
          "words, groups, classes");
    check(list.n_words == 6 && list.n_dropped == 2, "kings and zebra are left out");
    wordlist_free(&list);
    check(!wordlist_read(path, v, PIECES_FIRST, &list) && list.n == 4 && list.class_of[8] >= 0,
          "first: kings stands for king");
    wordlist_free(&list);
    path = TEMPORARY("w.json", "{\"f\": {\"queen\": 9, \"she\": 6}, \"m\": {\"zebra\": null}}");
    check(!wordlist_read(path, v, PIECES_WHOLE, &list) && list.n == 2 && list.n_dropped == 1, "JSON: null is left out");
    wordlist_free(&list);
    path = TEMPORARY("w.json", "{\"f\": {\"queen\": 12}}");
    check(wordlist_read(path, v, PIECES_WHOLE, &list) == STATUS_DATA && strstr(status_message(), "another vocabulary"),
          "JSON of another vocabulary: %s", status_message());
    path = TEMPORARY("w.json", "{\"f\": [1, 2");
    check(wordlist_read(path, v, PIECES_WHOLE, &list) == STATUS_DATA, "broken JSON: %s", status_message());
    path = TEMPORARY("w.txt", "zebra\nkings\n");
    check(wordlist_read(path, v, PIECES_WHOLE, &list) == STATUS_DATA && strstr(status_message(), "nc-pieces"),
          "no usable word: %s", status_message());
    vocabulary_free(v);
}

static void masks(void)
{
    enum { LENGTH = 100, SAMPLES = 100, EPOCHS = 105 };
    Vocabulary *v;
    char(*name)[12] = malloc(1000 * sizeof *name);
    const char *many[1000];
    for (int i = 0; i < 1000; i++) snprintf(name[i], sizeof name[i], "w%d", i), many[i] = i < 5 ? pieces[i] : name[i];
    vocabulary_new("test", many, 1000, true, &v);
    Dataset corpus = {.n = SAMPLES, .n_texts = 1, .longest = LENGTH};
    corpus.id = malloc(SAMPLES * LENGTH * sizeof *corpus.id);
    corpus.offset = malloc((SAMPLES + 1) * sizeof *corpus.offset);
    BatchItem order[SAMPLES];
    for (int s = 0; s <= SAMPLES; s++) corpus.offset[s] = s * LENGTH;
    for (int i = 0; i < SAMPLES * LENGTH; i++)
        corpus.id[i] = i % LENGTH == 0 ? 2 : i % LENGTH == LENGTH - 1 ? 3 : 5 + i % 990;
    for (int s = 0; s < SAMPLES; s++) order[s] = (BatchItem){s, s};
    Arena arena = {0};
    Batch batch;
    batch_init(&arena, SAMPLES, SAMPLES * LENGTH, &batch);
    arena_open(&arena);
    batch_init(&arena, SAMPLES, SAMPLES * LENGTH, &batch);
    int64_t positions = 0, chosen = 0, masked = 0, same = 0, changed = 0, wrong = 0;
    for (uint32_t epoch = 0; epoch < EPOCHS; epoch++) {
        const Masking masking = {0.15, 42, epoch};
        batch_fill(&corpus, v, order, SAMPLES, &masking, &batch);
        for (int i = 0; i < batch.packed.n_tokens; i++) {
            const bool special = batch.true_id[i] < 5;
            positions += !special;
            if (batch.label[i] < 0) {
                wrong += batch.packed.id[i] != batch.true_id[i];
                continue;
            }
            chosen++;
            wrong += special || batch.label[i] != batch.true_id[i];
            masked += batch.packed.id[i] == 4;
            same += batch.packed.id[i] == batch.true_id[i];
            changed += batch.packed.id[i] != 4 && batch.packed.id[i] != batch.true_id[i];
        }
    }
    check(positions > 1000000 && wrong == 0, "specials are never chosen, labels are the true ids (%lld positions)",
          (long long)positions);
    const double share = (double)chosen / (double)positions;
    check(near(share, 0.15, 0.001), "chosen: %.4f of the positions", share);
    check(near((double)masked / (double)chosen, 0.8, 0.005) && near((double)same / (double)chosen, 0.1, 0.004) &&
              near((double)changed / (double)chosen, 0.1, 0.004),
          "80 / 10 / 10: %.3f masked, %.3f random, %.3f unchanged", (double)masked / (double)chosen,
          (double)changed / (double)chosen, (double)same / (double)chosen);
    const Masking masking = {0.15, 42, 3};
    batch_fill(&corpus, v, order, SAMPLES, &masking, &batch);
    int *whole = malloc((size_t)batch.packed.n_tokens * sizeof *whole);
    memcpy(whole, batch.packed.id, (size_t)batch.packed.n_tokens * sizeof *whole);
    batch_fill(&corpus, v, order + 40, 7, &masking, &batch);
    check(memcmp(whole + 40 * LENGTH, batch.packed.id, 7 * LENGTH * sizeof *whole) == 0,
          "a sample's masks do not depend on its neighbours in the batch");
    free(whole), free(corpus.id), free(corpus.offset), free(name);
    arena_close(&arena);
    vocabulary_free(v);
}

static char *expansion(const Grammar *g, uint64_t seed, int64_t index)
{
    char *text = NULL;
    size_t n = 0;
    FILE *stream = open_memstream(&text, &n);
    grammar_expand(g, seed, index, stream);
    fclose(stream);
    return text;
}

static void grammars(void)
{
    Grammar *g = grammar_new();
    grammar_read(TEMPORARY("g", "# c\nstart = {{the}} {job} said {p} was {x}\njob 3 = nurse\njob = pilot\np = he\np = "
                                "she\nx 0.5 = a {x}\nx = late\n"),
                 g);
    check(grammar_check(g) == STATUS_OK, "a good grammar: %s", status_message());
    int nurses = 0, good = 0;
    for (int i = 0; i < 4000; i++) {
        char *text = expansion(g, 1, i);
        nurses += strstr(text, "nurse") != NULL;
        good += strncmp(text, "{the} ", 6) == 0 && strstr(text, "late") != NULL;
        free(text);
    }
    check(good == 4000 && near(nurses / 4000.0, 0.75, 0.03), "weights are kept: %.3f nurses of 0.75", nurses / 4000.0);
    char *a = expansion(g, 1, 7), *b = expansion(g, 1, 7), *c = expansion(g, 2, 7);
    check(strcmp(a, b) == 0, "sentence 7 is a function of the seed");
    free(a), free(b), free(c);
    grammar_free(g);
    static const struct {
        const char *text, *says;
    } bad[] = {{"start = {x}\n", "not defined"}, {"start = {start} a\n", "never end"}, {"start = a } b\n", "brace"},
               {"begin = a\n", "start"},         {"start -2 = a\n", "weight"},         {"no equals\n", "form"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        g = grammar_new();
        Status status = grammar_read(temporary("g", bad[i].text, strlen(bad[i].text)), g);
        if (!status) status = grammar_check(g);
        check(status == STATUS_DATA && strstr(status_message(), bad[i].says), "refused: %s", status_message());
        grammar_free(g);
    }
}

static void builder(void)
{
    const char *const *piece;
    int n;
    VocabularyBuilder *b = vocabulary_builder_new(true);
    for (int i = 0; i < 5; i++) vocabulary_builder_add(b, slice_of("Hug pug pun bun hugs"));
    for (int i = 0; i < 5; i++) vocabulary_builder_add(b, slice_of("hug pug hug"));
    const Status learnt = vocabulary_builder_learn(b, 25, 2, &piece, &n);
    check(!learnt && n <= 25, "learns %d pieces", n);
    /* hug 10+5, pug 10, pun 5, bun 5, hugs 5: ##ug = 30 is the most frequent pair, then h + ##ug = 20 */
    bool has_ug = false, has_hug = false, specials = true;
    for (int i = 0; i < n; i++) {
        has_ug = has_ug || strcmp(piece[i], "##ug") == 0;
        has_hug = has_hug || strcmp(piece[i], "hug") == 0;
    }
    for (int i = 0; i < 5; i++) specials = specials && strcmp(piece[i], pieces[i]) == 0;
    check(has_ug && has_hug && specials, "the frequent pairs are merged; specials come first");
    Vocabulary *v;
    check(!vocabulary_new("learnt", piece, n, true, &v), "it is a vocabulary");
    IdList ids = {0};
    wordpiece_encode(v, slice_of("hugs bun"), &ids);
    bool known = ids.n > 0;
    for (size_t i = 0; i < ids.n; i++) known = known && ids.id[i] != 1;
    check(known, "every word of the text is spelt without [UNK]");
    free(ids.id);
    vocabulary_free(v);
    vocabulary_builder_free(b);
    b = vocabulary_builder_new(true);
    check(vocabulary_builder_learn(b, 25, 2, &piece, &n) == STATUS_DATA, "no word: %s", status_message());
    vocabulary_builder_free(b);
}

int main(void)
{
    sentences();
    usual_sentences();
    whole_sentences();
    gap_counts();
    word_lists();
    masks();
    grammars();
    builder();
    return harness_done();
}
