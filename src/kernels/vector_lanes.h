/* vector_lanes.h: one register of the instruction set at hand, for kernels whose speed hangs on what stays in
 * registers. Private to the files compiled once per instruction set. Vector types of GCC and clang. */
#ifndef KERNELS_VECTOR_LANES_H
#define KERNELS_VECTOR_LANES_H

#include <stdint.h>

#include "base/real.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif

#ifdef REAL_IS_DOUBLE
#define WIDTH (VECTOR_BYTES / 8) /* numbers in a register */
typedef int64_t Index __attribute__((vector_size(VECTOR_BYTES)));
#else
#define WIDTH (VECTOR_BYTES / 4)
typedef int32_t Index __attribute__((vector_size(VECTOR_BYTES)));
#endif
typedef real Vector __attribute__((vector_size(VECTOR_BYTES)));
typedef real LooseVector __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(real)), may_alias));

static inline Vector vector_load(const real *x)
{
    return *(const LooseVector *)x;
}

static inline void vector_store(real *x, Vector v)
{
    *(LooseVector *)x = v;
}

static inline Vector vector_all(real x)
{
    return x - (Vector){0};
}

/* By element, y where either is NaN: what one instruction does that compilers do not find. */
static inline Vector vector_larger(Vector x, Vector y)
{
#if defined(__AVX512F__) && defined(REAL_IS_DOUBLE)
    return (Vector)_mm512_max_pd((__m512d)x, (__m512d)y);
#elif defined(__AVX512F__)
    return (Vector)_mm512_max_ps((__m512)x, (__m512)y);
#elif defined(__AVX__) && defined(REAL_IS_DOUBLE)
    return (Vector)_mm256_max_pd((__m256d)x, (__m256d)y);
#elif defined(__AVX__)
    return (Vector)_mm256_max_ps((__m256)x, (__m256)y);
#elif defined(__SSE2__) && defined(REAL_IS_DOUBLE)
    return (Vector)_mm_max_pd((__m128d)x, (__m128d)y);
#elif defined(__SSE2__)
    return (Vector)_mm_max_ps((__m128)x, (__m128)y);
#else
    const Index mask = (Index)(x > y);
    return (Vector)((mask & (Index)x) | (~mask & (Index)y));
#endif
}

/* Lane l of the result is lane l xor h of x. */
#if WIDTH == 16
#define LANES_XOR(h) \
    0 ^ h, 1 ^ h, 2 ^ h, 3 ^ h, 4 ^ h, 5 ^ h, 6 ^ h, 7 ^ h, 8 ^ h, 9 ^ h, 10 ^ h, 11 ^ h, 12 ^ h, 13 ^ h, 14 ^ h, 15 ^ h
#elif WIDTH == 8
#define LANES_XOR(h) 0 ^ h, 1 ^ h, 2 ^ h, 3 ^ h, 4 ^ h, 5 ^ h, 6 ^ h, 7 ^ h
#elif WIDTH == 4
#define LANES_XOR(h) 0 ^ h, 1 ^ h, 2 ^ h, 3 ^ h
#else
#define LANES_XOR(h) 0 ^ h, 1 ^ h
#endif
#ifdef __clang__
#define VECTOR_SWAP(x, h) __builtin_shufflevector(x, x, LANES_XOR(h))
#else
#define VECTOR_SWAP(x, h) __builtin_shuffle(x, (Index){LANES_XOR(h)})
#endif

/* Of each run of 2 h lanes the first (LOW) or second (HIGH) h: of x, then of y. */
#define LANE_OF(l, h, from) (((l) & (h)) ? WIDTH + (l) - (h) + (from) : (l) + (from))
#if WIDTH == 16
#define LANES_OF(h, f)                                                                                                \
    LANE_OF(0, h, f), LANE_OF(1, h, f), LANE_OF(2, h, f), LANE_OF(3, h, f), LANE_OF(4, h, f), LANE_OF(5, h, f),       \
        LANE_OF(6, h, f), LANE_OF(7, h, f), LANE_OF(8, h, f), LANE_OF(9, h, f), LANE_OF(10, h, f), LANE_OF(11, h, f), \
        LANE_OF(12, h, f), LANE_OF(13, h, f), LANE_OF(14, h, f), LANE_OF(15, h, f)
