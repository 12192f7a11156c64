/* random.h: random numbers without a generator state.
 *
 * A number is a function of (seed, purpose, four counters): the same on every rank and after every
 * restart, whatever was drawn before. Philox4x32-10 of Salmon, Moraes, Dror, Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3" (SC 2011). The known-answer vectors of that paper are in tests/. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

typedef enum {
    RANDOM_SHUFFLE = 1, /* order of the samples in an epoch */
    RANDOM_MASK,        /* which positions are masked, and by what */
    RANDOM_DROPOUT,     /* dropout: the sub-purpose is in the layer counter */
    RANDOM_INIT,        /* initial weights */
    RANDOM_GRAMMAR,     /* collapse corpus */
    RANDOM_BENCH,       /* collapse bench */
    RANDOM_BOOTSTRAP,   /* resampling of intervals */
    RANDOM_TEST,
    RANDOM_CHOICE,   /* which of an item's texts */
    RANDOM_SPLIT,    /* splits of a permutation test */
    RANDOM_EXAMPLES, /* which examples are held out, and which are drawn */
    RANDOM_CONTROLS  /* groups of StereoSet's control contexts */
} RandomPurpose;

typedef struct {
    uint32_t key[2];     /* from the seed */
    uint32_t counter[4]; /* index, sample, step, purpose and layer */
} RandomKey;

/* The key of a stream; counter[0] is left to the caller. layer < 2^24. */
RandomKey random_key(uint64_t seed, RandomPurpose purpose, uint32_t layer, uint32_t step, uint32_t sample);

/* Four independent 32-bit words for (key, index). */
void random_words(const RandomKey *key, uint32_t index, uint32_t word[4]);

/* Uniform in [0, 1) with 32 bits; uniform integer in [0, n), n >= 1, without modulo bias above 2^-32. */
static inline double random_unit(uint32_t word)
{
    return word * (1.0 / 4294967296.0);
}

static inline uint32_t random_below(uint32_t word, uint32_t n)
{
    return (uint32_t)(((uint64_t)word * n) >> 32);
}

/* The words of a stream one after the other. */
typedef struct {
    RandomKey key;
    uint32_t index, word[4];
} RandomDraws;

RandomDraws random_draws(uint64_t seed, RandomPurpose purpose, uint32_t sample);
uint32_t random_next_below(RandomDraws *draws, uint32_t n); /* as random_below */

/* Two independent standard normal numbers from two words (Box-Muller, in fp64). */
void random_normal(uint32_t first, uint32_t second, double normal[2]);

/* order[0..n) = a uniformly random permutation of 0..n-1, a function of (seed, epoch). */
void random_permutation(uint64_t seed, uint32_t epoch, int n, int *order);

/* The same, a function of the key. */
void random_order(const RandomKey *key, int n, int *order);

#endif
