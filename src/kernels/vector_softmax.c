/* vector_softmax.c: the masked-LM cross-entropy. Maximum subtracted first. (Softmax of attention: vector_attention.c.)
 */
#include "vector_isa.h"
#include "vector_math.h"

enum { LANES = 16 };

/* Lanes by hand: a compiler must not reorder a maximum over a NaN by itself. */
static inline real row_maximum(int d, const real *x)
{
    real lane[LANES];
    for (int l = 0; l < LANES; l++) lane[l] = x[0];
    int j = 0;
    for (; j + LANES <= d; j += LANES)
        for (int l = 0; l < LANES; l++) lane[l] = x[j + l] > lane[l] ? x[j + l] : lane[l];
    real maximum = lane[0];
    for (int l = 1; l < LANES; l++) maximum = lane[l] > maximum ? lane[l] : maximum;
    for (; j < d; j++) maximum = x[j] > maximum ? x[j] : maximum;
    return maximum;
}

/* x = exp(x - maximum); returns the sum, blocks of which are added in double: of a vocabulary's small numbers behind
 * one another a single-precision sum loses 1e-5, always in one direction. */
static inline double row_exponentials(int d, real maximum, real *x)
{
    enum { BLOCK = 512 };
    double all = 0;
    for (int first = 0; first < d; first += BLOCK) {
        const int end = first + BLOCK < d ? first + BLOCK : d;
        real sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int j = first; j < end; j++) {
            x[j] = vector_exp(x[j] - maximum);
            sum += x[j];
        }
        all += (double)sum;
    }
    return all;
}

double KERNEL(cross_entropy)(int n, int d, real *logits, const real *bias, const int *label, double scale)
{
    double loss = 0;
    for (int i = 0; i < n; i++) {
        real *row = logits + (int64_t)i * d;
#pragma omp simd
        for (int j = 0; j < d; j++) row[j] += bias[j];
        const real maximum = row_maximum(d, row);
        const double labelled = (double)row[label[i]];
        const double sum = row_exponentials(d, maximum, row);
        loss += log(sum) + (double)maximum - labelled;
        if (scale == 0) continue;
        const real factor = (real)(scale / sum);
#pragma omp simd
        for (int j = 0; j < d; j++) row[j] *= factor;
        row[label[i]] -= (real)scale;
    }
    return loss;
}
