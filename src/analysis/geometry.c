/* geometry.c: centring, norms and cosines by class; spectra by analysis/matrix; pairs by analysis/pairs. */
#include "analysis/geometry.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dot.h"
#include "kernels/gemm.h"

static Status check_finite(const GeometryInput *in)
{
    const size_t d = (size_t)in->n_features;
    for (int k = 0; k < in->n_classes; k++)
        for (size_t j = 0; j < d; j++)
            CHECK(
                isfinite(in->mean[(size_t)k * d + j]) && isfinite(in->row[(size_t)k * d + j]), STATUS_DATA,
                "class %d has a mean or a word embedding that is not finite: the model's weights or states are broken",
                k);
    return STATUS_OK;
}

static void centre_means(const GeometryInput *in, Geometry *g)
{
    const int k = in->n_classes, d = in->n_features;
    double total = 0;
    for (int c = 0; c < k; c++) {
        const double weight = in->weighted_centre ? (double)in->count[c] : 1;
        total += weight;
        for (int j = 0; j < d; j++) g->centre[j] += weight * in->mean[(size_t)c * (size_t)d + (size_t)j];
    }
    for (int j = 0; j < d; j++) g->centre[j] /= total;
    double square = 0;
    for (int c = 0; c < k; c++)
        for (int j = 0; j < d; j++) {
            const size_t at = (size_t)c * (size_t)d + (size_t)j;
            g->centred[at] = in->mean[at] - g->centre[j];
            square += in->mean[at] * in->mean[at];
        }
    g->noise = ldexp(square / k, -46);
}

static void measure_classes(const GeometryInput *in, Geometry *g)
{
    const int d = in->n_features;
    for (int c = 0; c < in->n_classes; c++) {
        const double *x = g->centred + (size_t)c * (size_t)d, *w = in->row + (size_t)c * (size_t)d;
        const double length = sqrt(dot(d, w, w)), norm = sqrt(dot(d, x, x));
        g->norm[c] = norm;
        g->variance[c] = in->scatter ? in->scatter[c] / (double)in->count[c] : (double)NAN;
        g->dot[c] = dot(d, w, x);
        if (length == 0 || norm * norm <= g->noise) {
            g->cosine[c] = g->distance[c] = (double)NAN;
            g->n_zero++;
            continue;
        }
        double square = 0;
        for (int j = 0; j < d; j++) square += (w[j] / length - x[j] / norm) * (w[j] / length - x[j] / norm);
        g->cosine[c] = g->dot[c] / (length * norm);
        g->distance[c] = sqrt(square);
    }
}

static double trace(int n, const double *a)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += a[(size_t)i * (size_t)n + (size_t)i];
    return sum;
}

/* Below this an eigenvalue of S_B is rounding: of the decomposition (D eps l_max), or of states computed in fp32, whose
 * part in any direction is 2^-46 of their mean square at most. States after a LayerNorm lie in a hyperplane, so
 * there is such an eigenvalue. */
static double noise_floor(const Geometry *g, double largest, double square)
{
    const double of_solver = g->n_features * DBL_EPSILON * largest, of_states = ldexp(square, -46);
    return of_solver > of_states ? of_solver : of_states;
}

/* sum of q^T S_W q / l over the eigenpairs of S_B from the largest down. */
static void nc1_of(const GeometryInput *in, const double *s_within, const double *value, const double *vectors,
                   double square, Geometry *g)
{
    const int d = in->n_features, k = in->n_classes, top = k - 1 < d ? k - 1 : d;
    const double floor = noise_floor(g, value[d - 1], square);
    double *product = memory_alloc((size_t)d * (size_t)d, sizeof *product);
    gemm_f64(PLAIN, PLAIN, d, d, d, 1, vectors, d, s_within, d, 0, product, d);
    for (int r = 0; r < d && value[d - 1 - r] > floor; r++) {
        const int at = d - 1 - r;
        const double share = dot(d, product + (size_t)at * (size_t)d, vectors + (size_t)at * (size_t)d) / value[at] / k;
        g->nc1_pinv += share;
        if (r < top) g->nc1_top += share;
    }
    free(product);
}