#elif WIDTH == 8
#define LANES_OF(h, f)                                                                                          \
    LANE_OF(0, h, f), LANE_OF(1, h, f), LANE_OF(2, h, f), LANE_OF(3, h, f), LANE_OF(4, h, f), LANE_OF(5, h, f), \
        LANE_OF(6, h, f), LANE_OF(7, h, f)
#elif WIDTH == 4
#define LANES_OF(h, f) LANE_OF(0, h, f), LANE_OF(1, h, f), LANE_OF(2, h, f), LANE_OF(3, h, f)
#else
#define LANES_OF(h, f) LANE_OF(0, h, f), LANE_OF(1, h, f)
#endif
#ifdef __clang__
#define VECTOR_LOW(x, y, h)  __builtin_shufflevector(x, y, LANES_OF(h, 0))
#define VECTOR_HIGH(x, y, h) __builtin_shufflevector(x, y, LANES_OF(h, h))
#else
#define VECTOR_LOW(x, y, h)  __builtin_shuffle(x, y, (Index){LANES_OF(h, 0)})
#define VECTOR_HIGH(x, y, h) __builtin_shuffle(x, y, (Index){LANES_OF(h, h)})
#endif

/* The same order of additions on every call: halves, quarters, ... */
static inline real vector_sum(Vector x)
{
#if WIDTH >= 16
    x += VECTOR_SWAP(x, 8);
#endif
#if WIDTH >= 8
    x += VECTOR_SWAP(x, 4);
#endif
#if WIDTH >= 4
    x += VECTOR_SWAP(x, 2);
#endif
    x += VECTOR_SWAP(x, 1);
    return x[0];
}

/* Lane i of the result is the sum of the lanes of v[i], i < WIDTH, in the order of vector_sum: half the shuffles of a
 * sum by itself, and none waits for another. */
static inline Vector vector_sums(Vector *v)
{
#if WIDTH >= 16
    for (int i = 0; i < 8; i++) v[i] = VECTOR_LOW(v[i], v[i + 8], 8) + VECTOR_HIGH(v[i], v[i + 8], 8);
#endif
#if WIDTH >= 8
    for (int i = 0; i < 4; i++) v[i] = VECTOR_LOW(v[i], v[i + 4], 4) + VECTOR_HIGH(v[i], v[i + 4], 4);
#endif
#if WIDTH >= 4
    for (int i = 0; i < 2; i++) v[i] = VECTOR_LOW(v[i], v[i + 2], 2) + VECTOR_HIGH(v[i], v[i + 2], 2);
#endif
    return VECTOR_LOW(v[0], v[1], 1) + VECTOR_HIGH(v[0], v[1], 1);
}

/* The same of the largest lanes. */
static inline Vector vector_maxima(Vector *v)
{
#if WIDTH >= 16
    for (int i = 0; i < 8; i++) v[i] = vector_larger(VECTOR_LOW(v[i], v[i + 8], 8), VECTOR_HIGH(v[i], v[i + 8], 8));
#endif
#if WIDTH >= 8
    for (int i = 0; i < 4; i++) v[i] = vector_larger(VECTOR_LOW(v[i], v[i + 4], 4), VECTOR_HIGH(v[i], v[i + 4], 4));
#endif
#if WIDTH >= 4
    for (int i = 0; i < 2; i++) v[i] = vector_larger(VECTOR_LOW(v[i], v[i + 2], 2), VECTOR_HIGH(v[i], v[i + 2], 2));
#endif
    return vector_larger(VECTOR_LOW(v[0], v[1], 1), VECTOR_HIGH(v[0], v[1], 1));
}

#endif
