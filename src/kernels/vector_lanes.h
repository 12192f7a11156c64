/* vector_lanes.h: one register of the instruction set at hand, for kernels whose speed hangs on what stays in
 * registers. Private to the files compiled once per instruction set. Vector types of GCC and clang. */
#ifndef KERNELS_VECTOR_LANES_H
#define KERNELS_VECTOR_LANES_H

#include <stdint.h>

#include "base/real.h"

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

/* By element, y where either is NaN. */
static inline Vector vector_larger(Vector x, Vector y)
{
    const Index mask = (Index)(x > y);
    return (Vector)((mask & (Index)x) | (~mask & (Index)y));
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

static inline real vector_maximum(Vector x)
{
#if WIDTH >= 16
    x = vector_larger(x, VECTOR_SWAP(x, 8));
#endif
#if WIDTH >= 8
    x = vector_larger(x, VECTOR_SWAP(x, 4));
#endif
#if WIDTH >= 4
    x = vector_larger(x, VECTOR_SWAP(x, 2));
#endif
    x = vector_larger(x, VECTOR_SWAP(x, 1));
    return x[0];
}

#endif
