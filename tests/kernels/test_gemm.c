/* test_gemm.c: products against a naive sum in fp64, whatever the library and the threads, and a measurement that ends.
 * In fp32 the numbers are small fractions, whose products and sums it holds exactly; in bf16 the oracle rounds first.
 */
#include "kernels/gemm.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "../harness.h"
#include "base/random.h"
#include "kernels/vector.h"

enum { M = 37, N = 53, K = 41, LD = 60 };

static real a[LD * LD], b[LD * LD], c[M * LD];

/* The largest error of C = alpha op(A) op(B) + beta C, and of what lies beside C, which is to stay. */
static double worst(Transpose ta, Transpose tb, double alpha, double beta)
{
    double error = 0;
    for (int i = 0; i < M * LD; i++) c[i] = (real)(i % 3);
    gemm(ta, tb, M, N, K, alpha, a, LD, b, LD, beta, c, LD);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < LD; j++) {
            double sum = 0;
            for (int k = 0; k < K; k++)
                sum += (double)(ta == PLAIN ? a[i * LD + k] : a[k * LD + i]) *
                       (double)(tb == PLAIN ? b[k * LD + j] : b[j * LD + k]);
            const double before = (i * LD + j) % 3, expected = j < N ? alpha * sum + beta * before : before;
            error = fmax(error, fabs(expected - (double)c[i * LD + j]));
        }
    return error;
}

static void fill_fractions(void)
{
    for (int i = 0; i < LD * LD; i++) a[i] = (real)((i * 7 % 11) - 5) / 4;
    for (int i = 0; i < LD * LD; i++) b[i] = (real)((i * 5 % 13) - 6) / 4;
}

static double worst_of_all(void)
{
    double error = 0;
    for (int ta = 0; ta < 2; ta++)
        for (int tb = 0; tb < 2; tb++)
            error =
                fmax(error, worst((Transpose)ta, (Transpose)tb, 1, 0) + worst((Transpose)ta, (Transpose)tb, 0.5, 2));
    return error;
}

static void test_library(GemmLibrary library, const char *name)
{
    for (int threads = 1; threads <= 3; threads++) {
        gemm_init(0, threads);
        for (int fixed = 0; fixed < 2; fixed++) {
            const Status status = gemm_choose(&(GemmChoice){.library = library, .fixed_order = fixed});
            const double error = worst_of_all();
            check(!status && error == 0 && strcmp(gemm_library_key(), name) == 0,
                  "%s, %d threads, fixed order %d: small fractions multiply exactly, plain and transposed (%g)", name,
                  threads, fixed, error);
        }
    }
}

/* Sums over k of numbers that are not short: the order shows in their bits. Shapes of weight gradients, where a library
 * likes to cut k (oneDNN does with AMX, 384 x 384); both sides of C longer than a part. */
static void test_fixed_order(GemmChoice choice, const char *name)
{
    enum { MOST = 700, LONG = 2048 };
    static const int shape[][2] = {{64, 48}, {384, 384}, {MOST, 300}, {300, MOST}};
    float *x = malloc(sizeof(float) * LONG * MOST), *y = malloc(sizeof(float) * LONG * MOST);
    Bf16 *rx = malloc(sizeof(Bf16) * LONG * MOST), *ry = malloc(sizeof(Bf16) * LONG * MOST);
    float *z[2] = {malloc(sizeof(float) * MOST * MOST), malloc(sizeof(float) * MOST * MOST)};
    for (int i = 0; i < LONG * MOST; i++) {
        const RandomKey key = random_key(1, RANDOM_BENCH, 0, 0, 0);
        uint32_t word[4];
        random_words(&key, (uint32_t)i, word);
        x[i] = (float)random_unit(word[0]) - 0.5F;
        y[i] = (float)random_unit(word[1]) - 0.5F;
    }
    vector_kernels->round(LONG * MOST, x, rx);
    vector_kernels->round(LONG * MOST, y, ry);
    choice.fixed_order = true;
    for (size_t s = 0; s < sizeof shape / sizeof shape[0]; s++) {
        const int m = shape[s][0], n = shape[s][1];
        bool same = true;
        for (int threads = 1; threads <= 5; threads++) {
            gemm_init(vector_best_level(), threads);
            omp_set_num_threads(threads);
            gemm_choose(&choice);
            gemm_product(TRANSPOSED, PLAIN, m, n, LONG, (Operand){x, choice.precision ? rx : NULL}, m,
                         (Operand){y, choice.precision ? ry : NULL}, n, 0, x, (Result){z[threads > 1], NULL}, n);
            same &= omp_get_max_threads() == threads;
            same &= threads == 1 || memcmp(z[0], z[1], sizeof(float) * (size_t)m * (size_t)n) == 0;
        }
        check(same, "%s in fixed order, %d x %d x %d: the same bits on 1 to 5 threads", name, m, n, LONG);
    }
    free(x), free(y), free(rx), free(ry), free(z[0]), free(z[1]);
}

