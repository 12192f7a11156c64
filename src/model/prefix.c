/* prefix.c: dropout by sample, and sums over samples in their order. */
#include "model/prefix.h"

#include "kernels/team.h"

void prefix_forward(int n_samples, int x, int d, const real *prefix, const Dropout *dropout, real *seen)
{
    const int64_t size = (int64_t)x * 2 * d;
#pragma omp parallel for schedule(static) num_threads(team_for_numbers(n_samples *size))
    for (int b = 0; b < n_samples; b++)
        vector_kernels->dropout(x, 2 * d, 2 * d, prefix, &dropout[b], 0, seen + b * size);
}

void prefix_backward(int n_samples, int x, int d, const Dropout *dropout, bool adds, real *dseen, real *dprefix)
{
    const int64_t size = (int64_t)x * 2 * d;
#pragma omp parallel for schedule(static) num_threads(team_for_numbers(n_samples *size))
    for (int b = 0; b < n_samples; b++) {
        real *mine = dseen + b * size;
        if (dropout[b].rate > 0) vector_kernels->dropout(x, 2 * d, 2 * d, mine, &dropout[b], 0, mine);
    }
#pragma omp parallel for schedule(static) num_threads(team_for_numbers(n_samples *size))
    for (int64_t i = 0; i < size; i++) {
        real sum = adds ? dprefix[i] : 0;
        for (int b = 0; b < n_samples; b++) sum += dseen[b * size + i];
        dprefix[i] = sum;
    }
}
