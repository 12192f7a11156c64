/* test_attention.c: both passes of attention against the naive fp64 twin: several lengths about the blocks' edges,
 * with and without dropout, with and without a prefix, shared and per sample, with keys for all positions and for the
 * first of them alone, on one and on several threads. The
 * gradients of the twin itself are checked by central differences. */
#include "kernels/attention.h"

#include <omp.h>
#include <string.h>

#include "../harness.h"
#include "../reference/naive.h"
#include "kernels/gemm.h"

#ifdef REAL_IS_DOUBLE
#define BAR 1e-12
#else
#define BAR 4e-6
#endif

enum { B = 4, H = 3, MOST = 120, PREFIX = 5, WIDEST = 40, D_MOST = H * WIDEST };

static const int length[B] = {1, 47, 49, MOST};
static real qkv[(1 + 47 + 49 + MOST) * 3 * D_MOST], dqkv[(1 + 47 + 49 + MOST) * 3 * D_MOST];
static real out[(1 + 47 + 49 + MOST) * D_MOST], dout[(1 + 47 + 49 + MOST) * D_MOST];
static Bf16 rounded_qkv[(1 + 47 + 49 + MOST) * 3 * D_MOST], rounded_dout[(1 + 47 + 49 + MOST) * D_MOST];
static real prefix[B * PREFIX * 2 * D_MOST], dprefix[B * PREFIX * 2 * D_MOST];
static double q[MOST * WIDEST], k[(MOST + PREFIX) * WIDEST], v[(MOST + PREFIX) * WIDEST],
    factor[MOST * (MOST + PREFIX)];
static double p[MOST * (MOST + PREFIX)], o[MOST * WIDEST], d_o[MOST * WIDEST], dq[MOST * WIDEST];
static double received[(1 + 47 + 49 + MOST) * H];
static double dk[(MOST + PREFIX) * WIDEST], dv[(MOST + PREFIX) * WIDEST];

static void fill(uint32_t stream, double scale, int n, real *x)
{
    const RandomKey key = random_key(1, RANDOM_TEST, stream, 0, 0);
    for (int i = 0; i < n; i++) {
        uint32_t word[4];
        double normal[2];
        random_words(&key, (uint32_t)i, word);
        random_normal(word[0], word[1], normal);
        x[i] = (real)(scale * normal[0]);
    }
}

/* Rows of one head out of an array with `stride` numbers per row. */
static void head_of(int rows, int dh, const real *x, int stride, double *y)
{
    for (int i = 0; i < rows; i++)
        for (int c = 0; c < dh; c++) y[i * dh + c] = (double)x[i * stride + c];
}

static double difference(int rows, int dh, const real *x, int stride, const double *y)
{
    double most = 0;
    for (int i = 0; i < rows; i++)
        for (int c = 0; c < dh; c++) {
            const double error = fabs((double)x[i * stride + c] - y[i * dh + c]) / (1 + fabs(y[i * dh + c]));
            if (!(error <= most)) most = error;
        }
    return most;
}

/* The naive inputs of sample b, head h. */
static void set_head(const Attention *a, int b, int h, int dh)
{
    const int n = length[b], keys = a->keys ? a->keys[b] : n, m = keys + a->n_prefix, d = a->d, own = a->n_prefix;
    const real *first = qkv + a->offset[b] * 3 * d + h * dh;
    head_of(n, dh, first, 3 * d, q);
    head_of(own, dh, a->prefix + b * a->prefix_stride + h * dh, 2 * d, k);
    head_of(own, dh, a->prefix + b * a->prefix_stride + d + h * dh, 2 * d, v);
    head_of(keys, dh, first + d, 3 * d, k + own * dh);
    head_of(keys, dh, first + 2 * d, 3 * d, v + own * dh);
    head_of(n, dh, dout + a->offset[b] * d + h * dh, d, d_o);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++)
            factor[i * m + j] = a->dropout[b].rate > 0 && naive_drops(&a->dropout[b], m, h * n + i, j)
                                    ? 0
                                    : dropout_kept(a->dropout[b].rate);
}

/* sums [n]: 1 + the columns of p [n, m] of the sample's own keys, summed; 1 of a place without a key. */
static double received_error(int n, int keys, int m, const double *sums)
{
    double most = 0;
    for (int j = 0; j < n; j++) {
        double sum = 1;
        for (int i = 0; i < n && j < keys; i++) sum += p[i * m + m - keys + j];
        const double error = fabs(sums[j] - sum) / sum;
        if (!(error <= most)) most = error;
    }
    return most;
}