/* C cut into parts in both directions, with rows behind it that are not its own: the same bits as by one thread. */
static void test_grid(void)
{
    enum { ROWS = 401, COLUMNS = 307, INNER = 130, STRIDE = 450 };
    float *x = malloc(sizeof(float) * STRIDE * STRIDE), *y = malloc(sizeof(float) * STRIDE * STRIDE);
    float *z[2] = {malloc(sizeof(float) * ROWS * STRIDE), malloc(sizeof(float) * ROWS * STRIDE)};
    for (int i = 0; i < STRIDE * STRIDE; i++) x[i] = sinf((float)i), y[i] = cosf((float)i);
    int same = 0, tried = 0;
    for (int threads = 1; threads <= 12; threads++)
        for (int t = 0; t < 4; t++) {
            float *product = z[threads > 1];
            static float alone[4][ROWS * STRIDE];
            gemm_init(vector_best_level(), threads); /* which forgets what regions waited: all threads are asked */
            for (int i = 0; i < ROWS * STRIDE; i++) product[i] = (float)(i % 7);
            gemm((Transpose)(t / 2), (Transpose)(t % 2), ROWS, COLUMNS, INNER, 0.7, x, STRIDE, y, STRIDE, 0.3, product,
                 STRIDE);
            if (threads == 1) memcpy(alone[t], product, sizeof alone[t]);
            tried++;
            same += memcmp(alone[t], product, sizeof alone[t]) == 0;
        }
    check(same == tried, "BLIS in parts: the same bits on 1 to 12 threads, plain and transposed (%d of %d)", same,
          tried);
    free(x), free(y), free(z[0]), free(z[1]);
}

/* By comparison with the neighbours, in fp64. What overflows is as far from infinity as from 2^128. */
static bool is_nearest(float x, Bf16 y)
{
    if (isnan(x)) return isnan((double)bf16_value(y));
    if (isinf(x)) return (double)bf16_value(y) == (double)x;
    if ((signbit(x) != 0) != (y >> 15)) return false;
    double at = (double)bf16_value(y), up = (double)bf16_value((Bf16)(y + 1)), down = (double)bf16_value((Bf16)(y - 1));
    if (isinf(at)) at = copysign(ldexp(1, 128), at);
    if (isinf(up)) up = copysign(ldexp(1, 128), up);
    const double distance = fabs((double)x - at), above = fabs((double)x - up), below = fabs((double)x - down);
    if ((y & 0x7fff) != 0 && (distance > below || (distance == below && y % 2))) return false;
    return isinf((double)bf16_value(y)) || (distance <= above && (distance < above || y % 2 == 0));
}

/* --- bf16 ------------------------------------------------------------------------------------------- */

static GemmLibrary bf16_library; /* asked for */

static GemmChoice bf16_choice(bool is_fixed)
{
    return (GemmChoice){.library = bf16_library, .precision = PRECISION_BF16, .fixed_order = is_fixed};
}

