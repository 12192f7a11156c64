/* test_gemm.c: products against a naive sum in fp64, whatever the threads, and a measurement that ends. */
#include "kernels/gemm.h"

#include "../harness.h"

enum { M = 37, N = 53, K = 41 };

static real a[M * K], b[N * K], c[M * N];

static double worst(int threads)
{
    double error = 0;
    gemm_init(0, threads);
    gemm(PLAIN, TRANSPOSED, M, N, K, 1, a, K, b, K, 0, c, N);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            double sum = 0;
            for (int k = 0; k < K; k++) sum += (double)a[i * K + k] * (double)b[j * K + k];
            error = fmax(error, fabs(sum - (double)c[i * N + j]));
        }
    return error;
}

int main(void)
{
    for (int i = 0; i < M * K; i++) a[i] = (real)((i * 7 % 11) - 5) / 4;
    for (int i = 0; i < N * K; i++) b[i] = (real)((i * 5 % 13) - 6) / 4;
    check(worst(1) == 0 && worst(2) == 0 && worst(3) == 0, "small fractions multiply exactly, on 1, 2 and 3 threads");
    GemmSpeed speed = gemm_measure(96, 96, 96, 5, 0);
    check(speed.rounds == 1 && speed.gflops > 0, "a measurement without time left still measures once");
    gemm_init(0, 1);
    speed = gemm_measure(96, 96, 96, 5, 1e9);
    check(speed.rounds == 5 && speed.cores > 0 && speed.cores < 1.5,
          "five rounds are enough, and one thread has one core");
    return harness_done();
}
