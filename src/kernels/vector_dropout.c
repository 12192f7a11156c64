/* vector_dropout.c: dropout factors computed from their key, and the passes that use them.
 *
 * Elements of a row go in groups of 128. In group q of row r, element 32 w + 16 h + l (w = 0..3, h = 0, 1,
 * l = 0..15) takes half h (0: low) of word w of Philox block (r * groups + q) * 16 + l: sixteen blocks side
 * by side fill vector registers without any reordering. */
#include "vector_isa.h"
#include "vector_lanes.h"
#if defined(__AVX2__)
#include <immintrin.h>
#endif

enum { LANES = 16, GROUP = 8 * LANES };

#if defined(__AVX2__)
/* A product of two 32-bit numbers takes a lane of 64, of which it reads the lower half: so a word has such a lane, and
 * what stands in its upper half does not matter. */
enum { WIDE_LANES = VECTOR_BYTES / 8, PARTS = LANES / WIDE_LANES };
typedef uint32_t Words __attribute__((vector_size(VECTOR_BYTES)));
typedef uint64_t Wide __attribute__((vector_size(VECTOR_BYTES)));
typedef uint32_t LooseWords __attribute__((vector_size(VECTOR_BYTES), aligned(4), may_alias));

static inline Wide multiply(Wide x, Wide y)
{
#if defined(__AVX512F__)
    return (Wide)_mm512_mul_epu32((__m512i)x, (__m512i)y);
#else
    return (Wide)_mm256_mul_epu32((__m256i)x, (__m256i)y);
#endif
}

/* The lower halves of the lanes of x, then of y. */
static inline Words lower_halves(Wide x, Wide y)
{
#if defined(__AVX512F__)
    const Words lane = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30};
    return (Words)_mm512_permutex2var_epi32((__m512i)x, (__m512i)lane, (__m512i)y);
#else
    const __m256 halves = _mm256_shuffle_ps((__m256)x, (__m256)y, 0x88);
    return (Words)_mm256_permute4x64_epi64((__m256i)halves, 0xd8);
#endif
}

static inline void philox_lanes(const RandomKey *key, uint32_t first_block, uint32_t word[4 * LANES])
{
    const Wide m0 = (Wide){0} + 0xD2511F53u, m1 = (Wide){0} + 0xCD9E8D57u;
#if defined(__AVX512F__)
    const Wide lane = {0, 1, 2, 3, 4, 5, 6, 7};
#else
    const Wide lane = {0, 1, 2, 3};
#endif
    Wide c0[PARTS], c1[PARTS], c2[PARTS], c3[PARTS];
    uint32_t k0 = key->key[0], k1 = key->key[1];
    for (int part = 0; part < PARTS; part++) {
        c0[part] = lane + (uint64_t)first_block + (uint64_t)(part * WIDE_LANES);
        c1[part] = (Wide){0} + key->counter[1];
        c2[part] = (Wide){0} + key->counter[2];
        c3[part] = (Wide){0} + key->counter[3];
    }
    for (int round = 0; round < 10; round++) {
        const Wide first = (Wide){0} + k0, second = (Wide){0} + k1;
        for (int part = 0; part < PARTS; part++) {
            const Wide p0 = multiply(c0[part], m0), p1 = multiply(c2[part], m1);
            c0[part] = (p1 >> 32) ^ c1[part] ^ first, c1[part] = p1;
            c2[part] = (p0 >> 32) ^ c3[part] ^ second, c3[part] = p0;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    for (int part = 0; part < PARTS; part += 2) {
        uint32_t *to = word + part * WIDE_LANES;
        *(LooseWords *)to = lower_halves(c0[part], c0[part + 1]);
        *(LooseWords *)(to + LANES) = lower_halves(c1[part], c1[part + 1]);
        *(LooseWords *)(to + 2 * LANES) = lower_halves(c2[part], c2[part + 1]);
        *(LooseWords *)(to + 3 * LANES) = lower_halves(c3[part], c3[part + 1]);
    }
}
#else
static inline void philox_lanes(const RandomKey *key, uint32_t first_block, uint32_t word[4 * LANES])
{
    uint32_t c0[LANES], c1[LANES], c2[LANES], c3[LANES];
    uint32_t k0 = key->key[0], k1 = key->key[1];
    for (int l = 0; l < LANES; l++) {
        c0[l] = first_block + (uint32_t)l;
        c1[l] = key->counter[1], c2[l] = key->counter[2], c3[l] = key->counter[3];
    }
    for (int round = 0; round < 10; round++) {
#pragma omp simd
        for (int l = 0; l < LANES; l++) {
            const uint64_t p0 = (uint64_t)0xD2511F53u * c0[l], p1 = (uint64_t)0xCD9E8D57u * c2[l];
            c0[l] = (uint32_t)(p1 >> 32) ^ c1[l] ^ k0;
            c1[l] = (uint32_t)p1;
            c2[l] = (uint32_t)(p0 >> 32) ^ c3[l] ^ k1;
            c3[l] = (uint32_t)p0;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    for (int l = 0; l < LANES; l++) {
        word[l] = c0[l], word[LANES + l] = c1[l];
        word[2 * LANES + l] = c2[l], word[3 * LANES + l] = c3[l];
    }
}
#endif

/* factor [GROUP] of group q of row r: 0 or 1 / (1 - rate). */
static inline void dropout_factors(const Dropout *dropout, int d, int row, int group, real factor[GROUP])
{
    const uint32_t groups = ((uint32_t)d + GROUP - 1) / GROUP, threshold = dropout_threshold(dropout->rate);
    const real kept = (real)dropout_kept(dropout->rate);
    uint32_t word[4 * LANES];
    philox_lanes(&dropout->key, ((uint32_t)row * groups + (uint32_t)group) * LANES, word);
    for (int w = 0; w < 4; w++) {
#pragma omp simd
        for (int l = 0; l < LANES; l++) {
            const uint32_t bits = word[LANES * w + l];
            factor[2 * LANES * w + l] = (bits & 0xFFFF) >= threshold ? kept : 0;
            factor[2 * LANES * w + LANES + l] = bits >> 16 >= threshold ? kept : 0;
        }
    }
}

void KERNEL(dropout)(int n, int d, int64_t ld, const real *x, const Dropout *dropout, int first_row, real *y)
{
    real factor[GROUP];
    for (int i = 0; i < n; i++) {
        for (int start = 0; start < d; start += GROUP) {
            const int end = start + GROUP < d ? start + GROUP : d;
            const int64_t at = i * ld;
            if (dropout->rate > 0) dropout_factors(dropout, d, first_row + i, start / GROUP, factor);
            else
                for (int j = 0; j < GROUP; j++) factor[j] = 1;
#pragma omp simd
            for (int j = start; j < end; j++) y[at + j] = x[at + j] * factor[j - start];
        }
    }
}

void KERNEL(bias_dropout_add)(int n, int d, const real *x, const real *bias, const real *residual,
                              const Dropout *dropout, int first_row, real *s)
{
    real factor[GROUP];
    for (int j = 0; j < GROUP; j++) factor[j] = 1;
    for (int i = 0; i < n; i++) {
        const int64_t at = (int64_t)i * d;
        for (int start = 0; start < d; start += GROUP) {
            const int end = start + GROUP < d ? start + GROUP : d;
            if (dropout->rate > 0) dropout_factors(dropout, d, first_row + i, start / GROUP, factor);
#pragma omp simd
            for (int j = start; j < end; j++) s[at + j] = residual[at + j] + (x[at + j] + bias[j]) * factor[j - start];
        }
    }
}
