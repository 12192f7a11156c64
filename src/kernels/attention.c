/* attention.c: one (sample, head) pair is one task of a parallel loop, on one thread and in its cache.
 *
 * Keys and values are packed once per task, then ATTENTION_ROWS queries at a time run through all steps while
 * their probabilities are in cache, and what comes next is asked for. Letters: n queries, m keys (prefix and own), r
 * rows of a block. */
#include "kernels/attention.h"

#include <limits.h>
#include <omp.h>
#include <string.h>

#include "kernels/team.h"

typedef struct {
    int ldp;                /* row stride of p, dropped, dp */
    int n, m, dh, own;      /* queries, keys, head width, first own key */
    int keys;               /* own keys */
    int64_t stride, d;      /* row stride of qkv and of out */
    int64_t qkv_at, out_at; /* first element of this head in qkv and out */
    int64_t query_at;       /* of its queries */
    int first_dropout_row;
    real scale; /* 1 / sqrt(dh) */
    const Dropout *dropout;
    Fetch *fetch;            /* asked for while products are computed */
    const real *prefix;      /* first key of this head, or NULL */
    int64_t prefix_row;      /* 2D */
    real *kt, *vt;           /* panels of the rows of k, v: each [dh, PRODUCT_PAD] */
    real *k, *v;             /* [m, dh] packed; one place: v is of the forward pass only */
    real *q, *dout;          /* [r, dh] packed */
    real *p, *dropped, *dp;  /* [r, m] */
    real *dk, *dv;           /* [m, dh] packed */
    real *dot;               /* [r] */
    real *maximum, *inverse; /* [n] of the rows: largest of Q K^T, 1 / sum of exponentials */
    double *received;        /* [n] of this head, or NULL */
} HeadTask;

typedef struct {
    Operand qkv, dout;      /* [N, 3D], [N, D] */
    const real *out;        /* [N, D] or NULL */
    AttentionGradient dqkv; /* bias: of this sample */
    real *dprefix;          /* of this sample and head, or NULL */
} Gradients;

/* Row stride of p: a power of two would put the columns of its blocks into few sets of the cache. */
static int stride_of(int m)
{
    return product_padded(m) + PRODUCT_PAD / 2;
}