/* How far C rounded is from c beyond half of its last bit; or 1 if something else was written. */
static double off_rounded(Transpose ta, Transpose tb, int m, int n, int k, int lda, const Bf16 *ra, const Bf16 *rb,
                          const real *bias)
{
    static Bf16 rc[M * LD];
    double most = 0;
    memset(rc, 0x11, sizeof rc);
    gemm_product(ta, tb, m, n, k, (Operand){a, ra}, lda, (Operand){b, rb}, LD, 0, bias, (Result){NULL, rc}, LD);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < LD; j++) {
            const Bf16 found = rc[i * LD + j];
            const double exact = (double)c[i * LD + j],
                         off = fabs((double)bf16_value(found) - exact) - ldexp(fabs(exact), -8);
            if (i >= m || j >= n) most = fmax(most, found != 0x1111);
            else most = fmax(most, off - 1e-6);
        }
    return most > 0 ? most : 0;
}

/* The plain product of the rounded numbers, its sums in fp64. */
static double worst_bf16_of(Transpose ta, Transpose tb, int m, int n, int k, int lda, double beta, bool has_bias)
{
    static real numbers[LD];
    const real *bias = has_bias ? numbers : NULL;
    for (int j = 0; j < LD; j++) numbers[j] = (real)(0.37 * j - 3);
    static Bf16 ra[LD * LD], rb[LD * LD];
    double error = 0;
    for (int i = 0; i < M * LD; i++) c[i] = (real)(i % 3);
    vector_kernels->round(LD * LD, a, ra);
    vector_kernels->round(LD * LD, b, rb);
    gemm_product(ta, tb, m, n, k, (Operand){a, ra}, lda, (Operand){b, rb}, LD, beta, bias, (Result){c, NULL}, LD);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < LD; j++) {
            double sum = 0, size = 1;
            for (int l = 0; l < k; l++) {
                const double x = (double)bf16_value(ra[ta == PLAIN ? i * lda + l : l * lda + i]);
                const double y = (double)bf16_value(rb[tb == PLAIN ? l * LD + j : j * LD + l]);
                sum += x * y, size += fabs(x * y);
            }
            const double before = (i * LD + j) % 3;
            const double expected = j < n ? sum + beta * before + (has_bias ? (double)bias[j] : 0) : before;
            error = fmax(error, fabs(expected - (double)c[i * LD + j]) / size);
        }
    return error + (beta == 0 ? off_rounded(ta, tb, m, n, k, lda, ra, rb, bias) : 0);
}

static double worst_bf16(Transpose ta, Transpose tb, int m, int n, int k, double beta, bool has_bias)
{
    return worst_bf16_of(ta, tb, m, n, k, LD, beta, has_bias);
}

/* Numbers whose last bits rounding takes: a product that did not round them would be 1e-3 off. */
static void test_bf16(void)
{
    for (int i = 0; i < LD * LD; i++) a[i] = (real)sin(i) * 3, b[i] = (real)cos(7 * i);
    for (int threads = 1; threads <= 3; threads++)
        for (int fixed = 0; fixed < 2; fixed++) {
            gemm_init(vector_best_level(), threads);
            const GemmChoice choice = bf16_choice(fixed);
            gemm_choose(&choice);
            double error = 0;
            for (int t = 0; t < 4; t++)
                for (int way = 0; way < 4; way++) {
                    const Transpose ta = (Transpose)(t / 2), tb = (Transpose)(t % 2);
                    error = fmax(error, worst_bf16(ta, tb, M, N, K, way % 2, way / 2));
                    error = fmax(error, worst_bf16(ta, tb, 1, 33, 2, way % 2, way / 2));
                    error = fmax(error, worst_bf16(ta, tb, M, N, 0, way % 2, way / 2));
                    error = fmax(error, worst_bf16(ta, tb, 0, N, K, way % 2, way / 2));
                }
            check(error < 1e-6,
                  "bf16 by %s, %d threads, fixed order %d: the plain product of the rounded numbers (%.1e)",
                  gemm_library_key(), threads, fixed, error);
        }
}

static const int length[] = {1, 2, 7, 31, 32, 33, 34, 41, 47, 59, LD};
enum { LENGTHS = sizeof length / sizeof length[0] };

