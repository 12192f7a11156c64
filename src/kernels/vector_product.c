/* vector_product.c: products of matrices that fit in cache, on one thread (attention; BLIS is for large ones).
 *
 * C [m, n] = A B in tiles of up to 8 rows x 2 vectors that stay in registers over the whole of k: an element
 * of A is spread over a vector, a row of B is loaded. B is packed by the caller with rows padded to PRODUCT_PAD
 * columns, so that no tile reads beside it; only the stores of a last, partial tile go through a buffer.
 * Each element is one sum over l = 0 .. k-1 in order, fused. */
#include <string.h>

#include "vector_isa.h"
#include "vector_lanes.h"

enum { MOST_ROWS = VECTOR_BYTES == 64 ? 8 : 6, TILE_COLUMNS = 2 * WIDTH };

/* One tile: a its first row; b, c its first columns. */
typedef struct {
    int k;
    const real *a;
    int64_t a_row, a_column;
    const real *b;
    int64_t ldb;
    real *c;
    int64_t ldc;
    bool adds;
} Tile;

#define ROWS_1(DO) DO(0)
#define ROWS_2(DO) ROWS_1(DO) DO(1)
#define ROWS_3(DO) ROWS_2(DO) DO(2)
#define ROWS_4(DO) ROWS_3(DO) DO(3)
#define ROWS_5(DO) ROWS_4(DO) DO(4)
#define ROWS_6(DO) ROWS_5(DO) DO(5)
#define ROWS_7(DO) ROWS_6(DO) DO(6)
#define ROWS_8(DO) ROWS_7(DO) DO(7)

#define DECLARE(i)   Vector x##i = {0}, y##i = {0};
#define LOAD_SUMS(i) x##i = vector_load(t->c + (i)*t->ldc), y##i = vector_load(t->c + (i)*t->ldc + WIDTH);
#define STEP(i)                         \
    {                                   \
        const real s = a[i * t->a_row]; \
        x##i += s * b0;                 \
        y##i += s * b1;                 \
    }
#define STORE(i) vector_store(t->c + (i)*t->ldc, x##i), vector_store(t->c + (i)*t->ldc + WIDTH, y##i);

/* Named registers instead of an array: compilers keep them out of memory. */
#define TILE(rows)                                                         \
    static void tile_##rows(const Tile *t)                                 \
    {                                                                      \
        ROWS_##rows(DECLARE) const real *a = t->a, *b = t->b;              \
        if (t->adds) {                                                     \
            ROWS_##rows(LOAD_SUMS)                                         \
        }                                                                  \
        for (int l = 0; l < t->k; l++, a += t->a_column, b += t->ldb) {    \
            const Vector b0 = vector_load(b), b1 = vector_load(b + WIDTH); \
            ROWS_##rows(STEP)                                              \
        }                                                                  \
        ROWS_##rows(STORE)                                                 \
    }

TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)
TILE(7)
TILE(8)

static void (*const tile_of[])(const Tile *) = {NULL, tile_1, tile_2, tile_3, tile_4, tile_5, tile_6, tile_7, tile_8};

/* A tile of fewer than TILE_COLUMNS columns. */
static void partial_tile(const Tile *t, int rows, int columns)
{
    real buffer[8 * TILE_COLUMNS] __attribute__((aligned(VECTOR_BYTES)));
    Tile inside = *t;
    inside.c = buffer;
    inside.ldc = TILE_COLUMNS;
    for (int i = 0; i < rows && t->adds; i++) {
        memset(buffer + i * TILE_COLUMNS, 0, sizeof(real) * TILE_COLUMNS);
        memcpy(buffer + i * TILE_COLUMNS, t->c + i * t->ldc, (size_t)columns * sizeof(real));
    }
    tile_of[rows](&inside);
    for (int i = 0; i < rows; i++) memcpy(t->c + i * t->ldc, buffer + i * TILE_COLUMNS, (size_t)columns * sizeof(real));
}

