/* vector_bf16.c: rows to bfloat16 and back. */
#include "vector_isa.h"
#include "vector_math.h"

void KERNEL(round)(int64_t n, const real *x, Bf16 *y)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) y[i] = vector_nearest((float)x[i]);
}

void KERNEL(round_rows)(int n, int d, const real *factor, const real *x, int64_t ldx, Bf16 *y, int64_t ldy, real *sum)
{
    for (int i = 0; i < n; i++, x += ldx, y += ldy) {
        const real scale = factor ? factor[i] : 1;
        if (sum) {
#pragma omp simd
            for (int j = 0; j < d; j++) {
                y[j] = vector_nearest((float)(scale * x[j]));
                sum[j] += scale * x[j];
            }
        } else {
#pragma omp simd
            for (int j = 0; j < d; j++) y[j] = vector_nearest((float)(scale * x[j]));
        }
    }
}

void KERNEL(pack_rounded)(int rows, int columns, const Bf16 *x, int64_t ldx, const real *factor, real *y)
{
    const int ldy = product_padded(columns);
    for (int i = 0; i < rows; i++) {
        const Bf16 *from = x + i * ldx;
        real *to = y + (int64_t)i * ldy;
        const real scale = factor ? factor[i] : 1;
#pragma omp simd
        for (int j = 0; j < columns; j++) to[j] = scale * (real)bf16_value(from[j]);
        for (int j = columns; j < ldy; j++) to[j] = 0;
    }
}
