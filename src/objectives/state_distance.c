/* state_distance.c: rows to threads, some at a time; their sums in order. */
#include "objectives/state_distance.h"

#include <math.h>
#include <stdint.h>

#include "kernels/team.h"

enum { ROWS = 256 /* at a time */ };

static double row_square(int d, const real *o, const real *h, double weight, real *dh)
{
    double sum = 0;
    for (int j = 0; j < d; j++) {
        const double away = (double)h[j] - (double)o[j];
        sum += away * away;
        dh[j] += (real)(2 * weight / d * away);
    }
    return sum / d;
}

/* log of the sum of exponentials of sign x. */
static double log_sum(int d, const real *x, double sign)
{
    double most = sign * (double)x[0], sum = 0;
    for (int j = 1; j < d; j++) most = fmax(most, sign * (double)x[j]);
    for (int j = 0; j < d; j++) sum += exp(sign * (double)x[j] - most);
    return most + log(sum);
}

/* KL(softmax(sign o), softmax(sign h)). */
static double row_divergence(int d, const real *o, const real *h, double sign, double weight, real *dh)
{
    const double o_sum = log_sum(d, o, sign), h_sum = log_sum(d, h, sign), base = 1 / log(2);
    double sum = 0;
    for (int j = 0; j < d; j++) {
        const double log_p = sign * (double)o[j] - o_sum, log_q = sign * (double)h[j] - h_sum, p = exp(log_p);
        sum += p * (log_p - log_q);
        dh[j] += (real)(weight * base * sign * (exp(log_q) - p));
    }
    return base * sum;
}

double state_distance(StateDistance kind, int n, int d, const real *o, const real *h, double weight, real *dh)
{
    double total = 0;
    for (int start = 0; start < n; start += ROWS) {
        double sum[ROWS] = {0};
        const int rows = n - start < ROWS ? n - start : ROWS;
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((kind == STATE_MSE ? 3LL : 64LL) * rows * d))
        for (int i = 0; i < rows; i++) {
            const int64_t at = (int64_t)(start + i) * d;
            if (kind == STATE_MSE) sum[i] = row_square(d, o + at, h + at, weight, dh + at);
            else
                sum[i] = row_divergence(d, o + at, h + at, 1, weight, dh + at) +
                         row_divergence(d, o + at, h + at, -1, weight, dh + at);
        }
        for (int i = 0; i < rows; i++) total += sum[i];
    }
    return total;
}
