/* attention.c: one (sample, head) pair is one task of a parallel loop, on one thread and in its cache.
 *
 * Keys and values are packed once per task, then ATTENTION_ROWS queries at a time run through all steps while
 * their probabilities are in cache. Letters: n queries, m keys (prefix and own), r rows of a block. */
#include "kernels/attention.h"

#include <omp.h>
#include <string.h>

#include "kernels/team.h"

typedef struct {
    int ldp;                /* row stride of p, dropped, dp: m padded */
    int n, m, dh, own;      /* queries, keys, head width, first own key */
    int keys;               /* own keys */
    int64_t stride, d;      /* row stride of qkv and of out */
    int64_t qkv_at, out_at; /* first element of this head in qkv and out */
    int64_t query_at;       /* of its queries */
    int first_dropout_row;
    real scale; /* 1 / sqrt(dh) */
    const Dropout *dropout;
    const real *prefix;      /* first key of this head, or NULL */
    int64_t prefix_row;      /* 2D */
    real *kt, *vt;           /* [dh, m] packed */
    real *k, *v;             /* [m, dh] packed; k scaled; one place: v is of the forward pass only */
    real *q, *dout;          /* [r, dh] packed; q scaled */
    real *p, *dropped, *dp;  /* [r, m] */
    real *dk, *dv;           /* [m, dh] packed */
    real *dot;               /* [r] */
    real *maximum, *inverse; /* [n] of the rows of P: largest score, 1 / sum of exponentials */
    double *received;        /* [n] of this head, or NULL */
} HeadTask;

typedef struct {
    Operand qkv, dout;      /* [N, 3D], [N, D] */
    const real *out;        /* [N, D] or NULL */
    AttentionGradient dqkv; /* bias: of this sample */
    real *dprefix;          /* of this sample and head, or NULL */
} Gradients;

static size_t scratch_of_thread(int longest, int dh)
{
    const size_t width = (size_t)product_padded(dh), padded = (size_t)product_padded(longest);
    const size_t numbers = 2 * (size_t)dh * padded + 3 * padded * width + 2 * ATTENTION_ROWS * width +
                           3 * ATTENTION_ROWS * padded + ATTENTION_ROWS;
    return (numbers + PRODUCT_PAD - 1) / PRODUCT_PAD * PRODUCT_PAD;
}

size_t attention_scratch(int longest, int dh, int n_threads)
{
    return scratch_of_thread(longest, dh) * (size_t)n_threads;
}

/* Where the queries of a sample begin. */
static const int *query_offset(const Attention *a)
{
    return a->query_offset ? a->query_offset : a->offset;
}

static HeadTask task_of(const Attention *a, int task)
{
    const int b = task / a->n_heads, h = task % a->n_heads, dh = a->d / a->n_heads;
    const int query = query_offset(a)[b], n = query_offset(a)[b + 1] - query;
    const int keys = a->keys ? a->keys[b] : a->offset[b + 1] - a->offset[b];
    const int m = a->n_prefix + keys, width = product_padded(dh);
    const int ldp = product_padded(m);
    HeadTask t = {.n = n,
                  .m = m,
                  .dh = dh,
                  .ldp = ldp,
                  .own = a->n_prefix,
                  .keys = keys,
                  .stride = 3 * a->d,
                  .d = a->d,
                  .qkv_at = (int64_t)a->offset[b] * 3 * a->d + h * dh,
                  .query_at = (int64_t)query * 3 * a->d + h * dh,
                  .out_at = (int64_t)query * a->d + h * dh,
                  .first_dropout_row = h * n,
                  .scale = (real)(1.0 / sqrt((double)dh)),
                  .dropout = &a->dropout[b],
                  .prefix = a->n_prefix ? a->prefix + b * a->prefix_stride + h * dh : NULL,
                  .prefix_row = 2 * a->d};
    real *at = a->scratch + scratch_of_thread(a->longest, dh) * (size_t)omp_get_thread_num();
    t.kt = at, at += (int64_t)dh * ldp;
    t.vt = at, at += (int64_t)dh * ldp;
    t.k = t.v = at, at += (int64_t)m * width;
    t.q = at, at += (int64_t)ATTENTION_ROWS * width;
    t.dout = at, at += (int64_t)ATTENTION_ROWS * width;
    t.p = at, at += (int64_t)ATTENTION_ROWS * ldp;
    t.dropped = at, at += (int64_t)ATTENTION_ROWS * ldp;
    t.dk = at, at += (int64_t)m * width;
    t.dv = at, at += (int64_t)m * width;
    t.dp = at, at += (int64_t)ATTENTION_ROWS * ldp;
    t.dot = at;
    t.maximum = a->row + 2 * ((int64_t)a->n_heads * query + (int64_t)h * n);
    t.inverse = t.maximum + n;
    t.received = a->received ? a->received + (int64_t)h * a->offset[a->n_samples] + a->offset[b] : NULL;
    return t;
}

