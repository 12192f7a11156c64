/* contrast.c: unit vectors, cosines, the gradients to cosines, and back through the unit vectors. */
#include "objectives/contrast.h"

#include <math.h>
#include <string.h>

#include "kernels/team.h"

void contrast_init(Arena *arena, int most, int d, Contrast *c)
{
    const size_t n = (size_t)most, width = (size_t)d;
    *c = (Contrast){.most = most, .d = d};
    for (int side = 0; side < 2; side++) {
        c->unit[side] = arena_cut(arena, n * width, sizeof(double));
        c->length[side] = arena_cut(arena, n, sizeof(double));
        c->cosine[side] = arena_cut(arena, n * n, sizeof(double));
    }
    c->dunit = arena_cut(arena, n * width, sizeof(double));
}

static double dot(int d, const double *x, const double *y)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int j = 0; j < d; j++) sum += x[j] * y[j];
    return sum;
}

/* n vectors to places first ... of one side. */
static void set_side(Contrast *c, int side, int first, int n, Vectors v, int64_t stride)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n * c->d))
    for (int i = 0; i < n; i++) {
        const double *x = v.x + i * stride, length = sqrt(dot(c->d, x, x)), factor = length > 0 ? 1 / length : 0;
        double *unit = c->unit[side] + (int64_t)(first + i) * c->d;
        c->length[side][first + i] = length;
        for (int j = 0; j < c->d; j++) unit[j] = factor * x[j];
    }
}

static void set_cosines(Contrast *c, int n, double *cosine)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *n * c->d))
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            cosine[(int64_t)i * n + j] = dot(c->d, c->unit[0] + (int64_t)i * c->d, c->unit[1] + (int64_t)j * c->d);
}

/* From the gradients g [n, n] to the cosines to those of the unit vectors of a side, in dunit. */
static void unit_gradients(Contrast *c, int side, int n, const double *g)
{
    const double *other = c->unit[1 - side];
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *n * c->d))
    for (int i = 0; i < n; i++) {
        double *out = c->dunit + (int64_t)i * c->d;
        memset(out, 0, (size_t)c->d * sizeof *out);
        for (int k = 0; k < n; k++) {
            const double w = side == 0 ? g[(int64_t)i * n + k] : g[(int64_t)k * n + i];
            const double *y = other + (int64_t)k * c->d;
            for (int j = 0; j < c->d; j++) out[j] += w * y[j];
        }
    }
}

/* Add the gradients of vectors at places first ... of a side: (du - (du.unit) unit) / length. */
static void give_gradients(const Contrast *c, int side, int first, int n, Vectors v, int64_t stride)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n * c->d))
    for (int i = 0; i < n; i++) {
        const double *unit = c->unit[side] + (int64_t)(first + i) * c->d, *du = c->dunit + (int64_t)(first + i) * c->d;
        const double length = c->length[side][first + i], along = dot(c->d, du, unit);
        double *dx = v.dx + i * stride;
        for (int j = 0; j < c->d && length > 0; j++) dx[j] += (du[j] - along * unit[j]) / length;
    }
}

/* Row i of cosines to the gradient of `scale` times -log softmax(cosine / t)[i]; returns that of scale 1. */
static double softmax_row(int n, int i, double *cosine, double temperature, double scale)
{
    double most = cosine[0], sum = 0;
    for (int j = 1; j < n; j++) most = fmax(most, cosine[j]);
    for (int j = 0; j < n; j++) sum += exp((cosine[j] - most) / temperature);
    const double value = log(sum) - (cosine[i] - most) / temperature;
    for (int j = 0; j < n; j++)
        cosine[j] = scale / temperature * (exp((cosine[j] - most) / temperature) / sum - (i == j));
    return value;
}

double contrast_loss(Contrast *c, int n, int n_sets, const Vectors *x, const Vectors *y, int64_t stride,
                     double temperature, double weight)
{
    const int all = n * n_sets;
    double sum = 0;
    for (int s = 0; s < n_sets; s++) {
        set_side(c, 0, s * n, n, x[s], stride);
        set_side(c, 1, s * n, n, y[s], stride);
    }
    set_cosines(c, all, c->cosine[0]);
    for (int i = 0; i < all; i++)
        sum += softmax_row(all, i, c->cosine[0] + (int64_t)i * all, temperature, weight / all);
    for (int side = 0; side < 2; side++) {
        unit_gradients(c, side, all, c->cosine[0]);
        for (int s = 0; s < n_sets; s++) give_gradients(c, side, s * n, n, side ? y[s] : x[s], stride);
    }
    return sum / all;
}

/* The gradients of one pair of sides, whose unit vectors are set anew, from those to its cosines. */
static void give_pair(Contrast *c, int n, Vectors x, Vectors y, int64_t stride, const double *g)
{
    set_side(c, 0, 0, n, x, stride);
    set_side(c, 1, 0, n, y, stride);
    for (int side = 0; side < 2; side++) {
        unit_gradients(c, side, n, g);
        give_gradients(c, side, 0, n, side ? y : x, stride);
    }
}

double contrast_agreement(Contrast *c, int n, Vectors x, Vectors y, Vectors u, Vectors v, int64_t stride,
                          double temperature, double weight)
{
    double *p = c->cosine[0], *q = c->cosine[1], sum = 0;
    set_side(c, 0, 0, n, x, stride);
    set_side(c, 1, 0, n, y, stride);
    set_cosines(c, n, p);
    set_side(c, 0, 0, n, u, stride);
    set_side(c, 1, 0, n, v, stride);
    set_cosines(c, n, q);
    for (int64_t i = 0; i < (int64_t)n * n; i++) {
        const double difference = (p[i] - q[i]) / temperature;
        sum += difference * difference;
        p[i] = weight * 2 * difference / (n * temperature);
        q[i] = -p[i];
    }
    give_pair(c, n, x, y, stride, p);
    give_pair(c, n, u, v, stride, q);
    return sum / n;
}

double contrast_distance(int n, int d, Vectors x, Vectors u, int64_t stride, double weight)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < d; j++) {
            const int64_t at = i * stride + j;
            const double difference = x.x[at] - u.x[at], g = weight * 2 * difference / n;
            sum += difference * difference;
            x.dx[at] += g;
            u.dx[at] -= g;
        }
    return sum / n;
}
