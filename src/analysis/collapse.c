/* collapse.c: gather, then one function per measure. Formulas: header, and docs/training.md. */
#include "analysis/collapse.h"
#include "dot.h"

#include <math.h>
#include <string.h>

static const double epsilon = 1.1920928955078125e-07; /* 2^-23 */

void collapse_init(Arena *arena, int max_classes, int n_features, Collapse *c)
{
    const size_t k = (size_t)max_classes, d = (size_t)n_features;
    *c = (Collapse){.max_classes = max_classes, .n_features = n_features};
    c->active = arena_cut(arena, k, sizeof(int));
    c->centred = arena_cut(arena, k * d, sizeof(double));
    c->row = arena_cut(arena, k * d, sizeof(double));
    c->centred_norm = arena_cut(arena, k, sizeof(double));
    c->row_norm = arena_cut(arena, k, sizeof(double));
    c->variance = arena_cut(arena, k, sizeof(double));
    c->cosine = arena_cut(arena, k, sizeof(double));
    c->has_direction = arena_cut(arena, k, sizeof(bool));
    c->drow = arena_cut(arena, k * d, sizeof(double));
    c->dmean = arena_cut(arena, k * d, sizeof(double));
    c->dvariance = arena_cut(arena, k, sizeof(double));
    c->unit = arena_cut(arena, k * d, sizeof(double));
}

static void add_scaled(int n, double factor, const double *x, double *y)
{
#pragma omp simd
    for (int i = 0; i < n; i++) y[i] += factor * x[i];
}

static double *at(double *x, int k, int d)
{
    return x + (size_t)k * (size_t)d;
}

/* Subtract the mean of the K rows from each of them. */
static void centre(int n_rows, int d, double *x)
{
    for (int j = 0; j < d; j++) {
        double mean = 0;
        for (int k = 0; k < n_rows; k++) mean += at(x, k, d)[j];
        mean /= n_rows;
        for (int k = 0; k < n_rows; k++) at(x, k, d)[j] -= mean;
    }
}

/* A direction needs a length, and one that is more than rounding: the states are computed in fp32, so that their
 * means agree in a place to 2^-23 of their root mean square at best. NaN is no length 0: it must be seen. */
static void find_directions(Collapse *c, double square)
{
    const double noise = ldexp(square / (c->n_active ? c->n_active : 1), -46);
    c->n_directed = 0;
    for (int k = 0; k < c->n_active; k++) {
        const bool none = c->centred_norm[k] * c->centred_norm[k] <= noise || c->row_norm[k] == 0;
        c->has_direction[k] = !none;
        c->n_directed += !none;
    }
}

void collapse_gather(const ClassMeans *means, const int *id, const real *word, Collapse *c)
{
    const int d = c->n_features;
    double square = 0;
    c->n_active = 0;
    for (int k = 0; k < means->n_classes; k++) {
        if (means->count[k] == 0) continue;
        const int place = c->n_active++;
        const double weight = means->weight[k] + epsilon, *sum = means->sum + (size_t)k * (size_t)d;
        const real *row = word + (size_t)id[k] * (size_t)d;
        double *mean = at(c->centred, place, d), *w = at(c->row, place, d);
        for (int j = 0; j < d; j++) mean[j] = sum[j] / weight, w[j] = (double)row[j];
        const double length = dot(d, mean, mean), spread = means->square[k] / weight - length;
        square += length;
        c->active[place] = k;
        c->variance[place] = spread > 0 ? spread : 0;
    }
    if (c->n_active) centre(c->n_active, d, c->centred);
    for (int k = 0; k < c->n_active; k++) {
        double *mean = at(c->centred, k, d), *w = at(c->row, k, d);
        c->centred_norm[k] = sqrt(dot(d, mean, mean));
        c->row_norm[k] = sqrt(dot(d, w, w));
        c->cosine[k] = dot(d, mean, w) / ((c->centred_norm[k] + epsilon) * (c->row_norm[k] + epsilon));
    }
    find_directions(c, square);
}

/* Turn gradients to d_c into gradients to mu_c: d_c = mu_c - (1/K) sum mu. */
static void finish_means(Collapse *c)
{
    centre(c->n_active, c->n_features, c->dmean);
}

/* Gradients of a function of the cosines, given dR/ds_c:
 *   ds_c/dw_c = (m_c - s_c w_c/r_c) / (r_c + e),   ds_c/dd_c = (what_c - s_c d_c/|d_c|) / (|d_c| + e) */
static void cosine_gradients(Collapse *c, const double *ds)
{
    const int d = c->n_features;
    for (int k = 0; k < c->n_active; k++) {
        const double r = c->row_norm[k], length = c->centred_norm[k], s = c->cosine[k];
        const double *w = at(c->row, k, d), *mean = at(c->centred, k, d);
        const double factor = ds[k] / ((r + epsilon) * (length + epsilon));
        add_scaled(d, factor, mean, at(c->drow, k, d));
        if (r > 0) add_scaled(d, -ds[k] * s / (r * (r + epsilon)), w, at(c->drow, k, d));
        add_scaled(d, factor, w, at(c->dmean, k, d));
        if (length > 0) add_scaled(d, -ds[k] * s / (length * (length + epsilon)), mean, at(c->dmean, k, d));
    }
    finish_means(c);
}