/* y [rows, dh] packed = scale * rows of x from element `at` on. */
static void pack_strip(const HeadTask *t, int rows, Operand x, int64_t at, int64_t stride, real scale, real *y)
{
    const int width = product_padded(t->dh);
    if (x.rounded) vector_kernels->pack_rounded(rows, t->dh, x.rounded + at, stride, scale, y, width);
    else vector_kernels->pack(rows, t->dh, x.x + at, stride, scale, y, width);
}

/* y [m, dh] packed = scale * the keys (third = 1) or values (2) of the task. */
static void pack_rows(const HeadTask *t, Operand qkv, int third, real scale, real *y)
{
    const int width = product_padded(t->dh);
    if (t->own) vector_kernels->pack(t->own, t->dh, t->prefix + (third - 1) * t->d, t->prefix_row, scale, y, width);
    pack_strip(t, t->keys, qkv, t->qkv_at + third * t->d, t->stride, scale, y + (int64_t)t->own * width);
}

/* y [dh, m] packed = the transpose of the keys (third = 1) or values (2). Before pack_rows: rounded ones pass through
 * their place. */
static void pack_columns(const HeadTask *t, Operand qkv, int third, real *y)
{
    const int padded = product_padded(t->m), own = t->own, width = product_padded(t->dh);
    if (own) {
        const real *prefix = t->prefix + (third - 1) * t->d;
        vector_kernels->pack_transposed(own, t->dh, prefix, t->prefix_row, own, y, padded);
    }
    if (qkv.rounded) pack_strip(t, t->keys, qkv, t->qkv_at + third * t->d, t->stride, 1, t->k);
    const real *first = qkv.rounded ? t->k : qkv.x + t->qkv_at + third * t->d;
    vector_kernels->pack_transposed(t->keys, t->dh, first, qkv.rounded ? width : t->stride, padded - own, y + own,
                                    padded);
}

/* p [r, m] = Q K^T / sqrt(dh) of the queries from `first` on; leaves them packed. */
static void scores(const HeadTask *t, Operand qkv, int first, int r)
{
    const int width = product_padded(t->dh);
    pack_strip(t, r, qkv, t->query_at + first * t->stride, t->stride, t->scale, t->q);
    vector_kernels->small_product(r, t->ldp, t->dh, t->q, width, 1, t->kt, t->ldp, false, t->p, t->ldp);
}

static const real *dropped_of(const HeadTask *t, int first, int r, real *dropped)
{
    if (t->dropout->rate == 0) return t->p;
    vector_kernels->dropout(r, t->m, t->ldp, t->p, t->dropout, t->first_dropout_row + first, dropped);
    return dropped;
}

/* Of a block that begins at row `first` of n. */
static int rows_of(int n, int first)
{
    return n - first < ATTENTION_ROWS ? n - first : ATTENTION_ROWS;
}

/* Ask for a head's rows of a block's place: a head is a column strip, one or two cache lines of each row, which no
 * hardware prefetcher follows. at: its first element. */
static void fetch_strip(int rows, int dh, Operand x, int64_t at, int64_t stride)
{
    enum { LINE = 64 };
    const int64_t size = x.rounded ? sizeof(Bf16) : sizeof(real);
    const char *first = x.rounded ? (const char *)x.rounded : (const char *)x.x;
    for (int i = 0; i < rows && first; i++)
        for (int64_t c = 0; c < dh * size; c += LINE) __builtin_prefetch(first + (at + i * stride) * size + c, 0, 2);
}

