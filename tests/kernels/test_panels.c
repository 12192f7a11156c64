/* test_panels.c: products with a matrix in panels, stored either way, against a naive sum: small fractions multiply
 * exactly; C cut into parts in both directions has the same bits on any number of threads; nothing is written beside C.
 */
#include "kernels/panels.h"

#include "../harness.h"
#include "kernels/gemm.h"
#include "kernels/vector.h"

enum { MOST_M = 600, MOST_N = 203, MOST_K = 1100, LDA = MOST_K + 3, LDC = MOST_N + 5 };

static real a[MOST_M * LDA], w[MOST_N * MOST_K], bias[MOST_N], c[2][MOST_M * LDC];
static real panels[(MOST_N + PRODUCT_PAD) * MOST_K];

static double worst(Transpose t, int m, int n, int k, bool adds, bool has_bias)
{
    double error = 0;
    for (int i = 0; i < MOST_M * LDC; i++) c[0][i] = (real)(i % 3);
    panels_fill(t, n, k, w, panels);
    panels_product(m, n, k, a, LDA, panels, adds, has_bias ? bias : NULL, c[0], LDC);
    for (int i = 0; i < MOST_M; i++)
        for (int j = 0; j < LDC; j++) {
            const int at = i * LDC + j;
            double sum = adds ? at % 3 : 0;
            for (int l = 0; l < k && i < m && j < n; l++)
                sum += (double)a[i * LDA + l] * (double)w[t == PLAIN ? l * n + j : j * k + l];
            if (has_bias && j < n) sum += (double)bias[j];
            error = fmax(error, fabs((i < m && j < n ? sum : at % 3) - (double)c[0][at]));
        }
    return error;
}

static void test_exact(int level)
{
    static const int shape[][3] = {{37, 53, 41}, {1, 1, 1},     {9, 32, 64},   {300, 203, 7},
                                   {5, 96, 150}, {600, 31, 33}, {11, 70, 1100}};
    vector_choose(level);
    for (size_t s = 0; s < sizeof shape / sizeof shape[0]; s++) {
        const int *x = shape[s];
        double error = 0;
        for (int how = 0; how < 8; how++)
            error = fmax(error, worst(how & 4 ? PLAIN : TRANSPOSED, x[0], x[1], x[2], how & 1, how & 2));
        check(error == 0, "level %d, %d x %d x %d: exact, with and without bias and sum (%g)", level, x[0], x[1], x[2],
              error);
    }
}

static void test_threads(void)
{
    bool same = true;
    for (int i = 0; i < MOST_M * LDA; i++) a[i] = (real)sin(i);
    for (int i = 0; i < MOST_N * MOST_K; i++) w[i] = (real)cos(i);
    for (int threads = 1; threads <= 7; threads++) {
        gemm_init(vector_best_level(), threads); /* which forgets what regions waited: all threads are asked */
        panels_fill(TRANSPOSED, MOST_N, MOST_K, w, panels);
        panels_product(MOST_M, MOST_N, MOST_K, a, LDA, panels, false, bias, c[threads > 1], LDC);
        for (int i = 0; i < MOST_M && threads > 1; i++)
            same &= memcmp(c[0] + i * LDC, c[1] + i * LDC, MOST_N * sizeof(real)) == 0;
    }
    check(same, "the same bits on 1 to 7 threads");
    const int rows = 5; /* alone, and at another place of a tile: still the same */
    panels_product(rows, MOST_N, MOST_K, a + 301 * LDA, LDA, panels, false, bias, c[1], LDC);
    for (int i = 0; i < rows; i++) same &= memcmp(c[0] + (301 + i) * LDC, c[1] + i * LDC, MOST_N * sizeof(real)) == 0;
    check(same, "a row has the same bits whatever rows stand beside it");
}

int main(void)
{
    for (int i = 0; i < MOST_M * LDA; i++) a[i] = (real)((i * 7 % 11) - 5) / 4;
    for (int i = 0; i < MOST_N * MOST_K; i++) w[i] = (real)((i * 5 % 13) - 6) / 4;
    for (int i = 0; i < MOST_N; i++) bias[i] = (real)(i % 9) / 2;
    gemm_init(vector_best_level(), 3);
    for (int level = 0; level <= vector_best_level(); level++) test_exact(level);
    test_threads();
    return harness_done();
}
