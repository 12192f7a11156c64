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

/* Between two tiles: all at once would fill the queue of misses and stand before everything else. */
static void fetch_some(Fetch *f)
{
    enum { LINE = 64 };
    for (int i = 0; i < f->each && f->strip < f->strips; i++) {
        const char *at = f->at[f->strip] + f->row * f->stride[f->strip];
        for (int64_t c = 0; c < f->bytes[f->strip]; c += LINE) __builtin_prefetch(at + c, 0, 2);
        if (++f->row == f->rows[f->strip]) f->row = 0, f->strip++;
    }
}

void KERNEL(small_product)(int m, int n, int k, const real *a, int64_t a_row, int64_t a_column, const real *b,
                           int64_t ldb, bool adds, real *c, int64_t ldc, Fetch *fetch)
{
    Tile t = {.k = k, .a_row = a_row, .a_column = a_column, .ldb = ldb, .ldc = ldc, .adds = adds};
    for (int j = 0; j < n; j += TILE_COLUMNS) {
        const int columns = n - j < TILE_COLUMNS ? n - j : TILE_COLUMNS;
        t.b = b + j;
        for (int i = 0; i < m; i += MOST_ROWS) {
            const int rows = m - i < MOST_ROWS ? m - i : MOST_ROWS;
            t.a = a + i * a_row;
            t.c = c + i * ldc + j;
            if (fetch) fetch_some(fetch);
            if (columns == TILE_COLUMNS) tile_of[rows](&t);
            else partial_tile(&t, rows, columns);
        }
    }
}

/* v[i][j] and v[j][i] change places. */
static inline void transpose(Vector *v)
{
#define SWAP(h)                                                 \
    for (int i = 0; i < WIDTH; i++)                             \
        if (!(i & (h))) {                                       \
            const Vector low = VECTOR_LOW(v[i], v[i + (h)], h); \
            v[i + (h)] = VECTOR_HIGH(v[i], v[i + (h)], h);      \
            v[i] = low;                                         \
        }
#if WIDTH >= 16
    SWAP(8)
#endif
#if WIDTH >= 8
    SWAP(4)
#endif
#if WIDTH >= 4
    SWAP(2)
#endif
    SWAP(1)
}

static inline Vector load_some(int n, const real *x)
{
    Vector v = {0};
    for (int i = 0; i < n; i++) v[i] = x[i];
    return v;
}

void KERNEL(pack_transposed)(int rows, int columns, const real *x, int64_t ldx, real scale, real *y)
{
    Vector v[WIDTH];
    for (int j = 0; j < PRODUCT_PAD; j += WIDTH)
        for (int i = 0; i < columns; i += WIDTH) {
            const int there = rows - j < WIDTH ? rows - j : WIDTH, wide = columns - i < WIDTH ? columns - i : WIDTH;
            const real *from = x + j * ldx + i;
            if (there == WIDTH && wide == WIDTH)
                for (int l = 0; l < WIDTH; l++) v[l] = vector_load(from + l * ldx);
            else
                for (int l = 0; l < WIDTH; l++) v[l] = l < there ? load_some(wide, from + l * ldx) : (Vector){0};
            transpose(v);
            if (wide == WIDTH)
                for (int l = 0; l < WIDTH; l++) vector_store(y + (i + l) * PRODUCT_PAD + j, v[l] * scale);
            else
                for (int l = 0; l < wide; l++) vector_store(y + (i + l) * PRODUCT_PAD + j, v[l] * scale);
        }
}

static inline void scale_row(int n, real factor, const real *x, real *y)
{
    int j = 0;
    for (; j + WIDTH <= n; j += WIDTH) vector_store(y + j, vector_load(x + j) * factor);
    for (; j < n; j++) y[j] = x[j] * factor;
}

void KERNEL(scale_rows)(int n, int d, const real *factor, const real *x, int64_t ldx, real *y, int64_t ldy)
{
    enum { AHEAD = 12, LINE = 64 / sizeof(real) }; /* rows of y: a store that misses holds up those behind it */
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < d && i + AHEAD < n; j += LINE) __builtin_prefetch(y + (i + AHEAD) * ldy + j, 1, 3);
        scale_row(d, factor ? factor[i] : 1, x + i * ldx, y + i * ldy);
    }
}

void KERNEL(pack)(int rows, int columns, const real *x, int64_t ldx, const real *factor, real *y)
{
    const int ldy = product_padded(columns);
    for (int i = 0; i < rows; i++, y += ldy) {
        scale_row(columns, factor ? factor[i] : 1, x + i * ldx, y);
        for (int j = columns; j < ldy; j++) y[j] = 0;
    }
}