/* The same from qkv and dO rounded. With O rounded: its bits are those of `out` rounded; the backward pass, which then
 * has no O, sets dqkv and dprefix anew; then with dqkv rounded: the bits of that, and the sums by sample. */
static bool passes_rounded(Attention a, real *dprefix_or_null)
{
    static Bf16 ours[(1 + 47 + 49 + MOST) * 3 * D_MOST], theirs[(1 + 47 + 49 + MOST) * 3 * D_MOST];
    static real sum[B * 3 * D_MOST];
    const int n = a.offset[a.n_samples] * a.d;
    a.received = NULL;
    memset(ours, 0xff, sizeof ours);
    attention_forward(&a, (Operand){NULL, rounded_qkv}, (Result){NULL, ours});
    vector_kernels->round(n, out, theirs);
    bool same = memcmp(ours, theirs, (size_t)n * sizeof *ours) == 0;
    attention_backward(&a, (Operand){NULL, rounded_qkv}, NULL, (Operand){NULL, rounded_dout},
                       (AttentionGradient){dqkv, NULL, NULL}, dprefix_or_null);
    memset(ours, 0xff, sizeof ours), memset(sum, 0xff, sizeof sum);
    attention_backward(&a, (Operand){NULL, rounded_qkv}, NULL, (Operand){NULL, rounded_dout},
                       (AttentionGradient){NULL, ours, sum}, dprefix_or_null);
    vector_kernels->round(3 * n, dqkv, theirs);
    same &= memcmp(ours, theirs, 3 * (size_t)n * sizeof *ours) == 0;
    for (int b = 0; b < B; b++)
        for (int j = 0; j < 3 * a.d; j++) {
            double expected = 0, size = 1;
            for (int i = a.offset[b]; i < a.offset[b + 1]; i++) {
                expected += (double)dqkv[i * 3 * a.d + j];
                size += fabs((double)dqkv[i * 3 * a.d + j]);
            }
            same &= fabs(expected - (double)sum[b * 3 * a.d + j]) <= BAR * size;
        }
    return same;
}

static void test(int dh, double rate, int n_prefix, bool is_shared, bool has_padding, int threads, bool is_rounded)
{
    const int d = H * dh;
    static const int padded[B] = {1, 46, 48, 70};
    const int *keys = has_padding ? padded : length;
    int offset[B + 1] = {0};
    Dropout dropout[B];
    for (int b = 0; b < B; b++) offset[b + 1] = offset[b] + length[b];
    for (int b = 0; b < B; b++) dropout[b] = (Dropout){random_key(3, RANDOM_DROPOUT, 1, 2, (uint32_t)b), rate};
    real *scratch = aligned_alloc(64, (attention_scratch(MOST + n_prefix, dh, threads) * sizeof(real) + 63) / 64 * 64);
    real *row = calloc((size_t)offset[B] * 2 * H, sizeof *row);
    fill(1, 1, offset[B] * 3 * d, qkv), fill(2, 1, offset[B] * d, dout), fill(3, 1, B * PREFIX * 2 * d, prefix);
    if (is_rounded) { /* the twin is given what is rounded */
        vector_kernels->round(offset[B] * 3 * d, qkv, rounded_qkv),
            vector_kernels->round(offset[B] * d, dout, rounded_dout);
        for (int i = 0; i < offset[B] * 3 * d; i++) qkv[i] = (real)bf16_value(rounded_qkv[i]);
        for (int i = 0; i < offset[B] * d; i++) dout[i] = (real)bf16_value(rounded_dout[i]);
    }
    omp_set_num_threads(threads);
    const Attention a = {.n_samples = B,
                         .n_heads = H,
                         .d = d,
                         .offset = offset,
                         .keys = has_padding ? padded : NULL,
                         .dropout = dropout,
                         .longest = MOST + n_prefix,
                         .scratch = scratch,
                         .row = row,
                         .n_prefix = n_prefix,
                         .prefix = prefix,
                         .prefix_stride = is_shared ? 0 : n_prefix * 2 * d,
                         .received = received};
    for (int i = 0; i < offset[B] * H; i++) received[i] = 1;         /* it is added to */
    for (int i = 0; i < offset[B] * 3 * d; i++) dqkv[i] = (real)NAN; /* all of it is overwritten */
    attention_forward(&a, (Operand){qkv, is_rounded ? rounded_qkv : NULL}, (Result){out, NULL});
    bool rounds = true;
    if (is_rounded) rounds = passes_rounded(a, n_prefix ? dprefix : NULL);
    else
        attention_backward(&a, (Operand){qkv, NULL}, out, (Operand){dout, NULL}, (AttentionGradient){dqkv, NULL, NULL},
                           n_prefix ? dprefix : NULL);
    double forward = 0, backward = 0, to_prefix = 0, to_received = 0;
    for (int b = 0; b < B; b++)
        for (int h = 0; h < H; h++) {
            const int n = length[b], m = keys[b] + n_prefix;
            const real *dfirst = dqkv + offset[b] * 3 * d + h * dh, *dp = dprefix + b * n_prefix * 2 * d + h * dh;
            set_head(&a, b, h, dh);
            naive_attention(n, m, dh, q, k, v, factor, p, o);
            to_received = fmax(to_received, received_error(n, keys[b], m, received + h * offset[B] + offset[b]));
            naive_attention_backward(n, m, dh, q, k, v, factor, p, d_o, dq, dk, dv);
            forward = fmax(forward, difference(n, dh, out + offset[b] * d + h * dh, d, o));
            backward = fmax(backward, difference(n, dh, dfirst, 3 * d, dq));
            backward = fmax(backward, difference(keys[b], dh, dfirst + d, 3 * d, dk + n_prefix * dh));
            backward = fmax(backward, difference(keys[b], dh, dfirst + 2 * d, 3 * d, dv + n_prefix * dh));
            for (int i = keys[b]; i < n; i++)
                for (int c = 0; c < dh; c++)
                    backward = fmax(backward, fabs((double)dfirst[d + i * 3 * d + c]) +
                                                  fabs((double)dfirst[2 * d + i * 3 * d + c]));
            to_prefix = fmax(to_prefix, difference(n_prefix, dh, dp, 2 * d, dk));
            to_prefix = fmax(to_prefix, difference(n_prefix, dh, dp + d, 2 * d, dv));
        }
    check(rounds && forward <= BAR && backward <= BAR && to_prefix <= BAR && to_received <= BAR,
          "%s dh %d, dropout %g, %d before%s%s, %d threads%s: forward %.1e, backward %.1e, prefix %.1e, received %.1e",
          vector_kernels->name, dh, rate, n_prefix, is_shared ? " (shared)" : "", has_padding ? ", padding" : "",
          threads, is_rounded ? ", rounded" : "", forward, backward, to_prefix, to_received);
    free(scratch);
    free(row);
}

