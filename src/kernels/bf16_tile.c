/* bf16_tile.c: tiles of 8 rows and 3 registers of columns. A pair of A is spread over a register from where it lies. */
#include "bf16_tile.h"

#ifdef __AVX512BF16__
#include <immintrin.h>
#include <string.h>

#include "vector_math.h"

enum { LANES = 16 };

bool bf16_tile_is_built(void)
{
    return true;
}

/* --- pairs ------------------------------------------------------------------------------------------ */

static inline __mmask16 lanes(int n)
{
    return n >= LANES ? 0xffff : n <= 0 ? 0 : (__mmask16)((1U << n) - 1);
}

/* Sixteen pairs, or those that are there: of two rows, one behind the other. */
static inline __m512i zip(__mmask16 there, const Bf16 *first, const Bf16 *second)
{
    const __m512i places = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                                            21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    __m256i low, high = _mm256_setzero_si256();
    if (there == 0xffff) {
        low = _mm256_loadu_si256((const __m256i *)first);
        if (second) high = _mm256_loadu_si256((const __m256i *)second);
    } else {
        low = _mm256_maskz_loadu_epi16(there, first);
        if (second) high = _mm256_maskz_loadu_epi16(there, second);
    }
    return _mm512_permutexvar_epi16(places, _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1));
}

void bf16_pairs(int k, int columns, int width, const Bf16 *x, int64_t ldx, Bf16Pair *y, int64_t next)
{
    enum { AHEAD = 16 }; /* rows that are asked for: they lie too far apart for the processor to see */
    for (int l = 0; l < k; l += 2, x += 2 * ldx, y += width)
        for (int first = 0; first < columns; first += width) {
            Bf16Pair *to = y + first / width * next;
            for (int j = first; j < first + width; j += LANES, to += LANES) {
                const Bf16 *second = l + 1 < k ? x + ldx + j : NULL;
                if (l + AHEAD + 1 < k) {
                    _mm_prefetch((const char *)(x + AHEAD * ldx + j), _MM_HINT_T0);
                    _mm_prefetch((const char *)(x + (AHEAD + 1) * ldx + j), _MM_HINT_T0);
                }
                _mm512_storeu_si512(to, zip(lanes(columns - j), x + j, second));
            }
        }
}

