/* prototypes.c: vectors of words, one number per word and group, and what is made of these numbers. */
#include "objectives/prototypes.h"

#include <math.h>
#include <string.h>

void prototypes_vector(const WordPlace *word, int n_layers, int d, real *const *h, double *v)
{
    memset(v, 0, (size_t)n_layers * (size_t)d * sizeof *v);
    for (int k = 0; k < n_layers; k++)
        for (int i = 0; i < word->n; i++) {
            const real *x = h[k] + (int64_t)word->row[i] * d;
            for (int j = 0; j < d; j++) v[(int64_t)k * d + j] += word->share * (double)x[j];
        }
}

void prototypes_vector_backward(const WordPlace *word, int n_layers, int d, const double *dv, real *const *dh)
{
    for (int k = 0; k < n_layers; k++)
        for (int i = 0; i < word->n; i++) {
            real *dx = dh[k] + (int64_t)word->row[i] * d;
            for (int j = 0; j < d; j++) dx[j] += (real)(word->share * dv[(int64_t)k * d + j]);
        }
}

static double dot(int d, const double *x, const double *y)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int j = 0; j < d; j++) sum += x[j] * y[j];
    return sum;
}

static double square_distance(int d, const double *x, const double *y)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int j = 0; j < d; j++) sum += (x[j] - y[j]) * (x[j] - y[j]);
    return sum;
}

double prototypes_measure(PrototypeMeasure measure, int n_layers, int d, const double *v, const double *a)
{
    double sum = 0;
    for (int k = 0; k < n_layers; k++) {
        const double *x = v + (int64_t)k * d, *y = a + (int64_t)k * d;
        const double s = measure == PROTOTYPE_DISTANCE ? square_distance(d, x, y) : dot(d, x, y);
        sum += measure == PROTOTYPE_SQUARE ? s * s : s;
    }
    return measure == PROTOTYPE_DISTANCE ? sum : sum / n_layers;
}

void prototypes_measure_backward(PrototypeMeasure measure, int n_layers, int d, const double *v, const double *a,
                                 double ds, double *dv)
{
    for (int k = 0; k < n_layers; k++) {
        const double *x = v + (int64_t)k * d, *y = a + (int64_t)k * d;
        double *dx = dv + (int64_t)k * d;
        const double slope = measure == PROTOTYPE_SQUARE ? 2 * dot(d, x, y) : 1;
        for (int j = 0; j < d; j++)
            dx[j] += measure == PROTOTYPE_DISTANCE ? 2 * ds * (x[j] - y[j]) : ds / n_layers * slope * y[j];
    }
}

/* p [n] = softmax over j of -s_j / (2 rho^2), of the numbers of one group. */
static void softmax(int n, int64_t stride, const double *s, double rho, double *p)
{
    double least = s[0], sum = 0;
    for (int j = 1; j < n; j++) least = fmin(least, s[j * stride]);
    for (int j = 0; j < n; j++) sum += p[j] = exp((least - s[j * stride]) / (2 * rho * rho));
    for (int j = 0; j < n; j++) p[j] /= sum;
}

/* p log2(p / m), and its slope; of nothing, nothing. */
static double log_ratio(double p, double m)
{
    return p > 0 ? log2(p / m) : 0;
}

/* One half of JS(p, q): 1/2 KL(p, (p + q) / 2). The gradient to p, through the softmax, to s of p's group. */
static double half_divergence(int n, const double *p, const double *q, int64_t stride, double slope, double *ds)
{
    double sum = 0;
    for (int j = 0; j < n; j++) sum += 0.5 * p[j] * log_ratio(p[j], 0.5 * (p[j] + q[j]));
    for (int j = 0; j < n; j++) ds[j * stride] += slope * p[j] * (0.5 * log_ratio(p[j], 0.5 * (p[j] + q[j])) - sum);
    return sum;
}

double prototypes_spread(int n, int n_groups, int64_t stride, const double *s, double rho, double weight, double *p,
                         double *ds)
{
    const double share = 2.0 / ((double)n_groups * (n_groups - 1)); /* of a pair */
    const double slope = -weight * share / (2 * rho * rho);         /* dJS/du to s: u = -s / (2 rho^2) */
    double sum = 0;
    for (int i = 0; i < n_groups; i++) softmax(n, stride, s + i, rho, p + (int64_t)i * n);
    for (int i = 0; i < n_groups; i++)
        for (int k = i + 1; k < n_groups; k++) {
            const double *x = p + (int64_t)i * n, *y = p + (int64_t)k * n;
            sum += half_divergence(n, x, y, stride, slope, ds + i) + half_divergence(n, y, x, stride, slope, ds + k);
        }
    return share * sum;
}

static double mean(int n, int64_t stride, const double *s)
{
    double sum = 0;
    for (int j = 0; j < n; j++) sum += s[j * stride];
    return sum / n;
}

double prototypes_squares(int n, int n_groups, int64_t stride, const double *s, double weight, double *ds)
{
    double sum = 0;
    for (int i = 0; i < n_groups; i++) {
        const double m = mean(n, stride, s + i);
        sum += m * m;
        for (int j = 0; j < n; j++) ds[i + j * stride] += weight * 2 * m / n;
    }
    return sum;
}

double prototypes_means(int n, int n_groups, int64_t stride, const double *s, double weight, double *ds)
{
    double sum = 0;
    for (int i = 0; i < n_groups; i++) {
        sum += mean(n, stride, s + i);
        for (int j = 0; j < n; j++) ds[i + j * stride] += weight / n;
    }
    return sum;
}