/* sum(o * d_o) by central differences in every key of the twin. */
static void test_twin(void)
{
    enum { N = 3, M = 5, W = 4 };
    for (int i = 0; i < N * W; i++) q[i] = sin(i), d_o[i] = cos(3 * i);
    for (int i = 0; i < M * W; i++) k[i] = sin(2 * i + 1), v[i] = cos(i + 2);
    for (int i = 0; i < N * M; i++) factor[i] = i % 4 ? 1.25 : 0;
    naive_attention(N, M, W, q, k, v, factor, p, o);
    naive_attention_backward(N, M, W, q, k, v, factor, p, d_o, dq, dk, dv);
    struct {
        double *x, *dx;
        int n;
    } of[] = {{q, dq, N * W}, {k, dk, M * W}, {v, dv, M * W}};
    double most = 0;
    for (int f = 0; f < 3; f++)
        for (int i = 0; i < of[f].n; i++) {
            const double x = of[f].x[i], step = 1e-5;
            double side[2] = {0};
            for (int s = 0; s < 2; s++) {
                of[f].x[i] = x + (s ? step : -step);
                naive_attention(N, M, W, q, k, v, factor, p, o);
                for (int c = 0; c < N * W; c++) side[s] += o[c] * d_o[c];
            }
            of[f].x[i] = x;
            most = fmax(most, fabs((side[1] - side[0]) / (2 * step) - of[f].dx[i]));
        }
    check(most < 1e-9, "the twin's gradients and central differences: %.1e", most);
}

int main(void)
{
    test_twin();
    for (int level = 0; level <= vector_best_level(); level++) {
        gemm_init(vector_choose(level), 1);
        for (int dh = 8; dh <= 40; dh += 16) {
            test(dh, 0, 0, false, false, 1, false);
            test(dh, 0.1, 0, false, true, 3, false);
            test(dh, 0.1, PREFIX, true, false, 1, false);
            test(dh, 0.1, PREFIX, true, true, 1, false);
            test(dh, 0.3, PREFIX, false, false, 2, false);
            test(dh, 0, 0, false, true, 2, true);
            test(dh, 0.1, PREFIX, false, false, 1, true);
        }
    }
    return harness_done();
}