/* Called in the block that begins at row `first`: the same rows of the task this thread will probably take next. */
static void fetch_next(const Attention *a, int task, int first, Operand qkv, const real *out, Operand dout)
{
    task += omp_get_num_threads();
    if (task >= a->n_samples * a->n_heads) return;
    const int b = task / a->n_heads, h = task % a->n_heads, dh = a->d / a->n_heads;
    for (int third = 0; third < 3; third++) {
        const int *offset = third ? a->offset : query_offset(a);
        const int64_t row = offset[b] + first;
        const int rows = rows_of(offset[b + 1] - offset[b], first);
        fetch_strip(rows, dh, qkv, row * 3 * a->d + third * a->d + h * dh, 3 * a->d);
        if (third) continue;
        fetch_strip(rows, dh, (Operand){out, NULL}, row * a->d + h * dh, a->d);
        fetch_strip(rows, dh, dout, row * a->d + h * dh, a->d);
    }
}

/* Query by query, so that the sums do not depend on the threads. */
static void add_received(const HeadTask *t, int r, const real *inverse)
{
    for (int i = 0; i < r; i++) {
        const real *row = t->p + (int64_t)i * t->ldp + t->own;
        const double factor = (double)inverse[i];
        for (int j = 0; j < t->keys; j++) t->received[j] += factor * (double)row[j];
    }
}

/* For num_threads(): half the speed of large products, about. backward: 5 products instead of 2. */
static int threads_for(const Attention *a, int products)
{
    return team_for_products(4.0 * products * query_offset(a)[a->n_samples] * (a->longest + a->n_prefix) * a->d);
}

/* O = P V of the queries from `first` on, from P without its divisor. */
static void give_out(const HeadTask *t, int first, int r, const real *p, Result out)
{
    const int width = product_padded(t->dh);
    const real *inverse = t->inverse + first;
    real *o = out.x ? out.x + t->out_at + first * t->d : t->dout;
    const int64_t ldo = out.x ? t->d : width;
    vector_kernels->small_product(r, t->dh, t->m, p, t->ldp, 1, t->v, width, false, o, ldo);
    vector_kernels->scale_rows(r, t->dh, inverse, o, ldo);
    if (out.x) return;
    for (int i = 0; i < r; i++) vector_kernels->round(t->dh, o + i * ldo, out.rounded + t->out_at + (first + i) * t->d);
}

void attention_forward(const Attention *a, Operand qkv, Result out)
{
#pragma omp parallel for schedule(dynamic) num_threads(threads_for(a, 2))
    for (int task = 0; task < a->n_samples * a->n_heads; task++) {
        const HeadTask t = task_of(a, task);
        if (t.n == 0) continue;
        pack_columns(&t, qkv, 1, t.kt);
        pack_rows(&t, qkv, 2, 1, t.v);
        for (int first = 0; first < t.n; first += ATTENTION_ROWS) {
            const int r = rows_of(t.n, first);
            real *inverse = t.inverse + first;
            fetch_next(a, task, first, qkv, NULL, (Operand){NULL, NULL});
            scores(&t, qkv, first, r);
            vector_kernels->exponentials(r, t.m, t.p, t.ldp, t.maximum + first, inverse); /* P without its divisor */
            if (t.received) add_received(&t, r, inverse);
            give_out(&t, first, r, dropped_of(&t, first, r, t.p), out);
        }
    }
}

/* y [m, dh] (packed) = or += x^T z for x [r, m], z [r, dh] packed: a block's part of the keys' or values' gradients. */
static void add_to_keys(const HeadTask *t, int r, const real *x, const real *z, bool adds, real *y)
{
    const int width = product_padded(t->dh);
    vector_kernels->small_product(t->m, t->dh, r, x, 1, t->ldp, z, width, adds, y, width);
}

/* x [n, dh] packed to rows first .. of the sample: gradients to queries (third = 0), keys (1) or values (2). */
static void give_strip(const HeadTask *t, int first, int n, const real *x, int third, const Gradients *g)
{
    const int width = product_padded(t->dh);
    const int64_t at = t->qkv_at + third * t->d + first * t->stride;
    if (g->dqkv.x) {
        for (int i = 0; i < n; i++)
            memcpy(g->dqkv.x + at + i * t->stride, x + (int64_t)i * width, (size_t)t->dh * sizeof *x);
        return;
    }
    real *sum = g->dqkv.bias + third * t->d;
    for (int i = 0; i < n; i++) {
        vector_kernels->round(t->dh, x + (int64_t)i * width, g->dqkv.rounded + at + i * t->stride);
        vector_kernels->add(t->dh, x + (int64_t)i * width, sum);
    }
}

