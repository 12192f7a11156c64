/* vector_attention.c: what stands between the products of attention, on rows padded to PRODUCT_PAD columns. */
#include <float.h>

#include "vector_isa.h"
#include "vector_lanes.h"
#include "vector_math.h"

/* row = exp(row - most) on whole registers; returns the sum. */
static inline real row_exponentials(int width, real most, real *row)
{
    Vector sum = {0};
    for (int j = 0; j < width; j += WIDTH) {
#pragma omp simd
        for (int l = j; l < j + WIDTH; l++) row[l] = vector_exp(row[l] - most);
        sum += vector_load(row + j);
    }
    return vector_sum(sum);
}

/* The padding is set to the lowest number first: its exponentials are below every sum's last bit. */
void KERNEL(exponentials)(int n, int d, real *s, int64_t lds, real *maximum, real *inverse)
{
    for (int i = 0; i < n; i++) {
        real *row = s + i * lds;
        for (int64_t j = d; j < lds; j++) row[j] = (real)-FLT_MAX;
        Vector most = vector_load(row);
        for (int64_t j = WIDTH; j < lds; j += WIDTH) most = vector_larger(vector_load(row + j), most);
        maximum[i] = vector_maximum(most);
        inverse[i] = 1 / row_exponentials((int)lds, maximum[i], row);
    }
}

void KERNEL(probabilities)(int n, int64_t lds, const real *maximum, const real *inverse, real *s)
{
    for (int i = 0; i < n; i++) {
        real *row = s + i * lds;
        const real most = maximum[i], factor = inverse[i];
#pragma omp simd
        for (int64_t j = 0; j < lds; j++) row[j] = factor * vector_exp(row[j] - most);
    }
}

void KERNEL(scores_backward)(int n, int64_t ld, const real *p, const real *dropped, const real *dot, real *dp)
{
    for (int i = 0; i < n; i++) {
        const int64_t at = i * ld;
        const real sum = dot[i];
#pragma omp simd
        for (int64_t j = 0; j < ld; j++) dp[at + j] = dropped[at + j] * dp[at + j] - p[at + j] * sum;
    }
}

void KERNEL(scale_rows)(int n, int d, const real *factor, real *x, int64_t ldx)
{
    for (int i = 0; i < n; i++) {
        real *row = x + i * ldx;
#pragma omp simd
        for (int j = 0; j < d; j++) row[j] *= factor[i];
    }
}

void KERNEL(row_dots)(int n, int d, const real *x, int64_t ldx, const real *y, int64_t ldy, real *dot)
{
    for (int i = 0; i < n; i++) {
        const real *a = x + i * ldx, *b = y + i * ldy;
        Vector sum = {0};
        int j = 0;
        for (; j + WIDTH <= d; j += WIDTH) sum += vector_load(a + j) * vector_load(b + j);
        real total = vector_sum(sum);
        for (; j < d; j++) total += a[j] * b[j];
        dot[i] = total;
    }
}
