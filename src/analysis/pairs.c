/* pairs.c: TILE rows against TILE columns by one product, then an elementwise pass over the tile. */
#include "analysis/pairs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dot.h"
#include "kernels/gemm.h"
#include "kernels/team.h"

enum { TILE = 512 };

/* Below this share of the norms a distance from products has lost its digits: it is formed anew. */
static const double CANCELLED = 1e-6;

/* Sums of one sweep; all but max are added over ranks. */
typedef struct {
    double n[N_PAIR_MEASURES], sum[N_PAIR_MEASURES], equal, etf, dual;
    double max[N_PAIR_MEASURES];
} Sums;

typedef struct {
    const PairInput *in;
    double *length, *raw_length, *along; /* [K] |d_c|, |mu_c|, d_c . mu_G */
    double centre_square;                /* |mu_G|^2 */
    double *unit;                        /* [K, D] */
    double target;                       /* -1 / (K - 1) */
    double gram_norm, dual_norm;         /* Frobenius norms of G and of W d^T */
    double *tile, *dual;                 /* [TILE, TILE] */
    double mean[N_PAIR_MEASURES];        /* of the first sweep */
    Sums *row_sums;                      /* [TILE] */
} Sweep;

static const double *row_of(const double *x, int k, int d)
{
    return x + (size_t)k * (size_t)d;
}

static double distance_square(int n, const double *x, const double *y)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < n; i++) sum += (x[i] - y[i]) * (x[i] - y[i]);
    return sum;
}

static double distance_of_raw_units(const Sweep *s, int i, int j)
{
    const int d = s->in->n_features;
    const double *x = row_of(s->in->centred, i, d), *y = row_of(s->in->centred, j, d), *g = s->in->centre;
    double sum = 0;
    for (int k = 0; k < d; k++) {
        const double difference = (x[k] + g[k]) / s->raw_length[i] - (y[k] + g[k]) / s->raw_length[j];
        sum += difference * difference;
    }
    return sum;
}

/* The measures of the pair (i, j) with Gram entry g; those that do not exist are left as NaN. */
static void pair_values(const Sweep *s, int i, int j, double g, double value[N_PAIR_MEASURES])
{
    const PairInput *in = s->in;
    const int d = in->n_features;
    const double ri = s->length[i], rj = s->length[j], norms = ri * ri + rj * rj;
    for (int m = 0; m < N_PAIR_MEASURES; m++) value[m] = (double)NAN;
    value[PAIR_GRAM] = g;
    double apart = norms - 2 * g;
    if (apart < CANCELLED * norms) apart = distance_square(d, row_of(in->centred, i, d), row_of(in->centred, j, d));
    const double least = fmin(ri, rj) * fmin(ri, rj);
    if (least > in->noise) {
        const double cosine = g / (ri * rj);
        double square = 2 - 2 * cosine;
        if (square < CANCELLED) square = distance_square(d, row_of(s->unit, i, d), row_of(s->unit, j, d));
        value[PAIR_COSINE] = cosine;
        value[PAIR_OFF_TARGET] = fabs(cosine - s->target);
        if (square > in->noise / least) value[PAIR_LOG_KERNEL] = -0.5 * log(square);
    }
    const double qi = s->raw_length[i], qj = s->raw_length[j], shorter = fmin(qi, qj) * fmin(qi, qj);
    if (shorter > in->noise) {
        double square = 2 - 2 * (g + s->along[i] + s->along[j] + s->centre_square) / (qi * qj);
        if (square < CANCELLED) square = distance_of_raw_units(s, i, j);
        if (square > in->noise / shorter) value[PAIR_LOG_KERNEL_UNCENTRED] = -0.5 * log(square);
    }
    if (apart <= in->noise) return;
    const double spread = 0.5 * (in->variance[i] + in->variance[j]), log_apart = log(apart);
    value[PAIR_CDNV_1] = spread / apart;
    value[PAIR_CDNV_2] = spread / (apart * apart);
    if (spread <= 0) return;
    value[PAIR_LOG_CDNV_1] = log(spread) - log_apart;
    value[PAIR_LOG_CDNV_2] = log(spread) - 2 * log_apart;
    value[PAIR_INVERSE_CDNV_1] = apart / spread;
    value[PAIR_INVERSE_CDNV_2] = apart * apart / spread;
}

