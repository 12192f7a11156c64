/* class_means.c: sum, square and weight are one block of doubles, so that they cross the network together. */
#include "analysis/class_means.h"

#include <string.h>

int64_t class_means_doubles(int n_classes, int n_features)
{
    return (int64_t)n_classes * (n_features + 2);
}

ClassMeans class_means_of(double *doubles, int n_classes, int n_features)
{
    ClassMeans m = {.n_classes = n_classes, .n_features = n_features, .sum = doubles};
    const size_t k = (size_t)n_classes;
    m.square = doubles ? doubles + k * (size_t)n_features : NULL;
    m.weight = doubles ? m.square + k : NULL;
    return m;
}

void class_means_init(Arena *arena, int n_classes, int n_features, ClassMeans *m)
{
    const size_t n = (size_t)class_means_doubles(n_classes, n_features);
    *m = class_means_of(arena_cut(arena, n, sizeof(double)), n_classes, n_features);
    m->count = arena_cut(arena, (size_t)n_classes, sizeof(int64_t));
}

static size_t doubles_of(const ClassMeans *m)
{
    return (size_t)class_means_doubles(m->n_classes, m->n_features);
}

void class_means_clear(ClassMeans *m)
{
    memset(m->sum, 0, doubles_of(m) * sizeof(double));
    memset(m->count, 0, (size_t)m->n_classes * sizeof(int64_t));
}

void class_means_add(ClassMeans *m, int n, const real *x, const int *label)
{
    const int d = m->n_features;
    for (int i = 0; i < n; i++) {
        const int k = label[i];
        if (k < 0) continue;
        const real *row = x + (size_t)i * (size_t)d;
        double *sum = m->sum + (size_t)k * (size_t)d, square = 0;
#pragma omp simd reduction(+ : square)
        for (int j = 0; j < d; j++) {
            const double value = (double)row[j];
            sum[j] += value;
            square += value * value;
        }
        m->square[k] += square;
        m->weight[k] += 1;
        if (m->count) m->count[k]++;
    }
}

void class_means_fold(double fade, const ClassMeans *step, ClassMeans *total)
{
    for (size_t i = 0; i < doubles_of(step); i++) total->sum[i] = fade * total->sum[i] + step->sum[i];
    for (int k = 0; k < step->n_classes; k++)
        total->count[k] += step->count ? step->count[k] : (int64_t)step->weight[k];
}
