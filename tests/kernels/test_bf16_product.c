/* test_bf16_product.c: our own products of bfloat16, in shapes of one and of several rounds, stretches, panels and
 * parts, cut where no tile ends. Oracle: sums in fp64; what is rounded, bit for bit what vector_kernels->round makes of
 * the sum in fp32. The same bits on any threads. Arrays end at a page that may not be read, NaN stands between their
 * rows. */
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../harness.h"
#include "kernels/gemm.h"
#include "kernels/vector.h"

enum { PAGE = 4096, BESIDE = 3, ONE_STRETCH = 1536 };
static const Bf16 NOT_A_NUMBER = 0x7fc0;

typedef struct {
    Transpose ta, tb;
    int m, n, k;
    bool adds, is_rounded;
} Shape;

static const Shape shape[] = {{PLAIN, TRANSPOSED, 301, 1201, 768, false, false},
                              {PLAIN, TRANSPOSED, 301, 500, 1501, false, true},
                              {PLAIN, PLAIN, 150, 401, 3301, true, false},
                              {TRANSPOSED, PLAIN, 403, 401, 1703, true, false},
                              {TRANSPOSED, TRANSPOSED, 137, 50, 3300, false, false},
                              {PLAIN, TRANSPOSED, 72, 3000, 800, false, false},
                              {PLAIN, PLAIN, 72, 3000, 800, true, false},
                              {TRANSPOSED, PLAIN, 72, 700, 3301, true, false},
                              {PLAIN, PLAIN, 72, 700, 3400, false, false},
                              {PLAIN, TRANSPOSED, 72, 700, 3400, false, false},
                              {PLAIN, TRANSPOSED, 40, 700, 3301, false, true},
                              {TRANSPOSED, TRANSPOSED, 300, 700, 3400, false, true},
                              {PLAIN, PLAIN, 1, 700, 33, true, false},
                              {TRANSPOSED, PLAIN, 700, 1, 35, false, false},
                              {PLAIN, TRANSPOSED, 9, 49, 1, false, true},
                              {TRANSPOSED, TRANSPOSED, 17, 97, 2, true, false},
                              {PLAIN, PLAIN, 65, 191, 0, true, false}};
enum { SHAPES = sizeof shape / sizeof shape[0] };

/* Bytes that end where nothing may be read. */
typedef struct {
    char *first;
    size_t bytes;
    void *x;
} Guarded;

