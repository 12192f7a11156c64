/* test_gemm.c: products against a naive sum in fp64, whatever the library and the threads, and a measurement that ends.
 * Numbers are small fractions, whose products and sums fp32 holds exactly. */
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
            const Status status = gemm_choose(&(GemmChoice){library, fixed});
            const double error = worst_of_all();
            check(!status && error == 0 && strcmp(gemm_library_key(), name) == 0,
                  "%s, %d threads, fixed order %d: small fractions multiply exactly, plain and transposed (%g)", name,
                  threads, fixed, error);
        }
    }
}

/* Sums over k of numbers that are not short: the order shows in their bits. Shapes of weight gradients, where a library
 * likes to cut k; both sides of C longer than a part. */
static void test_fixed_order(void)
{
    enum { MOST = 700, LONG = 1500 };
    static const int shape[][2] = {{64, 48}, {MOST, 300}, {300, MOST}};
    float *x = malloc(sizeof(float) * LONG * MOST), *y = malloc(sizeof(float) * LONG * MOST);
    float *z[2] = {malloc(sizeof(float) * MOST * MOST), malloc(sizeof(float) * MOST * MOST)};
    for (int i = 0; i < LONG * MOST; i++) {
        const RandomKey key = random_key(1, RANDOM_BENCH, 0, 0, 0);
        uint32_t word[4];
        random_words(&key, (uint32_t)i, word);
        x[i] = (float)random_unit(word[0]) - 0.5F;
        y[i] = (float)random_unit(word[1]) - 0.5F;
    }
    for (int s = 0; s < 3; s++) {
        const int m = shape[s][0], n = shape[s][1];
        bool same = true;
        for (int threads = 1; threads <= 5; threads++) {
            gemm_init(vector_best_level(), threads);
            omp_set_num_threads(threads);
            gemm_choose(&(GemmChoice){GEMM_ONEDNN, true});
            gemm(TRANSPOSED, PLAIN, m, n, LONG, 1, x, m, y, n, 0, z[threads > 1], n);
            same &= omp_get_max_threads() == threads;
            same &= threads == 1 || memcmp(z[0], z[1], sizeof(float) * (size_t)m * (size_t)n) == 0;
        }
        check(same, "oneDNN in fixed order, %d x %d x %d: the same bits on 1 to 5 threads", m, n, LONG);
    }
    free(x), free(y), free(z[0]), free(z[1]);
}

int main(void)
{
    for (int i = 0; i < LD * LD; i++) a[i] = (real)((i * 7 % 11) - 5) / 4;
    for (int i = 0; i < LD * LD; i++) b[i] = (real)((i * 5 % 13) - 6) / 4;
    if (gemm_has(GEMM_ONEDNN)) test_fixed_order(); /* first: level 0 binds oneDNN for good */
    test_library(GEMM_BLIS, "blis");
    if (gemm_has(GEMM_ONEDNN)) {
        test_library(GEMM_ONEDNN, "onednn");
    } else {
        check(gemm_choose(&(GemmChoice){GEMM_ONEDNN, false}) == STATUS_USAGE &&
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
