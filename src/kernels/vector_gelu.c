/* vector_gelu.c: gelu(f) = f Phi(f), Phi(f) = (1 + erf(f / sqrt 2)) / 2 (Hendrycks, Gimpel 2016);
 * gelu'(f) = Phi(f) + f phi(f), phi(f) = exp(-f^2 / 2) / sqrt(2 pi). */
#include "vector_isa.h"
#include "vector_math.h"

#define INVERSE_SQRT_2    ((real)0.70710678118654752440)
#define INVERSE_SQRT_2_PI ((real)0.39894228040143267794)

static inline real normal_cdf(real f)
{
    return (real)0.5 * (1 + vector_erf(f * INVERSE_SQRT_2));
}

/* One row. Kept out of line: both kernels of fp32 then run the same instructions, so that the backward
 * pass recomputes the bits of the forward pass. */
__attribute__((noinline)) static void gelu_row(int d, const real *f, real *g)
{
#pragma omp simd
    for (int j = 0; j < d; j++) g[j] = f[j] * normal_cdf(f[j]);
}

void KERNEL(gelu)(int n, int d, const real *f, real *g)
{
    for (int i = 0; i < n; i++) gelu_row(d, f + (int64_t)i * d, g + (int64_t)i * d);
}

void KERNEL(bias_gelu)(int n, int d, const real *bias, real *f, real *g)
{
    for (int i = 0; i < n; i++) {
        real *row = f + (int64_t)i * d;
#pragma omp simd
        for (int j = 0; j < d; j++) row[j] += bias[j];
        gelu_row(d, row, g + (int64_t)i * d);
    }
}

void KERNEL(gelu_backward)(int n, int d, const real *f, const real *dg, real *df, real *dbias)
{
    for (int i = 0; i < n; i++) {
        const real *row = f + (int64_t)i * d, *din = dg + (int64_t)i * d;
        real *out = df + (int64_t)i * d;
#pragma omp simd
        for (int j = 0; j < d; j++) {
            const real value = row[j];
            const real density = INVERSE_SQRT_2_PI * vector_exp((real)-0.5 * value * value);
            const real gradient = din[j] * (normal_cdf(value) + value * density);
            out[j] = gradient;
            dbias[j] += gradient;
        }
    }
}

void KERNEL(bias_gelu_rounded)(int n, int d, const real *bias, real *f, Bf16 *g)
{
    for (int i = 0; i < n; i++) {
        real *row = f + (int64_t)i * d;
        Bf16 *out = g + (int64_t)i * d;
#pragma omp simd
        for (int j = 0; j < d; j++) {
            row[j] += bias[j];
            out[j] = vector_nearest((float)(row[j] * normal_cdf(row[j])));
        }
    }
}

/* Phi of both at once. */
void KERNEL(gelu_backward_rounded)(int n, int d, const real *f, const real *dg, Bf16 *g, Bf16 *df, real *dbias)
{
    for (int i = 0; i < n; i++) {
        const real *row = f + (int64_t)i * d, *din = dg + (int64_t)i * d;
        Bf16 *again = g + (int64_t)i * d, *out = df + (int64_t)i * d;
#pragma omp simd
        for (int j = 0; j < d; j++) {
            const real value = row[j], cdf = normal_cdf(value);
            const real density = INVERSE_SQRT_2_PI * vector_exp((real)-0.5 * value * value);
            const real gradient = din[j] * (cdf + value * density);
            again[j] = vector_nearest((float)(value * cdf));
            out[j] = vector_nearest((float)gradient);
            dbias[j] += gradient;
        }
    }
}