static Guarded guarded(size_t bytes)
{
    const size_t whole = (bytes + PAGE - 1) / PAGE * PAGE;
    Guarded g = {.bytes = whole + PAGE};
    g.first = mmap(NULL, g.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (g.first == MAP_FAILED || mprotect(g.first + whole, PAGE, PROT_NONE)) exit(1);
    g.x = g.first + whole - bytes;
    return g;
}

/* rows x columns in rows of `ld`; the last one ends at the guarded page. */
static Guarded matrix(int rows, int columns, int ld, uint32_t stream)
{
    const size_t count = rows && columns ? (size_t)(rows - 1) * (size_t)ld + (size_t)columns : 0;
    const RandomKey key = random_key(1, RANDOM_TEST, stream, 0, 0);
    Guarded g = guarded(count * sizeof(Bf16));
    Bf16 *x = g.x;
    for (size_t i = 0; i < count; i++) {
        uint32_t word[4];
        random_words(&key, (uint32_t)i, word);
        const real number = (real)(2 * random_unit(word[0]) - 1);
        if (i % (size_t)ld < (size_t)columns) vector_kernels->round(1, &number, x + i);
        else x[i] = NOT_A_NUMBER;
    }
    return g;
}

static double element(const Bf16 *x, Transpose t, int ld, int i, int l)
{
    return (double)bf16_value(t == PLAIN ? x[(int64_t)i * ld + l] : x[(int64_t)l * ld + i]);
}

static void test_shape(const Shape *s, uint32_t number)
{
    const int m = s->m, n = s->n, k = s->k, ldc = n + BESIDE;
    const int lda = (s->ta == PLAIN ? k : m) + BESIDE, ldb = (s->tb == PLAIN ? n : k) + BESIDE;
    const Guarded a = s->ta == PLAIN ? matrix(m, k, lda, 2 * number) : matrix(k, m, lda, 2 * number);
    const Guarded b = s->tb == PLAIN ? matrix(k, n, ldb, 2 * number + 1) : matrix(n, k, ldb, 2 * number + 1);
    const size_t count = (size_t)(m - 1) * (size_t)ldc + (size_t)n;
    const Guarded bias = guarded((size_t)n * sizeof(float)), c = guarded(count * sizeof(float));
    const Guarded c_rounded = guarded(count * sizeof(Bf16));
    float *x = c.x, *first = malloc(count * sizeof *first);
    Bf16 *rounded = c_rounded.x, *first_rounded = malloc(count * sizeof *first_rounded);
    for (int j = 0; j < n; j++) ((float *)bias.x)[j] = (float)(j % 9) / 7;
    int64_t wrong = 0, differ = 0, beside = 0, off_rounded = 0;
    for (int threads = 1; threads <= 9; threads += threads < 3 ? 1 : 2) {
        gemm_init(vector_best_level(), threads); /* which forgets what regions waited: all threads are asked */
        omp_set_num_threads(threads);
        if (gemm_choose(&(GemmChoice){.precision = PRECISION_BF16})) exit(1);
        for (size_t i = 0; i < count; i++) {
            x[i] = s->adds ? (float)(i % 5) : (int)(i % (size_t)ldc) < n ? NAN : 7;
            rounded[i] = 0x1111;
        }
        const Operand of_a = {NULL, a.x}, of_b = {NULL, b.x};
        gemm_product(s->ta, s->tb, m, n, k, of_a, lda, of_b, ldb, s->adds, bias.x, (Result){x, NULL}, ldc);
        if (s->is_rounded)
            gemm_product(s->ta, s->tb, m, n, k, of_a, lda, of_b, ldb, 0, bias.x, (Result){NULL, rounded}, ldc);
        if (threads == 1) {
            memcpy(first, x, count * sizeof *x), memcpy(first_rounded, rounded, count * sizeof *rounded);
            continue;
        }
        differ += memcmp(first, x, count * sizeof *x) != 0;
        differ += memcmp(first_rounded, rounded, count * sizeof *rounded) != 0;
    }
    double error = 0;
    for (size_t at = 0; at < count; at++) {
        const int i = (int)(at / (size_t)ldc), j = (int)(at % (size_t)ldc);
        if (j >= n) {
            beside += x[at] != (s->adds ? (float)(at % 5) : 7) || rounded[at] != 0x1111;
            continue;
        }
        Bf16 nearest;
        vector_kernels->round(1, x + at, &nearest);
        if (s->is_rounded && k <= ONE_STRETCH) off_rounded += rounded[at] != nearest;
        if (at % 13) continue;
        double sum = (double)((float *)bias.x)[j] + (s->adds ? (double)(at % 5) : 0), size = 1;
        for (int l = 0; l < k; l++) {
            const double product =
                element(a.x, s->ta, lda, i, l) * element(b.x, s->tb == PLAIN ? TRANSPOSED : PLAIN, ldb, j, l);
            sum += product, size += fabs(product);
        }
        const double off = fabs((double)x[at] - sum) / size;
        wrong += !(off < 1e-6);
        error = fmax(error, off);
        if (s->is_rounded)
            wrong += !(fabs((double)bf16_value(rounded[at]) - sum) <= ldexp(fabs(sum), -8) + 1e-6 * size);
    }
    check(wrong == 0 && differ == 0 && beside == 0 && off_rounded == 0,
          "%d x %d x %d, %s %s%s%s: %.1e (%d wrong, %d beside, %d rounded otherwise), the same bits on 1 to 9 threads "
          "(%d differ)",
          m, n, k, s->ta == PLAIN ? "A" : "A^T", s->tb == PLAIN ? "B" : "B^T", s->adds ? ", added" : "",
          s->is_rounded ? ", rounded" : "", error, (int)wrong, (int)beside, (int)off_rounded, (int)differ);
    const Guarded *all[] = {&a, &b, &bias, &c, &c_rounded};
    for (int i = 0; i < 5; i++) munmap(all[i]->first, all[i]->bytes);
    free(first), free(first_rounded);
}

int main(void)
{
    vector_choose(vector_best_level());
    gemm_init(vector_best_level(), 1);
    if (gemm_choose(&(GemmChoice){.precision = PRECISION_BF16}) || strcmp(gemm_library_key(), "own") != 0) {
        skip("no bf16 by our own kernels here");
        return harness_done();
    }
    for (int i = 0; i < SHAPES; i++) test_shape(&shape[i], (uint32_t)i);
    return harness_done();
}
