/* vector_adamw.c: AdamW in its two forms, and the sums it needs.
 *
 * m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2
 * torch (Loshchilov, Hutter 2019): p = p - eta wd p;  p = p - eta/c1 m / (sqrt(v)/sqrt(c2) + eps)
 * hf (transformers' former AdamW): p = p - eta sqrt(c2)/c1 m / (sqrt(v) + eps);  p = p - eta wd p
 * with c1 = 1 - b1^t, c2 = 1 - b2^t. */
#include <stdbool.h>

#include "vector_isa.h"

#ifdef REAL_IS_DOUBLE
#define real_sqrt sqrt
#else
#define real_sqrt sqrtf
#endif

/* The returned sum of 0 x is 0, or NaN as soon as one x is a NaN or an infinity; it hides behind root and quotient. */
real KERNEL(adamw)(int64_t n, const AdamSettings *settings, real *p, const real *g, real *m, real *v)
{
    const double c1 = 1 - pow(settings->beta_1, (double)settings->step);
    const double c2 = 1 - pow(settings->beta_2, (double)settings->step);
    const bool is_torch = settings->form == ADAM_TORCH;
    const real b1 = (real)settings->beta_1, one_b1 = (real)(1 - settings->beta_1);
    const real b2 = (real)settings->beta_2, one_b2 = (real)(1 - settings->beta_2);
    const real scale = (real)settings->gradient_scale, epsilon = (real)settings->epsilon;
    const real root_factor = (real)(is_torch ? 1 / sqrt(c2) : 1);
    const real rate = (real)(settings->learning_rate * (is_torch ? 1 : sqrt(c2)) / c1);
    const real kept = (real)(1 - settings->learning_rate * settings->weight_decay);
    const real kept_before = is_torch ? kept : 1, kept_after = is_torch ? 1 : kept;
    real finite = 0;
#pragma omp simd reduction(+ : finite)
    for (int64_t i = 0; i < n; i++) {
        const real gradient = g[i] * scale;
        const real first = b1 * m[i] + one_b1 * gradient;
        const real second = b2 * v[i] + one_b2 * gradient * gradient;
        m[i] = first;
        v[i] = second;
        const real update = rate * first / (real_sqrt(second) * root_factor + epsilon);
        p[i] = (p[i] * kept_before - update) * kept_after;
        finite += p[i] * 0 + first * 0 + second * 0;
    }
    return finite;
}

double KERNEL(square_sum)(int64_t n, const real *x)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    return sum;
}

void KERNEL(add_bias)(int n, int d, const real *bias, real *x)
{
    for (int i = 0; i < n; i++) {
        real *row = x + (int64_t)i * d;
#pragma omp simd
        for (int j = 0; j < d; j++) row[j] += bias[j];
    }
}

void KERNEL(column_sum)(int n, int d, const real *x, real *sum)
{
    for (int i = 0; i < n; i++) {
        const real *row = x + (int64_t)i * d;
#pragma omp simd
        for (int j = 0; j < d; j++) sum[j] += row[j];
    }
}

void KERNEL(add)(int64_t n, const real *x, real *y)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) y[i] += x[i];
}