static void add_pair(const Sweep *s, bool second, const double value[N_PAIR_MEASURES], Sums *sums)
{
    sums->equal += isnan(value[PAIR_CDNV_1]);
    for (int m = 0; m < N_PAIR_MEASURES; m++) {
        if (isnan(value[m])) continue;
        const double x = second ? (value[m] - s->mean[m]) * (value[m] - s->mean[m]) : value[m];
        sums->n[m]++;
        sums->sum[m] += x;
        if (!second && value[m] > sums->max[m]) sums->max[m] = value[m];
    }
}

static void begin_sums(Sums *sums)
{
    memset(sums, 0, sizeof *sums);
    for (int m = 0; m < N_PAIR_MEASURES; m++) sums->max[m] = -HUGE_VAL;
}

static void add_sums(const Sums *from, Sums *to)
{
    for (int m = 0; m < N_PAIR_MEASURES; m++) {
        to->n[m] += from->n[m];
        to->sum[m] += from->sum[m];
        if (from->max[m] > to->max[m]) to->max[m] = from->max[m];
    }
    to->equal += from->equal;
    to->etf += from->etf;
    to->dual += from->dual;
}

static int length_of(int k, int tile)
{
    return k - tile * TILE < TILE ? k - tile * TILE : TILE;
}

/* Entry (i, j) of a simplex ETF's Gram matrix of norm 1. */
static double etf_entry(int n_classes, bool diagonal)
{
    return ((diagonal ? 1.0 : 0.0) - 1.0 / n_classes) / sqrt((double)n_classes - 1);
}

/* Tile (ti, tj) of the Gram matrix, ti <= tj: pairs above the diagonal; both triangles for the ETF error. */
static void sweep_gram(const Sweep *s, bool second, int ti, int tj, Sums *sums)
{
    const PairInput *in = s->in;
    const int k = in->n_classes, d = in->n_features, m = length_of(k, ti), n = length_of(k, tj);
    gemm_f64(PLAIN, TRANSPOSED, m, n, d, 1, row_of(in->centred, ti * TILE, d), d, row_of(in->centred, tj * TILE, d), d,
             0, s->tile, TILE);
#pragma omp parallel for schedule(dynamic, 8) num_threads(team_for_numbers(32LL * m * n))
    for (int a = 0; a < m; a++) {
        Sums *row = &s->row_sums[a];
        begin_sums(row);
        for (int b = 0; b < n; b++) {
            const int i = ti * TILE + a, j = tj * TILE + b;
            if (i > j) continue;
            const double g = s->tile[a * TILE + b];
            if (second && s->gram_norm > 0) {
                const double off = g / s->gram_norm - etf_entry(k, i == j);
                row->etf += (i == j ? 1 : 2) * off * off;
            }
            if (i == j) continue;
            double value[N_PAIR_MEASURES];
            pair_values(s, i, j, g, value);
            add_pair(s, second, value, row);
        }
    }
    for (int a = 0; a < m; a++) add_sums(&s->row_sums[a], sums); /* in order, whatever the threads */
}

/* Tile (ti, tj) of W d^T, which is not symmetric. */
static void sweep_dual(const Sweep *s, int ti, int tj, Sums *sums)
{
    const PairInput *in = s->in;
    const int k = in->n_classes, d = in->n_features, m = length_of(k, ti), n = length_of(k, tj);
    gemm_f64(PLAIN, TRANSPOSED, m, n, d, 1, row_of(in->row, ti * TILE, d), d, row_of(in->centred, tj * TILE, d), d, 0,
             s->dual, TILE);
    for (int a = 0; a < m; a++)
        for (int b = 0; b < n && s->dual_norm > 0; b++) {
            const double off = s->dual[a * TILE + b] / s->dual_norm - etf_entry(k, ti * TILE + a == tj * TILE + b);
            sums->dual += off * off;
        }
}

/* Tile rows to ranks in turn, from both ends, since row t has n - t tiles. */
static bool is_mine(const Comm *comm, int tile_row)
{
    const int turn = tile_row / comm->n_ranks, place = tile_row % comm->n_ranks;
    return (turn % 2 ? comm->n_ranks - 1 - place : place) == comm->rank;
}

