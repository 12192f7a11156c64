/* vector_attention.c: what stands between the products of attention, on rows padded to PRODUCT_PAD columns. */
#include <float.h>

#include "vector_isa.h"
#include "vector_lanes.h"
#include "vector_math.h"

#ifdef REAL_IS_DOUBLE
#define POWER_UNIT 1.0

static inline Vector power(Vector t)
{
    for (int l = 0; l < WIDTH; l++) t[l] = exp(t[l]);
    return t;
}
#else
#define POWER_UNIT 1.44269504f /* 1 / ln 2 */

/* 2^t for t up to 0: fitted by tests/oracle/fit_vector_math.py, 1.1e-7; below -125 the result stays
 * there. A NaN goes in and comes out. */
static inline Vector power(Vector t)
{
    const real rounder = 12582912.0f + 127; /* 1.5 * 2^23: adding it rounds to an integer; 127: the exponent of 1 */
    t = vector_larger(vector_all(-125), t);
    const Vector shifted = t + rounder, r = t - (shifted - rounder); /* |r| <= 1 / 2 */
    Vector p = r * 1.32647272e-3f + 9.67151264e-3f;
    p = p * r + 5.55073374e-2f;
    p = p * r + 2.40222421e-1f;
    p = p * r + 6.93146978e-1f;
    p = p * r + 1;
    return p * (Vector)((Index)shifted << 23);
}
#endif

/* Up to WIDTH rows at a time: so that one row's sums need not wait for another's. */
static inline int rows_of_group(int n, int first)
{
    return n - first < WIDTH ? n - first : WIDTH;
}

static inline void store_some(int n, Vector v, real *x)
{
    for (int i = 0; i < n; i++) x[i] = v[i];
}

static inline Vector row_maximum(int width, const real *row)
{
    Vector most = vector_load(row);
    for (int j = WIDTH; j < width; j += WIDTH) most = vector_larger(vector_load(row + j), most);
    return most;
}

/* row = 2^(unit (row - most)), exactly 1 at the most, however large; returns the sums by lane. */
static inline Vector row_exponentials(int width, real unit, real most, real *row)
{
    Vector sum = {0};
    for (int j = 0; j < width; j += WIDTH) {
        const Vector e = power((vector_load(row + j) - most) * unit);
        vector_store(row + j, e);
        sum += e;
    }
    return sum;
}

/* The padding is set to the lowest number first: its exponentials are below every sum's last bit. */
void KERNEL(exponentials)(int n, int d, real scale, real *s, int64_t lds, real *maximum, real *inverse)
{
    const int width = product_padded(d);
    const real unit = scale * POWER_UNIT;
    Vector of_row[WIDTH];
    for (int i = 0; i < WIDTH; i++) of_row[i] = (Vector){0};
    for (int first = 0; first < n; first += WIDTH) {
        const int rows = rows_of_group(n, first);
        real *group = s + first * lds;
        for (int i = 0; i < rows; i++) {
            for (int j = d; j < width; j++) group[i * lds + j] = (real)-FLT_MAX;
            of_row[i] = row_maximum(width, group + i * lds);
        }
        store_some(rows, vector_maxima(of_row), maximum + first);
        for (int i = 0; i < rows; i++) of_row[i] = row_exponentials(width, unit, maximum[first + i], group + i * lds);
        store_some(rows, 1 / vector_sums(of_row), inverse + first);
    }
}

void KERNEL(exponentials_again)(int n, int d, real scale, const real *maximum, real *s, int64_t lds)
{
    const real unit = scale * POWER_UNIT;
    for (int i = 0; i < n; i++) row_exponentials(product_padded(d), unit, maximum[i], s + i * lds);
}

void KERNEL(scores_backward)(int n, int d, int64_t ld, const real *p, const real *dropped, const real *dot, real *dp)
{
    const int width = product_padded(d);
    for (int i = 0; i < n; i++) {
        const int64_t at = i * ld;
        const real sum = dot[i];
#pragma omp simd
        for (int j = 0; j < width; j++) dp[at + j] = dropped[at + j] * dp[at + j] - p[at + j] * sum;
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