/* Packed rows to where the gradients of keys (third = 1) or values (2) belong. */
static void give_rows(const HeadTask *t, const real *y, int third, const Gradients *g)
{
    const int width = product_padded(t->dh);
    const size_t count = (size_t)t->dh;
    for (int j = 0; j < t->own && g->dprefix; j++)
        memcpy(g->dprefix + j * t->prefix_row + (third - 1) * t->d, y + (int64_t)j * width, count * sizeof *y);
    give_strip(t, 0, t->keys, y + (int64_t)t->own * width, third, g);
    const int64_t at = t->qkv_at + third * t->d;
    for (int j = t->keys; j < t->n; j++) {
        if (g->dqkv.x) memset(g->dqkv.x + at + j * t->stride, 0, count * sizeof *y);
        else memset(g->dqkv.rounded + at + j * t->stride, 0, count * sizeof(Bf16));
    }
}

/* dQ = dS K of the queries from `first` on; what is rounded goes by dO's place, which nobody reads any more. */
static void give_queries(const HeadTask *t, int first, int r, const Gradients *g)
{
    const int width = product_padded(t->dh);
    real *dq = g->dqkv.x ? g->dqkv.x + t->qkv_at + first * t->stride : t->dout;
    vector_kernels->small_product(r, t->dh, t->m, t->dp, t->ldp, 1, t->k, width, false, dq,
                                  g->dqkv.x ? t->stride : width);
    if (!g->dqkv.x) give_strip(t, first, r, dq, 0, g);
}

/* The queries from `first` on; `first` = 0 begins the sums of the keys' and values' gradients. */
static void backward_block(const HeadTask *t, int first, const Gradients *g)
{
    const int r = rows_of(t->n, first), width = product_padded(t->dh);
    const int64_t out_at = t->out_at + first * t->d;
    pack_strip(t, r, g->dout, out_at, t->d, 1, t->dout);
    scores(t, g->qkv, first, r);
    vector_kernels->probabilities(r, t->ldp, t->maximum + first, t->inverse + first, t->p);
    const real *dropped = dropped_of(t, first, r, t->dropped);
    add_to_keys(t, r, dropped, t->dout, first > 0, t->dv); /* dV = P^T dO */
    vector_kernels->small_product(r, t->ldp, t->dh, t->dout, width, 1, t->vt, t->ldp, false, t->dp,
                                  t->ldp); /* dP = dO V^T */
    if (g->out)
        vector_kernels->row_dots(r, t->dh, t->dout, width, g->out + out_at, t->d, t->dot); /* dO_i O_i, which is */
    else vector_kernels->row_dots(r, t->m, dropped, t->ldp, t->dp, t->ldp, t->dot);        /* sum_j P_ij dP_ij */
    vector_kernels->scores_backward(r, t->ldp, t->p, dropped, t->dot, t->dp);              /* dS */
    give_queries(t, first, r, g);
    add_to_keys(t, r, t->dp, t->q, first > 0, t->dk); /* dK = dS^T Q */
}

void attention_backward(const Attention *a, Operand qkv, const real *out, Operand dout, AttentionGradient dqkv,
                        real *dprefix)
{
    const int64_t prefix_size = (int64_t)a->n_prefix * 2 * a->d;
#pragma omp parallel for schedule(dynamic) num_threads(threads_for(a, 5))
    for (int task = 0; task < a->n_samples * a->n_heads; task++) {
        const HeadTask t = task_of(a, task);
        const int b = task / a->n_heads, h = task % a->n_heads;
        Gradients g = {qkv, dout, out, dqkv, dprefix ? dprefix + b * prefix_size + h * t.dh : NULL};
        if (dqkv.bias) g.dqkv.bias = dqkv.bias + (int64_t)b * 3 * a->d + h * t.dh;
        for (int third = 0; third < 3 && dqkv.bias; third++)
            memset(g.dqkv.bias + third * t.d, 0, (size_t)t.dh * sizeof(real));
        pack_columns(&t, qkv, 2, t.vt);
        pack_columns(&t, qkv, 1, t.kt);
        pack_rows(&t, qkv, 1, t.scale, t.k);
        for (int first = 0; first < t.n; first += ATTENTION_ROWS) {
            fetch_next(a, task, first, qkv, out, dout);
            backward_block(&t, first, &g);
        }
        give_rows(&t, t.dk, 1, &g);
        give_rows(&t, t.dv, 2, &g);
    }
}
