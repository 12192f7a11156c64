/* real.h: the one floating-point type of weights, activations and gradients.
 *
 * The program is built with real = float. The tests build the same sources a second time with
 * real = double (-DREAL_IS_DOUBLE) and compare gradients with finite differences there. */
#ifndef BASE_REAL_H
#define BASE_REAL_H

#include <math.h>
#include <stdint.h>

#ifdef __FAST_MATH__
#error "-ffast-math or -Ofast: NaNs would pass unseen and bits would not repeat; take it out of CFLAGS"
#endif

#ifdef REAL_IS_DOUBLE
typedef double real;
#else
typedef float real;
#endif

/* The upper 16 bits of a float: bfloat16. */
typedef uint16_t Bf16;

static inline float bf16_value(Bf16 x)
{
    const union {
        uint32_t bits;
        float value;
    } u = {(uint32_t)x << 16};
    return u.value;
}

#endif
