/* vector_layernorm.c: layer normalisation by rows (Ba, Kiros, Hinton 2016).
 *
 * mean = (1/d) sum x,  rstd = 1/sqrt((1/d) sum (x - mean)^2 + eps),  xhat = (x - mean) rstd
 * y = gamma xhat + beta
 * dx = rstd (g - (1/d) sum g - xhat (1/d) sum g xhat),  g = gamma dy */
#include "vector_isa.h"

void KERNEL(layernorm_forward)(int n, int d, const real *x, const real *gamma, const real *beta, double epsilon,
                               real *y, real *mean, real *rstd)
{
    for (int i = 0; i < n; i++) {
        const real *row = x + (int64_t)i * d;
        real *out = y + (int64_t)i * d;
        real sum = 0, square = 0;
#pragma omp simd reduction(+ : sum)
        for (int j = 0; j < d; j++) sum += row[j];
        const real m = sum / (real)d;
#pragma omp simd reduction(+ : square)
        for (int j = 0; j < d; j++) square += (row[j] - m) * (row[j] - m);
        const real r = (real)(1.0 / sqrt((double)square / d + epsilon));
#pragma omp simd
        for (int j = 0; j < d; j++) out[j] = gamma[j] * ((row[j] - m) * r) + beta[j];
        mean[i] = m;
        rstd[i] = r;
    }
}

void KERNEL(layernorm_backward)(int n, int d, const real *dy, const real *x, const real *mean, const real *rstd,
                                const real *gamma, real *dx, real *dgamma, real *dbeta)
{
    for (int i = 0; i < n; i++) {
        const real *row = x + (int64_t)i * d, *din = dy + (int64_t)i * d;
        real *out = dx + (int64_t)i * d;
        const real m = mean[i], r = rstd[i];
        real sum_g = 0, sum_gx = 0;
#pragma omp simd reduction(+ : sum_g, sum_gx)
        for (int j = 0; j < d; j++) {
            const real xhat = (row[j] - m) * r, g = gamma[j] * din[j];
            sum_g += g;
            sum_gx += g * xhat;
        }
        const real mean_g = sum_g / (real)d, mean_gx = sum_gx / (real)d;
#pragma omp simd
        for (int j = 0; j < d; j++) {
            const real xhat = (row[j] - m) * r, dyj = din[j];
            dgamma[j] += dyj * xhat;
            dbeta[j] += dyj;
            out[j] = r * (gamma[j] * dyj - mean_g - xhat * mean_gx);
        }
    }
}