static size_t scratch_of_thread(int longest, int dh)
{
    const size_t width = (size_t)product_padded(dh), padded = (size_t)product_padded(longest);
    const size_t numbers = 2 * (size_t)dh * padded + 3 * padded * width + 2 * ATTENTION_ROWS * width +
                           3 * ATTENTION_ROWS * (size_t)stride_of(longest) + ATTENTION_ROWS;
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
    const int ldp = stride_of(m), padded = product_padded(m);
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
    t.kt = at, at += (int64_t)dh * padded;
    t.vt = at, at += (int64_t)dh * padded;
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

/* y [rows, dh] packed = rows of x from element `at` on, each times its factor (NULL: 1). */
static void pack_strip(const HeadTask *t, int rows, Operand x, int64_t at, int64_t stride, const real *factor, real *y)
{
    if (x.rounded) vector_kernels->pack_rounded(rows, t->dh, x.rounded + at, stride, factor, y);
    else vector_kernels->pack(rows, t->dh, x.x + at, stride, factor, y);
}

/* y [m, dh] packed = the keys (third = 1) or values (2) of the task. */
static void pack_rows(const HeadTask *t, Operand qkv, int third, real *y)
{
    const int width = product_padded(t->dh);
    if (t->own) vector_kernels->pack(t->own, t->dh, t->prefix + (third - 1) * t->d, t->prefix_row, NULL, y);
    pack_strip(t, t->keys, qkv, t->qkv_at + third * t->d, t->stride, NULL, y + (int64_t)t->own * width);
}

/* The rows of k times scale, as panels. */
static void pack_panels(const HeadTask *t, real scale, real *panels)
{
    const int width = product_padded(t->dh);
    for (int j = 0; j < t->m; j += PRODUCT_PAD) {
        const int rows = t->m - j < PRODUCT_PAD ? t->m - j : PRODUCT_PAD;
        vector_kernels->pack_transposed(rows, t->dh, t->k + (int64_t)j * width, width, scale,
                                        panels + (int64_t)j * t->dh);
    }
}

/* y [r, m] = x times the panels, x [r, dh] packed. */
static void times_panels(const HeadTask *t, int r, const real *x, const real *panels, real *y)
{
    const int width = product_padded(t->dh);
    for (int j = 0; j < t->m; j += PRODUCT_PAD)
        vector_kernels->small_product(r, PRODUCT_PAD, t->dh, x, width, 1, panels + (int64_t)j * t->dh, PRODUCT_PAD,
                                      false, y + j, t->ldp, t->fetch);
}

/* p [r, m] = Q K^T of the queries from `first` on; leaves them packed. */
static void scores(const HeadTask *t, Operand qkv, int first, int r)
{
    pack_strip(t, r, qkv, t->query_at + first * t->stride, t->stride, NULL, t->q);
    times_panels(t, r, t->q, t->kt, t->p);
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

/* What the tasks of a pass read and write; dout and dqkv are of the backward pass. */
typedef struct {
    Operand qkv, out, dout, dqkv;
} Arrays;

static void fetch_strip(Fetch *f, int rows, int64_t dh, Operand x, int64_t at, int64_t stride)
{
    const int64_t size = x.rounded ? sizeof(Bf16) : sizeof(real);
    const char *first = x.rounded ? (const char *)x.rounded : (const char *)x.x;
    if (!first || rows <= 0) return;
    f->at[f->strips] = first + at * size;
    f->stride[f->strips] = stride * size;
    f->bytes[f->strips] = dh * size;
    f->rows[f->strips++] = rows;
}

typedef enum { FETCH_KEYS, FETCH_QUERIES, FETCH_RESULTS } FetchWhat;

/* Rows first .. first + rows - 1 of a task, as far as it is there and has them. */
static void fetch_rows(Fetch *f, const Attention *a, const Arrays *x, int task, int first, int rows, FetchWhat what)
{
    if (task >= a->n_samples * a->n_heads) return;
    const int b = task / a->n_heads, h = task % a->n_heads, dh = a->d / a->n_heads;
    const int *offset = what == FETCH_KEYS ? a->offset : query_offset(a);
    const int64_t row = offset[b] + first, at = row * a->d + h * dh, qkv_at = 3 * row * a->d + h * dh;
    const int left = offset[b + 1] - (int)row, stride = 3 * a->d;
    const bool is_backward = x->dout.x || x->dout.rounded;
    if (rows > left) rows = left;
    for (int third = 1; third < 3 && what == FETCH_KEYS; third++)
        fetch_strip(f, rows, dh, x->qkv, qkv_at + third * a->d, stride);
    if (what == FETCH_QUERIES) {
        fetch_strip(f, rows, dh, x->qkv, qkv_at, stride);
        fetch_strip(f, rows, dh, x->dout, at, a->d);
        if (is_backward) fetch_strip(f, rows, dh, x->out, at, a->d);
    }
    if (what == FETCH_RESULTS && !is_backward) fetch_strip(f, rows, dh, x->out, at, a->d);
    for (int third = 0; third < 3 && what == FETCH_RESULTS; third++)
        fetch_strip(f, rows, dh, x->dqkv, qkv_at + third * a->d, stride);
}

/* For the time of the block that begins at row `first`: where its results go, the queries of the block behind it, and
 * part of the keys and values of the task this thread will probably take next. More at a time would push one another
 * out of the second cache: strips of a power of two's stride share few of its sets. */
static Fetch fetch_of_block(const Attention *a, const Arrays *x, const HeadTask *t, int task, int first)
{
    enum { TILE = 256 }; /* scores or so that a tile of a product is worth */
    Fetch f = {0};
    const int next = task + omp_get_num_threads(), r = rows_of(t->n, first), after = first + r;
    const bool is_last = after == t->n, is_backward = x->dout.x || x->dout.rounded;
    fetch_rows(&f, a, x, is_last ? next : task, is_last ? 0 : after, ATTENTION_ROWS, FETCH_QUERIES);
    fetch_rows(&f, a, x, next, first, is_last ? INT_MAX : r, FETCH_KEYS);
    fetch_rows(&f, a, x, task, first, r, FETCH_RESULTS);
    int64_t rows = 0;
    for (int i = 0; i < f.strips; i++) rows += f.rows[i];
    f.each = 1 + (int)(rows * TILE / ((is_backward ? 5 : 2) * (int64_t)r * t->m + 1));
    return f;
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
    vector_kernels->small_product(r, t->dh, t->m, p, t->ldp, 1, t->v, width, false, o, ldo, t->fetch);
    if (out.x) vector_kernels->scale_rows(r, t->dh, inverse, o, ldo, o, ldo);
    else vector_kernels->round_rows(r, t->dh, inverse, o, ldo, out.rounded + t->out_at + first * t->d, t->d, NULL);
}

void attention_forward(const Attention *a, Operand qkv, Result out)
{
#pragma omp parallel for schedule(dynamic) num_threads(threads_for(a, 2))
    for (int task = 0; task < a->n_samples * a->n_heads; task++) {
        HeadTask t = task_of(a, task);
        if (t.n == 0) continue;
        const Arrays arrays = {.qkv = qkv, .out = {out.x, out.rounded}};
        pack_rows(&t, qkv, 1, t.k);
        pack_panels(&t, 1, t.kt);
        pack_rows(&t, qkv, 2, t.v);
        for (int first = 0; first < t.n; first += ATTENTION_ROWS) {
            const int r = rows_of(t.n, first);
            real *inverse = t.inverse + first;
            Fetch fetch = fetch_of_block(a, &arrays, &t, task, first);
            t.fetch = &fetch;
            scores(&t, qkv, first, r);
            vector_kernels->exponentials(r, t.m, t.scale, t.p, t.ldp, t.maximum + first,
                                         inverse); /* P without its divisor */
            if (t.received) add_received(&t, r, inverse);
            give_out(&t, first, r, dropped_of(&t, first, r, t.p), out);
        }
    }
}

/* y [m, dh] (packed) = or += x^T z for x [r, m], z [r, dh] packed: a block's part of the keys' or values' gradients. */
static void add_to_keys(const HeadTask *t, int r, const real *x, const real *z, bool adds, real *y)
{
    const int width = product_padded(t->dh);
    vector_kernels->small_product(t->m, t->dh, r, x, 1, t->ldp, z, width, adds, y, width, t->fetch);
}

/* x [n, dh] packed to rows first .. of the sample: gradients to queries (third = 0), keys (1) or values (2). */
static void give_strip(const HeadTask *t, int first, int n, const real *x, int third, const Gradients *g)
{
    const int width = product_padded(t->dh);
    const int64_t at = t->qkv_at + third * t->d + first * t->stride;
    if (g->dqkv.x) {
        vector_kernels->scale_rows(n, t->dh, NULL, x, width, g->dqkv.x + at, t->stride);
        return;
    }
    vector_kernels->round_rows(n, t->dh, NULL, x, width, g->dqkv.rounded + at, t->stride, g->dqkv.bias + third * t->d);
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
                                  g->dqkv.x ? t->stride : width, t->fetch);
    if (!g->dqkv.x) give_strip(t, first, r, dq, 0, g);
}

/* The queries from `first` on; `first` = 0 begins the sums of the keys' and values' gradients. P is without its divisor
 * here, which dO has instead: in both of P's uses they stand beside each other. 1 / sqrt(dh) is in V^T's panels. */
static void backward_block(const HeadTask *t, int first, const Gradients *g)
{
    const int r = rows_of(t->n, first), width = product_padded(t->dh);
    const int64_t out_at = t->out_at + first * t->d;
    pack_strip(t, r, g->dout, out_at, t->d, t->inverse + first, t->dout);
    scores(t, g->qkv, first, r);
    vector_kernels->exponentials_again(r, t->m, t->scale, t->maximum + first, t->p, t->ldp);
    const real *dropped = dropped_of(t, first, r, t->dropped);
    add_to_keys(t, r, dropped, t->dout, first > 0, t->dv); /* dV = P^T dO */
    times_panels(t, r, t->dout, t->vt, t->dp);             /* dP = dO V^T / sqrt(dh) */
    if (g->out)
        vector_kernels->row_dots(r, t->dh, t->dout, width, g->out + out_at, t->d, t->dot); /* dO_i O_i, which is */
    else vector_kernels->row_dots(r, t->m, dropped, t->ldp, t->dp, t->ldp, t->dot);        /* sum_j P_ij dP_ij */
    for (int i = 0; i < r; i++) t->dot[i] *= g->out ? t->scale : t->inverse[first + i];
    vector_kernels->scores_backward(r, t->m, t->ldp, t->p, dropped, t->dot, t->dp); /* dS */
    give_queries(t, first, r, g);
    add_to_keys(t, r, t->dp, t->q, first > 0, t->dk); /* dK = dS^T Q */
}

void attention_backward(const Attention *a, Operand qkv, const real *out, Operand dout, AttentionGradient dqkv,
                        real *dprefix)
{
    const int64_t prefix_size = (int64_t)a->n_prefix * 2 * a->d;
#pragma omp parallel for schedule(dynamic) num_threads(threads_for(a, 5))
    for (int task = 0; task < a->n_samples * a->n_heads; task++) {
        HeadTask t = task_of(a, task);
        const Arrays arrays = {qkv, {out, NULL}, dout, {dqkv.x, dqkv.rounded}};
        const int b = task / a->n_heads, h = task % a->n_heads;
        Gradients g = {qkv, dout, out, dqkv, dprefix ? dprefix + b * prefix_size + h * t.dh : NULL};
        if (dqkv.bias) g.dqkv.bias = dqkv.bias + (int64_t)b * 3 * a->d + h * t.dh;
        for (int third = 0; third < 3 && dqkv.bias; third++)
            memset(g.dqkv.bias + third * t.d, 0, (size_t)t.dh * sizeof(real));
        pack_rows(&t, qkv, 2, t.v);
        pack_panels(&t, t.scale, t.vt);
        pack_rows(&t, qkv, 1, t.k);
        pack_panels(&t, 1, t.kt);
        for (int first = 0; first < t.n; first += ATTENTION_ROWS) {
            Fetch fetch = fetch_of_block(a, &arrays, &t, task, first);
            t.fetch = &fetch;
            backward_block(&t, first, &g);
        }
        give_rows(&t, t.dk, 1, &g);
        give_rows(&t, t.dv, 2, &g);
    }
}