void collapse_duality(const Collapse *c, double *mean, double *deviation)
{
    const int n = c->n_directed;
    double sum = 0, square = 0;
    for (int k = 0; k < c->n_active; k++) sum += c->has_direction[k] ? c->cosine[k] : 0;
    *mean = n ? sum / n : (double)NAN;
    for (int k = 0; k < c->n_active; k++)
        if (c->has_direction[k]) square += (c->cosine[k] - *mean) * (c->cosine[k] - *mean);
    *deviation = n > 1 ? sqrt(square / (n - 1)) : (double)NAN;
}

static double uniform_duality(Collapse *c)
{
    double mean, sigma;
    collapse_duality(c, &mean, &sigma);
    if (sigma == 0) return 0; /* a constant cosine: no direction to go */
    double *ds = c->unit;
    for (int k = 0; k < c->n_active; k++)
        ds[k] = c->has_direction[k] ? (c->cosine[k] - mean) / ((c->n_directed - 1) * sigma) : 0;
    cosine_gradients(c, ds);
    return sigma;
}

static double duality(Collapse *c)
{
    double mean, sigma, *ds = c->unit;
    collapse_duality(c, &mean, &sigma);
    for (int k = 0; k < c->n_active; k++) ds[k] = c->has_direction[k] ? -1.0 / c->n_directed : 0;
    cosine_gradients(c, ds);
    return 1 - mean;
}

/* R = A / B;  A = sum var_c + |d_c|^2 - p_c^2,  p_c = what_c . d_c,  B = sum |d_c|^2 */
static double variability(Collapse *c)
{
    const int d = c->n_features;
    double a = 0, b = 0;
    for (int k = 0; k < c->n_active; k++) {
        const double square = c->centred_norm[k] * c->centred_norm[k];
        const double p = dot(d, at(c->row, k, d), at(c->centred, k, d)) / (c->row_norm[k] + epsilon);
        a += c->variance[k] + square - p * p;
        b += square;
    }
    const double value = a / b;
    for (int k = 0; k < c->n_active; k++) {
        const double r = c->row_norm[k], *w = at(c->row, k, d), *mean = at(c->centred, k, d);
        const double p = dot(d, w, mean) / (r + epsilon);
        add_scaled(d, 2 * (1 - value) / b, mean, at(c->dmean, k, d));
        add_scaled(d, -2 * p / (b * (r + epsilon)), w, at(c->dmean, k, d));
        add_scaled(d, -2 * p / (b * (r + epsilon)), mean, at(c->drow, k, d));
        if (r > 0) add_scaled(d, 2 * p * p / (b * r * (r + epsilon)), w, at(c->drow, k, d));
        c->dvariance[k] = 1 / b;
    }
    finish_means(c);
    return value;
}

/* E(u) = mean over pairs of (cos(u_c, u_c') + 1/(K-1))^2; half of its gradient is added to du, which
 * is then a gradient to the rows before they were centred. u [K, D] centred rows; unit: scratch. */
static double interference(int n_rows, int d, const double *u, double *unit, double *du)
{
    const double target = -1.0 / (n_rows - 1), pairs = 0.5 * n_rows * (n_rows - 1);
    double value = 0;
    for (int k = 0; k < n_rows; k++) {
        const double *row = u + (size_t)k * (size_t)d, length = sqrt(dot(d, row, row)) + epsilon;
        for (int j = 0; j < d; j++) at(unit, k, d)[j] = row[j] / length;
    }
    for (int k = 0; k < n_rows; k++) {
        for (int l = 0; l < k; l++) {
            const double *x = at(unit, k, d), *y = at(unit, l, d), cosine = dot(d, x, y), off = cosine - target;
            value += off * off / pairs;
            add_scaled(d, off / pairs, y, at(du, k, d)); /* half of 2 off / pairs, to the unit vectors */
            add_scaled(d, off / pairs, x, at(du, l, d));
        }
    }
    for (int k = 0; k < n_rows; k++) { /* through the normalisation: (g - (g . x) x) / |u| */
        const double *row = u + (size_t)k * (size_t)d, *x = at(unit, k, d);
        const double length = sqrt(dot(d, row, row));
        double *g = at(du, k, d);
        const double along = dot(d, g, x);
        for (int j = 0; j < d; j++)
            g[j] = g[j] / (length + epsilon) - (length > 0 ? along * row[j] / (length * (length + epsilon)) : 0);
    }
    centre(n_rows, d, du);
    return 0.5 * value;
}

static double etf_distance(Collapse *c)
{
    const int k = c->n_active, d = c->n_features;
    const double of_means = interference(k, d, c->centred, c->unit, c->dmean);
    centre(k, d, c->row); /* rows are gathered anew for every measure */
    return of_means + interference(k, d, c->row, c->unit, c->drow);
}

double collapse_measure(CollapseMetric metric, Collapse *c)
{
    const size_t bytes = (size_t)c->n_active * (size_t)c->n_features * sizeof(double);
    memset(c->drow, 0, bytes);
    memset(c->dmean, 0, bytes);
    memset(c->dvariance, 0, (size_t)c->n_active * sizeof(double));
    c->is_measured = c->n_directed >= 2;
    if (!c->is_measured) return (double)NAN;
    switch (metric) {
    case COLLAPSE_UNC3: return uniform_duality(c);
    case COLLAPSE_NC3: return duality(c);
    case COLLAPSE_NC1: return variability(c);
    case COLLAPSE_NC2: return etf_distance(c);
    }
    return (double)NAN;
}