/* Sums over k of any length, in rows closer and further apart than that: where oneDNN reads in steps (AMX: 32 numbers)
 * the rest of a row needs care, and what stands behind it may not get in. */
static void test_lengths(void)
{
    static const int rows[] = {1, 2, 17, M}, columns[] = {1, 16, N};
    int tried = 0;
    double error = 0;
    for (int i = 0; i < LD * LD; i++) a[i] = (real)sin(i) * 3, b[i] = (real)cos(7 * i);
    for (int l = 0; l < 2 * LENGTHS; l++)
        for (int i = 0; i < 4 * 3 * 4; i++, tried++) {
            const Transpose ta = (Transpose)(i / 12 / 2), tb = (Transpose)(i / 12 % 2);
            const int m = rows[i % 4], n = columns[i % 3], k = length[l / 2];
            error =
                fmax(error, worst_bf16_of(ta, tb, m, n, k, l % 2 || (ta && k < m) ? LD : k, i % 5 == 0, i % 3 == 0));
        }
    check(error < 1e-6, "bf16: sums of 1 to %d products, rows as far apart as long or further: %.1e (%d products)", LD,
          error, tried);
}

/* A row of A is not a number: so is its row of C, and no other. */
static void test_rows_apart(void)
{
    static Bf16 ra[LD * LD], rb[LD * LD];
    int wrong = 0, tried = 0;
    for (int s = 0; s < LENGTHS; s++)
        for (int i = 0; i < M; i += 4, tried++) {
            const int k = length[s];
            vector_kernels->round(LD * LD, a, ra);
            vector_kernels->round(LD * LD, b, rb);
            for (int l = 0; l < k; l++) ra[i * k + l] = 0x7fc0;
            gemm_product(PLAIN, i % 8 ? PLAIN : TRANSPOSED, M, N, k, (Operand){a, ra}, k, (Operand){b, rb}, LD, 0, NULL,
                         (Result){c, NULL}, LD);
            for (int j = 0; j < M * N; j++) wrong += (j / N == i) != (isnan(c[j / N * LD + j % N]) != 0);
        }
    check(wrong == 0, "bf16: NaN of one row stays in its row (%d numbers wrong in %d products)", wrong, tried);
}

/* Parts of a fixed order have their own part of the bias: C of ones is a number more than the bias. Without a bias,
 * with it and without again: a kept primitive is not taken for the other. */
static void test_bias_of_parts(void)
{
    enum { ROWS = 2, COLUMNS = 700, DEPTH = 32 };
    static real x[COLUMNS * DEPTH], bias[COLUMNS], z[ROWS * COLUMNS];
    static Bf16 rx[COLUMNS * DEPTH];
    for (int i = 0; i < COLUMNS * DEPTH; i++) x[i] = 1;
    for (int j = 0; j < COLUMNS; j++) bias[j] = (real)j;
    vector_kernels->round(COLUMNS * DEPTH, x, rx);
    for (int call = 0; call < 6; call++) {
        const bool is_fixed = call >= 3, has_bias = call % 3 == 1;
        int wrong = 0;
        const GemmChoice choice = bf16_choice(is_fixed);
        gemm_choose(&choice);
        gemm_product(PLAIN, TRANSPOSED, ROWS, COLUMNS, DEPTH, (Operand){x, rx}, DEPTH, (Operand){x, rx}, DEPTH, 0,
                     has_bias ? bias : NULL, (Result){z, NULL}, COLUMNS);
        for (int i = 0; i < ROWS; i++)
            for (int j = 0; j < COLUMNS; j++) wrong += z[i * COLUMNS + j] != (real)(DEPTH + (has_bias ? j : 0));
        check(wrong == 0, "bf16, fixed order %d, bias %d: every part adds its part of the bias (%d wrong)", is_fixed,
              has_bias, wrong);
    }
}

/* More shapes than are kept, so that places are taken again. */
static void test_many_shapes(void)
{
    double error = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int m = 1; m <= 18; m++)
            for (int n = 1; n <= 18; n++) error = fmax(error, worst_bf16(PLAIN, TRANSPOSED, m, n, 8, 0, m % 2));
    check(error < 1e-6, "648 products of 324 shapes: %.1e", error);
}

