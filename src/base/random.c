/* random.c: Philox4x32-10 and what is drawn from it. */
#include "base/random.h"

#include <math.h>

#define ROUNDS       10
#define MULTIPLIER_0 0xD2511F53u
#define MULTIPLIER_1 0xCD9E8D57u
#define WEYL_0       0x9E3779B9u
#define WEYL_1       0xBB67AE85u

RandomKey random_key(uint64_t seed, RandomPurpose purpose, uint32_t layer, uint32_t step, uint32_t sample)
{
    RandomKey key = {.key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
                     .counter = {0, sample, step, ((uint32_t)purpose << 24) | layer}};
    return key;
}

void random_words(const RandomKey *key, uint32_t index, uint32_t word[4])
{
    uint32_t c0 = index, c1 = key->counter[1], c2 = key->counter[2], c3 = key->counter[3];
    uint32_t k0 = key->key[0], k1 = key->key[1];
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t product_0 = (uint64_t)MULTIPLIER_0 * c0;
        uint64_t product_1 = (uint64_t)MULTIPLIER_1 * c2;
        c0 = (uint32_t)(product_1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)product_1;
        c2 = (uint32_t)(product_0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)product_0;
        k0 += WEYL_0;
        k1 += WEYL_1;
    }
    word[0] = c0, word[1] = c1, word[2] = c2, word[3] = c3;
}

void random_normal(uint32_t first, uint32_t second, double normal[2])
{
    double radius = sqrt(-2.0 * log(((double)first + 0.5) / 4294967296.0));
    double angle = 6.283185307179586 * random_unit(second);
    normal[0] = radius * cos(angle);
    normal[1] = radius * sin(angle);
}

void random_order(const RandomKey *key, int n, int *order)
{
    for (int i = 0; i < n; i++) order[i] = i;
    for (int i = n - 1; i > 0; i--) { /* Fisher and Yates */
        uint32_t word[4];
        random_words(key, (uint32_t)i, word);
        int j = (int)random_below(word[0], (uint32_t)i + 1);
        int kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

RandomDraws random_draws(uint64_t seed, RandomPurpose purpose, uint32_t sample)
{
    return (RandomDraws){.key = random_key(seed, purpose, 0, 0, sample)};
}

uint32_t random_next_below(RandomDraws *d, uint32_t n)
{
    if (d->index % 4 == 0) random_words(&d->key, d->index / 4, d->word);
    return random_below(d->word[d->index++ % 4], n);
}

void random_permutation(uint64_t seed, uint32_t epoch, int n, int *order)
{
    const RandomKey key = random_key(seed, RANDOM_SHUFFLE, 0, epoch, 0);
    random_order(&key, n, order);
}