static void fill_principal(const double *vectors, Geometry *g)
{
    const int d = g->n_features;
    for (int axis = 0; axis < GEOMETRY_AXES; axis++) {
        if (axis >= d) {
            for (int c = 0; c < g->n_classes; c++) g->principal[c * GEOMETRY_AXES + axis] = (double)NAN;
            continue;
        }
        const double *q = vectors + (size_t)(d - 1 - axis) * (size_t)d;
        int largest = 0;
        for (int j = 1; j < d; j++)
            if (fabs(q[j]) > fabs(q[largest])) largest = j;
        const double sign = q[largest] < 0 ? -1 : 1;
        for (int c = 0; c < g->n_classes; c++)
            g->principal[c * GEOMETRY_AXES + axis] = sign * dot(d, q, g->centred + (size_t)c * (size_t)d);
    }
}

static void reverse(int n, const double *from, double *to)
{
    for (int i = 0; i < n; i++) to[i] = from[n - 1 - i];
}

/* Spectra of S_B and S_W, NC1, main axes. */
static Status measure_spectra(const Road *road, const GeometryInput *in, Geometry *g)
{
    const int d = in->n_features, k = in->n_classes;
    const size_t square = (size_t)d * (size_t)d;
    double *s = memory_alloc(3 * square + (size_t)d, sizeof *s), *vectors = s + square, *w = vectors + square,
           *value = w + square;
    int64_t n = 0;
    for (int c = 0; c < k; c++) n += in->count[c];
    Status status = matrix_second_moment(road, k, d, g->centred, s);
    for (size_t i = 0; i < square; i++) s[i] /= k;
    if (!status) status = matrix_eigen(road, d, s, value, vectors);
    if (!status) {
        reverse(d, value, g->between);
        fill_principal(vectors, g);
    }
    g->nc1_pinv = g->nc1_top = g->nc1_quotient = (double)NAN;
    if (!status && in->within) {
        for (size_t i = 0; i < square; i++) w[i] = in->within[i] / (double)n;
        g->nc1_pinv = g->nc1_top = 0;
        nc1_of(in, w, value, vectors, trace(d, s) + trace(d, w) + dot(d, g->centre, g->centre), g);
        g->nc1_quotient = trace(d, w) / trace(d, s);
        status = matrix_eigen(road, d, w, value, NULL);
        reverse(d, value, g->within);
    }
    free(s);
    return status;
}

static bool is_one_point(const Geometry *g)
{
    bool is = true;
    for (int c = 0; c < g->n_classes; c++) is = is && g->norm[c] * g->norm[c] <= g->noise;
    return is;
}

Status geometry_measure(const Comm *comm, const Road *road, const GeometryInput *in, void (*progress)(double),
                        Geometry *g)
{
    const size_t k = (size_t)in->n_classes, d = (size_t)in->n_features;
    *g = (Geometry){.n_classes = in->n_classes, .n_features = in->n_features};
    CHECK(in->n_classes >= 2, STATUS_DATA,
          "%d class has samples: the measures compare classes and need at least two; give more text or more words",
          in->n_classes);
    TRY(check_finite(in));
    g->centre = memory_alloc(d, sizeof *g->centre);
    g->centred = memory_alloc(k * d, sizeof *g->centred);
    g->variance = memory_alloc(5 * k, sizeof *g->variance);
    g->norm = g->variance + k, g->cosine = g->norm + k, g->dot = g->cosine + k, g->distance = g->dot + k;
    g->between = memory_alloc(2 * d, sizeof *g->between);
    g->within = g->between + d;
    g->principal = memory_alloc(k * GEOMETRY_AXES, sizeof *g->principal);
    centre_means(in, g);
    measure_classes(in, g);
    Status status = measure_spectra(road, in, g);
    const PairInput pairs = {.n_classes = in->n_classes,
                             .n_features = in->n_features,
                             .centred = g->centred,
                             .centre = g->centre,
                             .variance = g->variance,
                             .row = in->row,
                             .noise = g->noise};
    if (!status && is_one_point(g))
        status = status_set(STATUS_DATA, __FILE__, __LINE__,
                            "all %d class means are one point: there is no direction to measure", in->n_classes);
    if (!status) pairs_measure(comm, &pairs, progress, &g->pairs);
    if (status) geometry_free(g);
    return status;
}

void geometry_free(Geometry *g)
{
    free(g->centre);
    free(g->centred);
    free(g->variance);
    free(g->between);
    free(g->principal);
    *g = (Geometry){0};
}

static int ascending(const void *a, const void *b)
{
    const int x = *(const int *)a, y = *(const int *)b;
    return x < y ? -1 : x > y;
}

