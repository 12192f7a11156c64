/* vector_math.h: exp, erf and rounding to bfloat16 that a compiler can turn into vector code.
 *
 * Polynomials fitted by weighted minimax (tests/oracle/fit_vector_math.py). Errors, measured by
 * tests/kernels/test_vector.c over every exponent: exp 2 ulp, erf 1.5e-7 absolute. Branch-free; a
 * NaN goes in and comes out. In the fp64 build the C library's functions are used. */
#ifndef KERNELS_VECTOR_MATH_H
#define KERNELS_VECTOR_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/real.h"

/* To bfloat16 by integer arithmetic, so that all instruction sets give the same bits. */
static inline Bf16 vector_nearest(float x)
{
    const union {
        float value;
        uint32_t bits;
    } u = {x};
    const uint32_t nearest = (u.bits + 0x7fff + (u.bits >> 16 & 1)) >> 16, nan = u.bits >> 16 | 0x40;
    return (Bf16)((u.bits & 0x7fffffff) > 0x7f800000 ? nan : nearest);
}

#ifdef REAL_IS_DOUBLE

static inline double vector_exp(double x)
{
    return exp(x);
}
static inline double vector_erf(double x)
{
    return erf(x);
}

#else

/* exp(x) for x <= 88; below -87 the result stays at exp(-87) = 1.6e-38. */
static inline float vector_exp(float x)
{
    const float rounder = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
    x = x > 88.0f ? 88.0f : x;
    x = x < -87.0f ? -87.0f : x;
    float shifted = x * 1.44269504f + rounder;
    float n = shifted - rounder; /* nearest integer to x / ln 2 */
    float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.3950476e-3f;
    p = p * r + 8.3688824e-3f;
    p = p * r + 4.1666206e-2f;
    p = p * r + 1.66665182e-1f;
    p = p * r + 0.5f;
    float e = 1.0f + (r + r * r * p); /* exp(r), |r| <= ln 2 / 2 */
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127u) << 23; /* 2^n from the low bits of shifted */
    float power;
    memcpy(&power, &bits, sizeof power);
    return e * power;
}

static inline float vector_erf(float x)
{
    float a = fabsf(x);
    float s = x * x;
    float p = 7.8891193e-5f; /* |x| < 1: x P(x^2) */
    p = p * s - 8.0208411e-4f;
    p = p * s + 5.18953521e-3f;
    p = p * s - 2.68544443e-2f;
    p = p * s + 1.12836003e-1f;
    p = p * s - 3.76126260e-1f;
    p = p * s + 1.12837911f;
    float t = a < 4.0f ? a : 4.0f; /* else: 1 - exp(-Q(|x|)) */
    float q = 2.16868502e-5f;
    q = q * t - 4.41336364e-4f;
    q = q * t + 4.20456193e-3f;
    q = q * t - 2.52082571e-2f;
    q = q * t + 1.08418576e-1f;
    q = q * t + 6.33219898e-1f;
    q = q * t + 1.12957847f;
    q = q * t - 1.88040227e-4f;
    float large = copysignf(1.0f - vector_exp(-q), x);
    return a < 1.0f ? x * p : large;
}

#endif
#endif