void KERNEL(small_product)(int m, int n, int k, const real *a, int64_t a_row, int64_t a_column, const real *b,
                           int64_t ldb, bool adds, real *c, int64_t ldc)
{
    Tile t = {.k = k, .a_row = a_row, .a_column = a_column, .ldb = ldb, .ldc = ldc, .adds = adds};
    for (int j = 0; j < n; j += TILE_COLUMNS) {
        const int columns = n - j < TILE_COLUMNS ? n - j : TILE_COLUMNS;
        t.b = b + j;
        for (int i = 0; i < m; i += MOST_ROWS) {
            const int rows = m - i < MOST_ROWS ? m - i : MOST_ROWS;
            t.a = a + i * a_row;
            t.c = c + i * ldc + j;
            if (columns == TILE_COLUMNS) tile_of[rows](&t);
            else partial_tile(&t, rows, columns);
        }
    }
}

typedef real Four __attribute__((vector_size(4 * sizeof(real))));
typedef real LooseFour __attribute__((vector_size(4 * sizeof(real)), aligned(sizeof(real)), may_alias));
#ifdef __clang__
#define PAIR(x, y, a, b, c, d) __builtin_shufflevector(x, y, a, b, c, d)
#elif defined(REAL_IS_DOUBLE)
typedef int64_t FourIndex __attribute__((vector_size(32)));
#define PAIR(x, y, a, b, c, d) __builtin_shuffle(x, y, (FourIndex){a, b, c, d})
#else
typedef int32_t FourIndex __attribute__((vector_size(16)));
#define PAIR(x, y, a, b, c, d) __builtin_shuffle(x, y, (FourIndex){a, b, c, d})
#endif

static inline void transpose_four(const real *x, int64_t ldx, real *y, int64_t ldy)
{
    const Four a = *(const LooseFour *)x, b = *(const LooseFour *)(x + ldx), c = *(const LooseFour *)(x + 2 * ldx),
               d = *(const LooseFour *)(x + 3 * ldx);
    const Four ab_low = PAIR(a, b, 0, 4, 1, 5), ab_high = PAIR(a, b, 2, 6, 3, 7);
    const Four cd_low = PAIR(c, d, 0, 4, 1, 5), cd_high = PAIR(c, d, 2, 6, 3, 7);
    *(LooseFour *)y = PAIR(ab_low, cd_low, 0, 1, 4, 5);
    *(LooseFour *)(y + ldy) = PAIR(ab_low, cd_low, 2, 3, 6, 7);
    *(LooseFour *)(y + 2 * ldy) = PAIR(ab_high, cd_high, 0, 1, 4, 5);
    *(LooseFour *)(y + 3 * ldy) = PAIR(ab_high, cd_high, 2, 3, 6, 7);
}

void KERNEL(pack_transposed)(int rows, int columns, const real *x, int64_t ldx, int width, real *y, int64_t ldy)
{
    const int whole = columns & ~3;
    int j = 0;
    for (; j + 4 <= rows; j += 4) {
        for (int i = 0; i < whole; i += 4) transpose_four(x + j * ldx + i, ldx, y + i * ldy + j, ldy);
        for (int i = whole; i < columns; i++)
            for (int l = j; l < j + 4; l++) y[i * ldy + l] = x[l * ldx + i];
    }
    for (int i = 0; i < columns; i++) {
        for (int l = j; l < rows; l++) y[i * ldy + l] = x[l * ldx + i];
        for (int l = rows; l < width; l++) y[i * ldy + l] = 0;
    }
}

void KERNEL(pack)(int rows, int columns, const real *x, int64_t ldx, real scale, real *y, int64_t ldy)
{
    for (int i = 0; i < rows; i++) {
        const real *from = x + i * ldx;
        real *to = y + i * ldy;
#pragma omp simd
        for (int j = 0; j < columns; j++) to[j] = scale * from[j];
        for (int j = columns; j < ldy; j++) to[j] = 0;
    }
}
