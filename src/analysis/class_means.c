/* class_means.c: sum, square and weight are one block of doubles, so that they cross the network together. */
#include "analysis/class_means.h"

#include <string.h>

static size_t doubles_of(const ClassMeans *m)
{
    return (size_t)m->n_classes * ((size_t)m->n_features + 2);
}

void class_means_init(Arena *arena, int n_classes, int n_features, ClassMeans *m)
{
    *m = (ClassMeans){.n_classes = n_classes, .n_features = n_features};
    const size_t k = (size_t)n_classes, d = (size_t)n_features;
    m->sum = arena_cut(arena, k * (d + 2), sizeof(double));
    m->square = m->sum ? m->sum + k * d : NULL;
    m->weight = m->sum ? m->square + k : NULL;
    m->count = arena_cut(arena, k, sizeof(int64_t));
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
        m->count[k]++;
    }
}

int64_t class_means_doubles(const ClassMeans *m)
{
    return (int64_t)doubles_of(m);
}

void class_means_count(ClassMeans *m)
{
    for (int k = 0; k < m->n_classes; k++) m->count[k] = (int64_t)m->weight[k];
}

void class_means_fold(double fade, const ClassMeans *step, ClassMeans *total)
{
    for (size_t i = 0; i < doubles_of(step); i++) total->sum[i] = fade * total->sum[i] + step->sum[i];
    for (int k = 0; k < step->n_classes; k++) total->count[k] += step->count[k];
}

void class_means_merge_shards(const Comm *comm, double fade, int n_shards, ClassMeans *shard, ClassMeans *total)
{
    for (int s = 0; s < n_shards; s++) { /* one rank's numbers and zeros: exact in any order */
        comm_sum_f64(comm, shard[s].sum, class_means_doubles(&shard[s]));
        class_means_count(&shard[s]);
        class_means_fold(s == 0 ? fade : 1, &shard[s], total);
    }
}
