/* attention.c: one (sample, head) pair is one task of a parallel loop; its products run on one thread. */
#include "kernels/attention.h"

#include <omp.h>
#include <string.h>

#include "kernels/gemm.h"

size_t attention_scratch(int longest, int n_threads)
{
    return 3 * (size_t)longest * (size_t)longest * (size_t)n_threads;
}

typedef struct {
    int length, dh, stride; /* rows, head width, row stride of qkv */
    int first_dropout_row;
    double scale;
    const Dropout *dropout;
    int64_t qkv_at, out_at; /* first element of this head in qkv and out */
    real *p, *dropped, *dp; /* [length, length] scratch of this thread */
} HeadTask;

static HeadTask task_of(const Attention *a, int task)
{
    const int b = task / a->n_heads, h = task % a->n_heads, dh = a->d / a->n_heads;
    const size_t square = (size_t)a->longest * (size_t)a->longest;
    real *scratch = a->scratch + 3 * square * (size_t)omp_get_thread_num();
    const int length = a->offset[b + 1] - a->offset[b];
    return (HeadTask){.length = length,
                      .dh = dh,
                      .stride = 3 * a->d,
                      .first_dropout_row = h * length,
                      .scale = 1.0 / sqrt((double)dh),
                      .dropout = &a->dropout[b],
                      .qkv_at = (int64_t)a->offset[b] * 3 * a->d + h * dh,
                      .out_at = (int64_t)a->offset[b] * a->d + h * dh,
                      .p = scratch,
                      .dropped = scratch + square,
                      .dp = scratch + 2 * square};
}

/* p = softmax(Q K^T / sqrt(dh)); dropped = dropout(p). */
static void probabilities(const HeadTask *t, const real *q, const real *k)
{
    const int n = t->length;
    gemm_single(PLAIN, TRANSPOSED, n, n, t->dh, t->scale, q, t->stride, k, t->stride, 0, t->p, n);
    vector_kernels->softmax(n, n, t->p);
    if (t->dropout->rate > 0) vector_kernels->dropout(n, n, t->p, t->dropout, t->first_dropout_row, t->dropped);
}

static const real *dropped_of(const HeadTask *t)
{
    return t->dropout->rate > 0 ? t->dropped : t->p;
}

void attention_forward(const Attention *a, const real *qkv, real *out)
{
#pragma omp parallel for schedule(dynamic)
    for (int task = 0; task < a->n_samples * a->n_heads; task++) {
        const HeadTask t = task_of(a, task);
        const real *q = qkv + t.qkv_at, *k = q + a->d, *v = k + a->d;
        probabilities(&t, q, k);
        gemm_single(PLAIN, PLAIN, t.length, t.dh, t.length, 1, dropped_of(&t), t.length, v, t.stride, 0, out + t.out_at,
                    a->d); /* O = P V */
    }
}

void attention_backward(const Attention *a, const real *qkv, const real *dout, real *dqkv)
{
#pragma omp parallel for schedule(dynamic)
    for (int task = 0; task < a->n_samples * a->n_heads; task++) {
        const HeadTask t = task_of(a, task);
        const int n = t.length;
        const real *q = qkv + t.qkv_at, *k = q + a->d, *v = k + a->d, *dO = dout + t.out_at;
        real *dq = dqkv + t.qkv_at, *dk = dq + a->d, *dv = dk + a->d;
        probabilities(&t, q, k);
        gemm_single(TRANSPOSED, PLAIN, n, t.dh, n, 1, dropped_of(&t), n, dO, a->d, 0, dv, t.stride); /* dV = P^T dO */
        gemm_single(PLAIN, TRANSPOSED, n, n, t.dh, 1, dO, a->d, v, t.stride, 0, t.dp, n);            /* dP = dO V^T */
        /* where P is 0 the factor does not matter: dS = P (...) is 0 there */
        if (t.dropout->rate > 0) vector_kernels->dropout_like(n, n, t.dropped, t.dropout->rate, t.dp);
        vector_kernels->softmax_backward(n, n, t.p, t.dp);                                          /* dS */
        gemm_single(PLAIN, PLAIN, n, t.dh, n, t.scale, t.dp, n, k, t.stride, 0, dq, t.stride);      /* dQ = dS K */
        gemm_single(TRANSPOSED, PLAIN, n, t.dh, n, t.scale, t.dp, n, q, t.stride, 0, dk, t.stride); /* dK = dS^T Q */
    }
}
