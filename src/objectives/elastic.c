/* elastic.c: blocks of numbers to threads; their sums in order. */
#include "objectives/elastic.h"

#include "kernels/team.h"

enum { BLOCK = 1 << 14, BLOCKS = 256 /* at a time */ };

static double block_loss(int64_t n, const real *f, const real *origin, double weight, const real *theta, real *g)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        const double away = (double)theta[i] - (double)origin[i], pull = (double)f[i] * away;
        sum += pull * away;
        g[i] += (real)(2 * weight * pull);
    }
    return sum;
}

double elastic_loss(int64_t n, const real *fisher, const real *origin, double weight, const real *theta, real *g)
{
    double total = 0;
    for (int64_t start = 0; start < n; start += (int64_t)BLOCK * BLOCKS) {
        double sum[BLOCKS] = {0};
#pragma omp parallel for schedule(static) num_threads(team_for_numbers(4 * (n - start)))
        for (int b = 0; b < BLOCKS; b++) {
            const int64_t at = start + (int64_t)b * BLOCK, left = n - at;
            if (left > 0)
                sum[b] = block_loss(left < BLOCK ? left : BLOCK, fisher + at, origin + at, weight, theta + at, g + at);
        }
        for (int b = 0; b < BLOCKS; b++) total += sum[b];
    }
    return total;
}