/* How many different places n picks hold, and how many pairs of different ones. */
static int different_places(int n, const int *pick, double *pairs)
{
    int *sorted = memory_alloc((size_t)n, sizeof *sorted), different = 0;
    memcpy(sorted, pick, (size_t)n * sizeof *sorted);
    if (n) qsort(sorted, (size_t)n, sizeof *sorted, ascending);
    *pairs = 0.5 * n * (n - 1.0);
    for (int i = 0; i < n; different++) {
        int same = 1;
        while (i + same < n && sorted[i + same] == sorted[i]) same++;
        *pairs -= 0.5 * same * (same - 1.0);
        i += same;
    }
    free(sorted);
    return different;
}

static double mean_of(int n, const double *x)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += x[i];
    return sum / n;
}

static double deviation_of(int n, const double *x, double mean)
{
    double square = 0;
    for (int i = 0; i < n; i++) square += (x[i] - mean) * (x[i] - mean);
    return sqrt(square / (n - 1));
}

/* What is gathered from the picks: those with a length, and of them those whose embedding has one too. */
typedef struct {
    int n_norms, n_units, n_cosines;
    int *unit, *directed;                /* places of them */
    double *norm, *cosine, *total, *own; /* total: sum of the unit vectors */
} Subset;

static void gather_subset(int n, const int *pick, int d, const double *mean, const double *row, const double *centre,
                          double noise, Subset *s)
{
    double *x = s->own + d;
    for (int i = 0; i < n; i++) {
        const double *m = mean + (size_t)pick[i] * (size_t)d, *w = row + (size_t)pick[i] * (size_t)d;
        for (int j = 0; j < d; j++) x[j] = m[j] - centre[j];
        const double length = sqrt(dot(d, w, w)), norm = sqrt(dot(d, x, x));
        s->norm[s->n_norms++] = norm;
        if (norm * norm <= noise) continue;
        for (int j = 0; j < d; j++) s->total[j] += x[j] / norm;
        s->unit[s->n_units++] = pick[i];
        if (length == 0) continue;
        s->directed[s->n_cosines] = pick[i];
        s->cosine[s->n_cosines++] = dot(d, w, x) / (length * norm);
    }
}

static SubsetMeasures measure_subset(int n, const int *pick, int d, const Subset *s)
{
    SubsetMeasures r = {(double)NAN, (double)NAN, (double)NAN, (double)NAN};
    double pairs;
    const double nc3 = s->n_cosines ? mean_of(s->n_cosines, s->cosine) : (double)NAN,
                 norms = mean_of(s->n_norms, s->norm);
    r.nc3 = nc3;
    if (different_places(s->n_cosines, s->directed, &pairs) > 1) r.unc3 = deviation_of(s->n_cosines, s->cosine, nc3);
    if (different_places(n, pick, &pairs) > 1 && norms > 0)
        r.norm_cov = deviation_of(s->n_norms, s->norm, norms) / norms;
    /* sum over i < j of u_i . u_j = (|sum u|^2 - n) / 2; a repeated class is no pair with itself (its cosine is 1) */
    if (different_places(s->n_units, s->unit, &pairs) > 1) {
        const double units = s->n_units, repeated = 0.5 * units * (units - 1) - pairs;
        r.cos_mean = (0.5 * (dot(d, s->total, s->total) - units) - repeated) / pairs;
    }
    return r;
}

SubsetMeasures geometry_of_subset(int n, const int *pick, int d, const double *mean, const double *row,
                                  const double *centre, double noise)
{
    double pairs;
    if (n < 1 || (!centre && different_places(n, pick, &pairs) < 2))
        return (SubsetMeasures){(double)NAN, (double)NAN, (double)NAN, (double)NAN};
    Subset s = {0};
    s.own = memory_alloc(3 * (size_t)d + 2 * (size_t)n, sizeof *s.own); /* and a difference behind it */
    s.total = s.own + 2 * (size_t)d, s.norm = s.total + d, s.cosine = s.norm + n;
    s.unit = memory_alloc(2 * (size_t)n, sizeof *s.unit);
    s.directed = s.unit + n;
    for (int i = 0; i < n && !centre; i++)
        for (int j = 0; j < d; j++) s.own[j] += mean[(size_t)pick[i] * (size_t)d + (size_t)j] / n;
    gather_subset(n, pick, d, mean, row, centre ? centre : s.own, noise, &s);
    const SubsetMeasures result = measure_subset(n, pick, d, &s);
    free(s.own);
    free(s.unit);
    return result;
}
