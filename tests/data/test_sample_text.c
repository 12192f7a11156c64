/* test_sample_text.c: one sample from a line: specials, types, cuts, and what a model cannot take. By hand, after
 * transformers' longest_first. The door to the matrices of positions and types: nothing passes that would index behind
 * them. */
#include "../harness.h"
#include "data/sample_text.h"

static const char *const pieces[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "d"};
static Vocabulary *vocabulary;

static SampleRules rules(int max_length, int types, bool has_pairs)
{
    return (SampleRules){
        .vocabulary = vocabulary, .max_length = max_length, .types = types, .has_pairs = has_pairs, .name = "t.txt"};
}

static void gives(const char *text, SampleRules r, const char *ids, const char *kinds)
{
    SamplePack p = {0};
    char got[100] = "", kind[100] = "";
    sample_pack_clear(&p);
    const Status status = sample_pack_add(&r, slice_of(text), 7, &p);
    int most = -1;
    for (int i = 0; i < (int)p.id.n; i++) {
        snprintf(got + strlen(got), sizeof got - strlen(got), "%d", p.id.id[i]);
        snprintf(kind + strlen(kind), sizeof kind - strlen(kind), "%d", p.kind.id[i]);
        if (p.kind.id[i] > most) most = p.kind.id[i];
    }
    check(!status && strcmp(got, ids) == 0 && strcmp(kind, kinds) == 0 && most < r.types && (int)p.id.n <= r.max_length,
          "'%s' in %d positions, %d types: %s of type %s", text, r.max_length, r.types, got, kind);
    sample_pack_free(&p);
}

static void refuses(const char *text, SampleRules r, const char *says)
{
    SamplePack p = {0};
    sample_pack_clear(&p);
    const Status status = sample_pack_add(&r, slice_of(text), 7, &p);
    check(status == STATUS_DATA && strstr(status_message(), says) && p.n_samples == 0 && p.id.n == 0,
          "'%s' in %d positions, %d types: %s", text, r.max_length, r.types, status_message());
    sample_pack_free(&p);
}

int main(void)
{
    vocabulary_new("test", pieces, sizeof pieces / sizeof pieces[0], true, &vocabulary);
    gives("a b", rules(10, 2, true), "2563", "0000");
    gives("", rules(10, 2, true), "23", "00");
    gives("a b\tc", rules(10, 2, true), "256373", "000011");
    gives("a\tb\tc", rules(10, 2, true), "253673", "000111"); /* the second TAB is white space */
    gives("a\t", rules(10, 2, true), "2533", "0001");
    gives("a b c d", rules(4, 2, true), "2563", "0000");
    gives("a b c d\ta b", rules(6, 2, true), "256353", "000011"); /* the longer text is cut first, then in turn */
    gives("a\tb", rules(3, 2, true), "233", "001");
    gives("a b", rules(2, 2, true), "23", "00");
    gives("a\tb", rules(10, 1, false), "2563", "0000"); /* of a table: no pair */
    refuses("a\tb", rules(10, 1, true),
            "t.txt: line 7: a TAB makes a pair of texts, but the model knows one token type");
    refuses("a\tb", rules(2, 2, true), "t.txt: line 7: a pair needs at least 3 positions, the model reads 2");
    refuses("a", rules(1, 2, true), "a text needs at least 2 positions");
    vocabulary_free(vocabulary);
    return harness_done();
}