/* r[i] and r[j] change their numbers j and i. */
static inline void transpose(__m512i *r)
{
    __m512i s[LANES];
    for (int i = 0; i < 16; i += 2) {
        s[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        s[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        r[i] = _mm512_unpacklo_epi64(s[i], s[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(s[i], s[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(s[i + 1], s[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(s[i + 1], s[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        s[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
        s[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
        s[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
        s[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
    }
    for (int i = 0; i < 4; i++) {
        r[i] = _mm512_shuffle_i32x4(s[i], s[i + 8], 0x88);
        r[i + 8] = _mm512_shuffle_i32x4(s[i], s[i + 8], 0xdd);
        r[i + 4] = _mm512_shuffle_i32x4(s[i + 4], s[i + 12], 0x88);
        r[i + 12] = _mm512_shuffle_i32x4(s[i + 4], s[i + 12], 0xdd);
    }
}

void bf16_pairs_transposed(int k, int columns, int width, const Bf16 *x, int64_t ldx, Bf16Pair *y)
{
    for (int j = 0; j < width; j += LANES)
        for (int l = 0; l < k; l += 2 * LANES) {
            __m512i r[LANES];
            const int length = k - l, pairs = (length + 1) / 2;
            const __mmask32 there = length >= 2 * LANES ? 0xffffffff : (1U << length) - 1;
            for (int i = 0; i < LANES; i++)
                r[i] =
                    j + i < columns ? _mm512_maskz_loadu_epi16(there, x + (j + i) * ldx + l) : _mm512_setzero_si512();
            transpose(r);
            for (int i = 0; i < LANES && i < pairs; i++)
                _mm512_storeu_si512(y + (int64_t)(l / 2 + i) * width + j, r[i]);
        }
}

/* --- tiles ------------------------------------------------------------------------------------------ */

/* One tile: a its first row, panel its columns, c where it goes. */
typedef struct {
    int pairs;
    const Bf16 *a;
    int64_t row, pair;
    const Bf16Pair *panel;
    Bf16Result c;
    __mmask16 last; /* columns of the last register that are there */
} Tile;

static inline __m512bh spread(const Bf16 *pair)
{
    int32_t both;
    memcpy(&both, pair, sizeof both);
    return (__m512bh)_mm512_set1_epi32(both);
}

static inline __m256i nearest(__m512 x)
{
    float value[LANES];
    Bf16 rounded[LANES];
    _mm512_storeu_ps(value, x);
    for (int l = 0; l < LANES; l++) rounded[l] = vector_nearest(value[l]);
    return _mm256_loadu_si256((const __m256i *)rounded);
}

/* Asked for before the sums are made: of a large C it is far away. */
static inline const void *place(const Bf16Result *c, int row, int column)
{
    const int64_t at = row * c->ld + column;
    return c->rounded ? (const void *)(c->rounded + at) : (const void *)(c->x + at);
}

static inline void give(const Bf16Result *c, int row, int column, __mmask16 there, __m512 sum)
{
    const int64_t at = row * c->ld + column;
    if (c->adds) sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(there, c->x + at));
    if (c->bias) sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(there, c->bias + column));
    if (c->rounded) _mm256_mask_storeu_epi16(c->rounded + at, there, nearest(sum));
    else if (there == 0xffff) _mm512_storeu_ps(c->x + at, sum);
    else _mm512_mask_storeu_ps(c->x + at, there, sum);
}

/* DO(i, v, V): sum of row i and register v of V. Named registers instead of an array: compilers keep them out of
 * memory. */
#define REGISTERS_1(DO, i, V) DO(i, 0, V)
#define REGISTERS_2(DO, i, V) REGISTERS_1(DO, i, V) DO(i, 1, V)
#define REGISTERS_3(DO, i, V) REGISTERS_2(DO, i, V) DO(i, 2, V)
#define ROWS_1(DO, V)         DO(0, V)
#define ROWS_2(DO, V)         ROWS_1(DO, V) DO(1, V)
#define ROWS_3(DO, V)         ROWS_2(DO, V) DO(2, V)
#define ROWS_4(DO, V)         ROWS_3(DO, V) DO(3, V)
#define ROWS_5(DO, V)         ROWS_4(DO, V) DO(4, V)
#define ROWS_6(DO, V)         ROWS_5(DO, V) DO(5, V)
#define ROWS_7(DO, V)         ROWS_6(DO, V) DO(6, V)
#define ROWS_8(DO, V)         ROWS_7(DO, V) DO(7, V)

#define THERE(v, V)       ((v) + 1 < (V) ? 0xffff : t->last)
#define FETCH(i, v, V)    __builtin_prefetch(place(&t->c, i, (v)*LANES), 1);
#define ZERO(i, v, V)     __m512 s##i##v = _mm512_setzero_ps();
#define COLUMNS(i, v, V)  const __m512bh b##v = (__m512bh)_mm512_loadu_si512(panel + (v)*LANES);
#define MULTIPLY(i, v, V) s##i##v = _mm512_dpbf16_ps(s##i##v, x, b##v);
#define GIVE(i, v, V)     give(&t->c, i, (v)*LANES, THERE(v, V), s##i##v);
#define FETCH_ROW(i, V)   REGISTERS_##V(FETCH, i, V)
#define ZERO_ROW(i, V)    REGISTERS_##V(ZERO, i, V)
#define GIVE_ROW(i, V)    REGISTERS_##V(GIVE, i, V)
#define MULTIPLY_ROW(i, V)                         \
    {                                              \
        const __m512bh x = spread(a + (i)*t->row); \
        REGISTERS_##V(MULTIPLY, i, V)              \
    }

#define TILE(R, V)                                                              \
    static void tile_##R##_##V(const Tile *t)                                   \
    {                                                                           \
        const Bf16 *a = t->a;                                                   \
        const Bf16Pair *panel = t->panel;                                       \
        ROWS_##R(FETCH_ROW, V) ROWS_##R(ZERO_ROW, V);                           \
        for (int l = 0; l < t->pairs; l++, a += t->pair, panel += BF16_PANEL) { \
            REGISTERS_##V(COLUMNS, 0, V) ROWS_##R(MULTIPLY_ROW, V)              \
        }                                                                       \
        ROWS_##R(GIVE_ROW, V)                                                   \
    }
#define TILES(V) TILE(1, V) TILE(2, V) TILE(3, V) TILE(4, V) TILE(5, V) TILE(6, V) TILE(7, V) TILE(8, V)
TILES(1)
TILES(2)
TILES(3)

#define ROW_OF_TABLE(V)                                                                                \
    {                                                                                                  \
        tile_1_##V, tile_2_##V, tile_3_##V, tile_4_##V, tile_5_##V, tile_6_##V, tile_7_##V, tile_8_##V \
    }
static void (*const tile_of[BF16_PANEL / LANES][BF16_ROWS])(const Tile *) = {ROW_OF_TABLE(1), ROW_OF_TABLE(2),
                                                                             ROW_OF_TABLE(3)};

void bf16_tiles(int m, int n, int pairs, const Bf16 *a, int64_t row, int64_t pair, const Bf16Pair *panel,
                const Bf16Result *c)
{
    const int registers = (n + LANES - 1) / LANES;
    Tile t = {pairs, a, row, pair, panel, *c, lanes(n - (registers - 1) * LANES)};
    for (int i = 0; i < m; i += BF16_ROWS) {
        const int rows = m - i < BF16_ROWS ? m - i : BF16_ROWS;
        tile_of[registers - 1][rows - 1](&t);
        t.a += BF16_ROWS * row;
        if (t.c.rounded) t.c.rounded += BF16_ROWS * c->ld;
        else t.c.x += BF16_ROWS * c->ld;
    }
}

#else

bool bf16_tile_is_built(void)
{
    return false;
}
void bf16_pairs(int k, int columns, int width, const Bf16 *x, int64_t ldx, Bf16Pair *y, int64_t next)
{
    (void)next, (void)k, (void)columns, (void)width, (void)x, (void)ldx, (void)y;
}
void bf16_pairs_transposed(int k, int columns, int width, const Bf16 *x, int64_t ldx, Bf16Pair *y)
{
    (void)k, (void)columns, (void)width, (void)x, (void)ldx, (void)y;
}
void bf16_tiles(int m, int n, int pairs, const Bf16 *a, int64_t row, int64_t pair, const Bf16Pair *panel,
                const Bf16Result *c)
{
    (void)m, (void)n, (void)pairs, (void)a, (void)row, (void)pair, (void)panel, (void)c;
}

#endif