static void test_rounding(void)
{
    static const uint32_t tail[] = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff, 0x18000, 0x17fff};
    enum { HEADS = 1 << 16, TAILS = sizeof tail / sizeof tail[0] };
    float *x = malloc(sizeof(float) * HEADS * TAILS);
    Bf16 *y = malloc(sizeof(Bf16) * HEADS * TAILS);
    for (uint32_t h = 0; h < HEADS; h++)
        for (uint32_t t = 0; t < TAILS; t++) {
            const uint32_t bits = (h << 16) ^ tail[t];
            memcpy(x + h * TAILS + t, &bits, sizeof bits);
        }
    for (int level = 0; level <= vector_best_level(); level++) {
        vector_choose(level);
        vector_kernels->round(HEADS * TAILS, x, y);
        int64_t wrong = 0;
        for (int64_t i = 0; i < HEADS * TAILS; i++) wrong += !is_nearest(x[i], y[i]);
        check(wrong == 0, "%s: every bfloat16 and its neighbours round to the nearest, ties to even, NaN to NaN",
              vector_kernels->name);
    }
    free(x), free(y);
}

/* Where this processor's bf16 is oneDNN's in any case, both are that. */
static void test_all_of_bf16(GemmLibrary library)
{
    bf16_library = library;
    GemmChoice choice = bf16_choice(false);
    gemm_choose(&choice);
    char name[32];
    snprintf(name, sizeof name, "bf16 by %s", gemm_library_key());
    const bool is_onednn = strcmp(gemm_library_key(), "onednn") == 0;
    check(library == GEMM_ONEDNN ? is_onednn : is_onednn == (strcmp(gemm_family(), "avx512_core_amx") == 0),
          "%s, family %s: oneDNN where it was asked for, or with AMX", name, gemm_family());
    test_fixed_order(choice, name);
    test_bf16();
    test_bias_of_parts();
    test_many_shapes();
    for (int fixed = 0; fixed < 2; fixed++) {
        choice = bf16_choice(fixed);
        gemm_choose(&choice);
        test_lengths();
        test_rows_apart();
    }
}

int main(void)
{
    /* First: level 0 binds oneDNN for good. */
    if (gemm_has(GEMM_ONEDNN)) test_fixed_order((GemmChoice){.library = GEMM_ONEDNN}, "oneDNN");
    test_fixed_order((GemmChoice){0}, "BLIS");
    if (sizeof(real) == sizeof(float)) test_grid();
    test_rounding();
    gemm_init(vector_best_level(), 1);
    if (gemm_choose(&(GemmChoice){.precision = PRECISION_BF16}))
        check(gemm_precision() == PRECISION_FP32 && strstr(status_message(), "precision = bf16"), "no bf16 here: %s",
              status_message());
    else {
        test_all_of_bf16(GEMM_BLIS);
        test_all_of_bf16(GEMM_ONEDNN);
    }
    fill_fractions();
    test_library(GEMM_BLIS, "blis");
    if (gemm_has(GEMM_ONEDNN)) {
        test_library(GEMM_ONEDNN, "onednn");
    } else {
        check(gemm_choose(&(GemmChoice){.library = GEMM_ONEDNN}) == STATUS_USAGE &&
                  strstr(status_message(), "libdnnl-dev") && strcmp(gemm_library_key(), "blis") == 0,
              "a build without oneDNN says so, and keeps BLIS: %s", status_message());
    }
    gemm_init(0, 1);
    GemmSpeed speed = gemm_measure(96, 96, 96, 5, 0);
    check(speed.rounds == 1 && speed.gflops > 0, "a measurement without time left still measures once");
    speed = gemm_measure(96, 96, 96, 5, 1e9);
    check(speed.rounds == 5 && speed.cores > 0 && speed.cores < 1.5,
          "five rounds are enough, and one thread has one core");
    return harness_done();
}
