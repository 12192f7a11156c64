/* vector_bf16.c: to bfloat16 by integer arithmetic, so that all instruction sets give the same bits; and back. */
#include "vector_isa.h"

void KERNEL(round)(int64_t n, const real *x, Bf16 *y)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const union {
            float value;
            uint32_t bits;
        } u = {(float)x[i]};
        const uint32_t nearest = (u.bits + 0x7fff + (u.bits >> 16 & 1)) >> 16, nan = u.bits >> 16 | 0x40;
        y[i] = (Bf16)((u.bits & 0x7fffffff) > 0x7f800000 ? nan : nearest);
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
        for (int j = 0; j < columns; j++) {
            const union {
                uint32_t bits;
                float value;
            } u = {(uint32_t)from[j] << 16};
            to[j] = scale * (real)u.value;
        }
        for (int j = columns; j < ldy; j++) to[j] = 0;
    }
}
