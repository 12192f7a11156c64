/* test_random.c: Philox against the known answers of its authors, and what is drawn from it.
 * Oracle: kat_vectors of Random123 (Salmon et al. 2011), and counts. */
#include "base/random.h"

#include "../harness.h"

static void known_answers(void)
{
    static const struct {
        uint32_t counter[4], key[2], answer[4];
    } kat[] = {{{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
               {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
                {0xffffffff, 0xffffffff},
                {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
               {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                {0xa4093822, 0x299f31d0},
                {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}};
    for (size_t i = 0; i < sizeof kat / sizeof kat[0]; i++) {
        RandomKey key;
        memcpy(key.key, kat[i].key, sizeof key.key);
        memcpy(key.counter, kat[i].counter, sizeof key.counter);
        uint32_t word[4];
        random_words(&key, kat[i].counter[0], word);
        check(memcmp(word, kat[i].answer, sizeof word) == 0, "Philox4x32-10 known answer %zu", i);
    }
}

static void permutations(void)
{
    enum { N = 1000 };
    int order[N], again[N], other[N], seen[N] = {0}, same = 0;
    random_permutation(7, 3, N, order);
    random_permutation(7, 3, N, again);
    random_permutation(7, 4, N, other);
    for (int i = 0; i < N; i++) {
        seen[order[i]]++;
        same += order[i] == other[i];
    }
    bool all = true;
    for (int i = 0; i < N; i++) all = all && seen[i] == 1;
    check(all, "a permutation holds every number once");
    check(memcmp(order, again, sizeof order) == 0, "it is a function of seed and epoch");
    check(same < 20, "another epoch has another order (%d places alike)", same);
}

static void normals(void)
{
    enum { N = 200000 };
    const RandomKey key = random_key(1, RANDOM_TEST, 0, 0, 0);
    double sum = 0, square = 0, fourth = 0;
    for (uint32_t i = 0; i < N / 2; i++) {
        uint32_t word[4];
        double x[2];
        random_words(&key, i, word);
        random_normal(word[0], word[1], x);
        for (int j = 0; j < 2; j++) sum += x[j], square += x[j] * x[j], fourth += x[j] * x[j] * x[j] * x[j];
    }
    check(near(sum / N, 0, 0.01), "normal numbers: mean %.4f", sum / N);
    check(near(square / N, 1, 0.015), "variance %.4f", square / N);
    check(near(fourth / N, 3, 0.1), "fourth moment %.3f", fourth / N);
}

int main(void)
{
    known_answers();
    permutations();
    normals();
    return harness_done();
}
