/* dot.h: the inner product in fp64 that all measures are made of. Local. */
#ifndef ANALYSIS_DOT_H
#define ANALYSIS_DOT_H

static inline double dot(int n, const double *x, const double *y)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < n; i++) sum += x[i] * y[i];
    return sum;
}

#endif