static Sums sweep(const Comm *comm, const Sweep *s, bool second, void (*progress)(double))
{
    const int tiles = (s->in->n_classes + TILE - 1) / TILE;
    Sums sums;
    begin_sums(&sums);
    for (int ti = 0; ti < tiles; ti++) {
        if (!is_mine(comm, ti)) continue;
        for (int tj = 0; tj < tiles; tj++) {
            if (tj >= ti) sweep_gram(s, second, ti, tj, &sums);
            if (second) sweep_dual(s, ti, tj, &sums);
        }
        if (progress) progress(((second ? 1 : 0) + (double)(ti + 1) / tiles) / 2);
    }
    comm_sum_f64(comm, sums.n, 2 * N_PAIR_MEASURES + 3);
    for (int m = 0; m < N_PAIR_MEASURES; m++) sums.max[m] = comm_spread(comm, sums.max[m]).max;
    return sums;
}

/* |A B^T| = sqrt(sum of (A^T A) * (B^T B)), entry by entry: D x D instead of K x K. */
static double product_norm(int k, int d, const double *a, const double *b)
{
    const size_t square = (size_t)d * (size_t)d;
    double *x = memory_alloc(2 * square, sizeof *x), *y = x + square;
    gemm_f64(TRANSPOSED, PLAIN, d, d, k, 1, a, d, a, d, 0, x, d);
    gemm_f64(TRANSPOSED, PLAIN, d, d, k, 1, b, d, b, d, 0, y, d);
    double sum = 0;
    for (size_t i = 0; i < square; i++) sum += x[i] * y[i];
    free(x);
    return sum > 0 ? sqrt(sum) : 0;
}

static void prepare(const PairInput *in, Sweep *s)
{
    const size_t k = (size_t)in->n_classes, d = (size_t)in->n_features;
    *s = (Sweep){.in = in, .target = -1.0 / (in->n_classes - 1)};
    s->length = memory_alloc(3 * k, sizeof *s->length);
    s->raw_length = s->length + k;
    s->along = s->raw_length + k;
    s->unit = memory_alloc(k * d, sizeof *s->unit);
    s->tile = memory_alloc(2 * TILE * TILE, sizeof *s->tile);
    s->dual = s->tile + TILE * TILE;
    s->row_sums = memory_alloc(TILE, sizeof *s->row_sums);
    s->centre_square = dot((int)d, in->centre, in->centre);
    for (size_t c = 0; c < k; c++) {
        const double *x = in->centred + c * d;
        double square = 0;
        for (size_t j = 0; j < d; j++) square += (x[j] + in->centre[j]) * (x[j] + in->centre[j]);
        s->length[c] = sqrt(dot((int)d, x, x));
        s->raw_length[c] = sqrt(square);
        s->along[c] = dot((int)d, x, in->centre);
        for (size_t j = 0; j < d && s->length[c] > 0; j++) s->unit[c * d + j] = x[j] / s->length[c];
    }
    s->gram_norm = product_norm((int)k, (int)d, in->centred, in->centred);
    s->dual_norm = product_norm((int)k, (int)d, in->row, in->centred);
    double rows = 0;
    for (size_t c = 0; c < k; c++) rows += dot((int)d, in->row + c * d, in->row + c * d);
    if (s->dual_norm * s->dual_norm <= in->noise * rows) s->dual_norm = 0; /* embeddings see nothing of the means */
}

void pairs_measure(const Comm *comm, const PairInput *in, void (*progress)(double), PairResult *r)
{
    Sweep s;
    prepare(in, &s);
    const Sums first = sweep(comm, &s, false, progress);
    for (int m = 0; m < N_PAIR_MEASURES; m++) s.mean[m] = first.n[m] > 0 ? first.sum[m] / first.n[m] : (double)NAN;
    const Sums second = sweep(comm, &s, true, progress);
    *r = (PairResult){.n_pairs = (int64_t)in->n_classes * (in->n_classes - 1) / 2, .n_equal = (int64_t)first.equal};
    for (int m = 0; m < N_PAIR_MEASURES; m++) {
        const double n = first.n[m];
        r->measure[m] = (PairSummary){(int64_t)n, s.mean[m], n > 1 ? second.sum[m] / n : (double)NAN,
                                      n > 0 ? first.max[m] : (double)NAN};
    }
    r->etf_error = s.gram_norm > 0 ? sqrt(second.etf) : (double)NAN;
    r->duality_error = s.dual_norm > 0 ? sqrt(second.dual) : (double)NAN;
    free(s.length);
    free(s.unit);
    free(s.tile);
    free(s.row_sums);
}
