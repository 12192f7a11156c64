/* class_scatter.c: outer products are gathered in rows and added by one product. */
#include "analysis/class_scatter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kernels/gemm.h"

enum { ROWS = 512 };

void class_scatter_open(int n_classes, int n_features, bool squares, ClassScatter *s)
{
    const size_t k = (size_t)n_classes, d = (size_t)n_features;
    *s = (ClassScatter){.n_classes = n_classes, .n_features = n_features};
    s->count = memory_alloc(k, sizeof *s->count);
    s->mean = memory_alloc(k * d, sizeof *s->mean);
    if (!squares) return;
    s->scatter = memory_alloc(k, sizeof *s->scatter);
    s->seen = memory_alloc(k, sizeof *s->seen);
    s->within = memory_alloc(d * d, sizeof *s->within);
    s->row = memory_alloc(ROWS * d, sizeof *s->row);
}

void class_scatter_close(ClassScatter *s)
{
    free(s->count);
    free(s->mean);
    free(s->scatter);
    free(s->seen);
    free(s->within);
    free(s->row);
    *s = (ClassScatter){0};
}

static double *mean_of(const ClassScatter *s, int k)
{
    return s->mean + (size_t)k * (size_t)s->n_features;
}

void class_scatter_add_sums(ClassScatter *s, int n, const real *x, const int *label)
{
    const int d = s->n_features;
    for (int i = 0; i < n; i++) {
        if (label[i] < 0) continue;
        double *sum = mean_of(s, label[i]);
        const real *state = x + (size_t)i * (size_t)d;
#pragma omp simd
        for (int j = 0; j < d; j++) sum[j] += (double)state[j];
        s->count[label[i]]++;
    }
}

static void divide_by_counts(ClassScatter *s)
{
    for (int k = 0; k < s->n_classes; k++)
        for (int j = 0; j < s->n_features && s->count[k]; j++) mean_of(s, k)[j] /= (double)s->count[k];
}

void class_scatter_finish_sums(const Comm *comm, ClassScatter *s)
{
    comm_sum_i64(comm, s->count, s->n_classes);
    comm_sum_f64(comm, s->mean, (int64_t)s->n_classes * s->n_features);
    divide_by_counts(s);
}

static void flush_rows(ClassScatter *s)
{
    const int d = s->n_features;
    gemm_f64(TRANSPOSED, PLAIN, d, d, s->n_rows, 1, s->row, d, s->row, d, 1, s->within, d);
    s->n_rows = 0;
}

static double *next_row(ClassScatter *s)
{
    if (s->n_rows == ROWS) flush_rows(s);
    return s->row + (size_t)s->n_rows++ * (size_t)s->n_features;
}

void class_scatter_add_squares(ClassScatter *s, int n, const real *x, const int *label)
{
    const int d = s->n_features;
    for (int i = 0; i < n; i++) {
        if (label[i] < 0) continue;
        const double *mean = mean_of(s, label[i]);
        const real *state = x + (size_t)i * (size_t)d;
        double *row = next_row(s), square = 0;
#pragma omp simd reduction(+ : square)
        for (int j = 0; j < d; j++) {
            row[j] = (double)state[j] - mean[j];
            square += row[j] * row[j];
        }
        s->scatter[label[i]] += square;
        s->seen[label[i]]++;
    }
}

static void sum_squares(const Comm *comm, ClassScatter *s)
{
    flush_rows(s);
    comm_sum_f64(comm, s->scatter, s->n_classes);
    comm_sum_f64(comm, s->within, (int64_t)s->n_features * s->n_features);
}

Status class_scatter_finish_squares(const Comm *comm, ClassScatter *s)
{
    sum_squares(comm, s);
    comm_sum_i64(comm, s->seen, s->n_classes);
    for (int k = 0; k < s->n_classes; k++)
        CHECK(
            s->seen[k] == s->count[k], STATUS_INTERNAL,
            "class %d: %lld features in the second pass, %lld in the first; means and variances do not belong together",
            k, (long long)s->seen[k], (long long)s->count[k]);
    return STATUS_OK;
}

/* delta = x - mu; mu += delta / n; the outer product grows by (1 - 1/n) delta delta^T. */
void class_scatter_add_once(ClassScatter *s, int n, const real *x, const int *label)
{
    const int d = s->n_features;
    for (int i = 0; i < n; i++) {
        if (label[i] < 0) continue;
        const double met = (double)++s->count[label[i]], factor = sqrt(1 - 1 / met);
        double *mean = mean_of(s, label[i]), *row = next_row(s), square = 0;
        const real *state = x + (size_t)i * (size_t)d;
#pragma omp simd reduction(+ : square)
        for (int j = 0; j < d; j++) {
            const double delta = (double)state[j] - mean[j];
            mean[j] += delta / met;
            row[j] = factor * delta;
            square += row[j] * row[j];
        }
        s->scatter[label[i]] += square;
    }
}

/* v = sum over ranks of v_r + n_r |mu_r - mu|^2, with mu of all ranks: Chan's rule for many parts at once. */
void class_scatter_finish_once(const Comm *comm, ClassScatter *s)
{
    const size_t k = (size_t)s->n_classes, d = (size_t)s->n_features;
    double *mine = memory_alloc(k * d, sizeof *mine);
    int64_t *count = memory_alloc(k, sizeof *count);
    memcpy(mine, s->mean, k * d * sizeof *mine);
    memcpy(count, s->count, k * sizeof *count);
    for (size_t c = 0; c < k; c++)
        for (size_t j = 0; j < d; j++) s->mean[c * d + j] *= (double)count[c];
    class_scatter_finish_sums(comm, s);
    for (size_t c = 0; c < k; c++) {
        if (!count[c]) continue;
        double *row = next_row(s), square = 0;
        const double factor = sqrt((double)count[c]);
        for (size_t j = 0; j < d; j++) {
            row[j] = factor * (mine[c * d + j] - s->mean[c * d + j]);
            square += row[j] * row[j];
        }
        s->scatter[c] += square;
    }
    free(mine);
    free(count);
    sum_squares(comm, s);
}
