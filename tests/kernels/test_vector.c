/* test_vector.c: every elementwise kernel of every instruction set this machine has against a naive
 * fp64 version (tests/reference/naive.h), and exp and erf over all exponents. */
#include "kernels/vector.h"

#include "../harness.h"
#include "../reference/naive.h"

#ifdef REAL_IS_DOUBLE
#define LOOSE 1e-12
#else
#define LOOSE 2e-6
#endif

enum { N = 7, D = 403 }; /* not a multiple of any vector length */

static real x[N * D], y[N * D], z[N * D], w[N * D], gamma_[D], beta[D];
static double X[N * D], Y[N * D], Z[N * D], G[D], B[D];

static void fill(uint32_t stream, double scale, int n, real *out, double *same)
{
    const RandomKey key = random_key(1, RANDOM_TEST, stream, 0, 0);
    for (int i = 0; i < n; i++) {
        uint32_t word[4];
        double normal[2];
        random_words(&key, (uint32_t)i, word);
        random_normal(word[0], word[1], normal);
        out[i] = (real)(scale * normal[0]);
        if (same) same[i] = (double)out[i];
    }
}

static double worst(int n, const real *ours, const double *exact)
{
    double most = 0;
    for (int i = 0; i < n; i++) {
        const double error = fabs((double)ours[i] - exact[i]) / (1 + fabs(exact[i]));
        if (!(error <= most)) most = error; /* a NaN stays */
    }
    return most;
}

static void expect(const char *kernel, double error, double bar)
{
    check(error <= bar, "%s %s: largest error %.1e", vector_kernels->name, kernel, error);
}

static void test_layernorm(void)
{
    real mean[N], rstd[N], dgamma[D] = {0}, dbeta[D] = {0};
    double dG[D] = {0}, dB[D] = {0}, exact[N * D];
    fill(1, 2, N * D, x, X), fill(2, 1, D, gamma_, G), fill(3, 1, D, beta, B), fill(4, 1, N * D, y, Y);
    vector_kernels->layernorm_forward(N, D, x, gamma_, beta, 1e-12, z, mean, rstd);
    naive_layernorm(N, D, X, G, B, 1e-12, exact);
    expect("layernorm", worst(N * D, z, exact), LOOSE);
    vector_kernels->layernorm_backward(N, D, y, x, mean, rstd, gamma_, z, dgamma, dbeta);
    naive_layernorm_backward(N, D, Y, X, G, 1e-12, exact, dG, dB);
    expect("layernorm dx", worst(N * D, z, exact), LOOSE);
    expect("layernorm dgamma", worst(D, dgamma, dG), 5 * LOOSE);
    expect("layernorm dbeta", worst(D, dbeta, dB), LOOSE);
    memcpy(w, y, sizeof w);
    vector_kernels->layernorm_backward(N, D, w, x, mean, rstd, gamma_, w, dgamma, dbeta);
    check(memcmp(w, z, sizeof w) == 0, "%s layernorm dx in place of dy: same bits", vector_kernels->name);
}

/* The largest |x - exact| beyond half of bfloat16's last bit. */
static double off_rounded(const Bf16 *rounded, const double *exact)
{
    double most = 0;
    for (int i = 0; i < N * D; i++) {
        most = fmax(most, fabs((double)bf16_value(rounded[i]) - exact[i]) - ldexp(fabs(exact[i]), -8));
    }
    return most;
}

/* After test_gelu's fill. */
static void test_gelu_rounded(void)
{
    static Bf16 g[N * D], df[N * D];
    static double exact[N * D], slope[N * D];
    double sum[D] = {0};
    real dbias[D] = {0};
    memcpy(z, x, sizeof z), memcpy(w, x, sizeof w);
    vector_kernels->bias_gelu(N, D, beta, z, y);
    vector_kernels->bias_gelu_rounded(N, D, beta, w, g);
    check(memcmp(z, w, sizeof z) == 0, "%s bias_gelu_rounded: the bias has the bits of bias_gelu",
          vector_kernels->name);
    fill(7, 1, N * D, y, Y);
    for (int i = 0; i < N * D; i++) {
        exact[i] = naive_gelu((double)z[i]), slope[i] = Y[i] * naive_gelu_slope((double)z[i]);
        sum[i % D] += slope[i];
    }
    expect("bias_gelu_rounded", off_rounded(g, exact), LOOSE);
    static Bf16 again[N * D];
    vector_kernels->gelu_backward_rounded(N, D, z, y, again, df, dbias);
    check(memcmp(g, again, sizeof g) == 0, "%s gelu_backward_rounded: g has the bits of the forward pass",
          vector_kernels->name);
    expect("gelu_backward_rounded, df", off_rounded(df, slope), LOOSE);
    expect("gelu_backward_rounded, dbias", worst(D, dbias, sum), 2 * LOOSE);
}

static void test_gelu(void)
{
    double exact[N * D], dbias_exact[D] = {0};
    real dbias[D] = {0};
    fill(5, 3, N * D, x, X), fill(6, 1, D, beta, B), fill(7, 1, N * D, y, Y);
    memcpy(z, x, sizeof z);
    vector_kernels->bias_gelu(N, D, beta, z, w);
    for (int i = 0; i < N * D; i++) exact[i] = naive_gelu((double)z[i]);
    expect("bias_gelu", worst(N * D, w, exact), LOOSE);
    static real again[N * D];
    vector_kernels->gelu(N, D, z, again);
    check(memcmp(w, again, sizeof w) == 0, "%s gelu: the bits of bias_gelu", vector_kernels->name);
    memcpy(w, y, sizeof w);
    vector_kernels->gelu_backward(N, D, z, w, w, dbias);
    for (int i = 0; i < N * D; i++) {
        exact[i] = Y[i] * naive_gelu_slope((double)z[i]);
        dbias_exact[i % D] += exact[i];
    }
    expect("gelu_backward", worst(N * D, w, exact), LOOSE);
    expect("gelu dbias", worst(D, dbias, dbias_exact), 2 * LOOSE);
    test_gelu_rounded();
}

/* Rows further apart than they are long: the bits of scale_rows and round; sums in the order of the rows. */
static void test_round_rows(void)
{
    enum { LX = 410, LY = 405 };
    static real apart[N * LX];
    static Bf16 rounded[N * LY], expected[N * LY];
    real factor[N], sum[D], total[D];
    fill(12, 1, N, factor, NULL), fill(13, 3, N * LX, apart, NULL);
    for (int way = 0; way < 2; way++) {
        memset(rounded, 0x11, sizeof rounded), memset(expected, 0x11, sizeof expected);
        for (int j = 0; j < D; j++) sum[j] = total[j] = (real)j / 7;
        vector_kernels->scale_rows(N, D, way ? factor : NULL, apart, LX, x, D);
        for (int i = 0; i < N; i++) {
            vector_kernels->round(D, x + i * D, expected + i * LY);
            for (int j = 0; j < D && !way; j++) total[j] += x[i * D + j];
        }
        vector_kernels->round_rows(N, D, way ? factor : NULL, apart, LX, rounded, LY, way ? NULL : sum);
        check(memcmp(rounded, expected, sizeof rounded) == 0 && memcmp(sum, total, sizeof sum) == 0,
              "%s round_rows, %s: the bits of its parts", vector_kernels->name, way ? "scaled" : "with their sum");
    }
}

/* Rows of 403 padded to 416; the padding must not matter. */
static void test_attention_rows(void)
{
    enum { LD = 416 };
    const real SCALE = 0.75;
    static real s[N * LD], p[N * LD], dropped[N * LD], dp[N * LD];
    static double exact[N * D];
    real maximum[N], inverse[N], dot[N];
    fill(8, 5, N * D, x, X), fill(9, 1, N * D, y, Y);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < LD; j++) s[i * LD + j] = p[i * LD + j] = j < D ? x[i * D + j] : 1000;
    for (int i = 0; i < N * D; i++) X[i] *= (double)SCALE;
    for (int i = 0; i < N; i++) naive_softmax(D, X + i * D, exact + i * D);
    vector_kernels->exponentials(N, D, SCALE, s, LD, maximum, inverse);
    bool same = true;
    for (int i = 0; i < N; i++) {
        real most = x[i * D];
        for (int j = 1; j < D; j++) most = x[i * D + j] > most ? x[i * D + j] : most;
        same = same && maximum[i] == most;
    }
    check(same, "%s exponentials: the rows' maxima", vector_kernels->name);
    vector_kernels->exponentials_again(N, D, SCALE, maximum, p, LD);
    same = true;
    for (int i = 0; i < N; i++) same = same && memcmp(s + i * LD, p + i * LD, D * sizeof *p) == 0;
    check(same, "%s exponentials again: the same bits", vector_kernels->name);
    vector_kernels->scale_rows(N, D, inverse, s, LD, p, LD);
    double first = 0, dots = 0, gradient = 0;
    for (int i = 0; i < N; i++) first = fmax(first, worst(D, p + i * LD, exact + i * D));
    expect("exponentials, scaled", first, LOOSE);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < D; j++) { /* dropout as factors 0, 1, 2 by column */
            dropped[i * LD + j] = (real)(j % 3) * p[i * LD + j];
            dp[i * LD + j] = y[i * D + j];
        }
    vector_kernels->row_dots(N, D, dropped, LD, y, D, dot);
    vector_kernels->scores_backward(N, D, LD, p, dropped, dot, dp);
    for (int i = 0; i < N; i++) {
        double sum = 0;
        for (int j = 0; j < D; j++) sum += Y[i * D + j] * exact[i * D + j] * (j % 3);
        dots = fmax(dots, fabs((double)dot[i] - sum));
        for (int j = 0; j < D; j++) Z[j] = exact[i * D + j] * (Y[i * D + j] * (j % 3) - sum);
        gradient = fmax(gradient, worst(D, dp + i * LD, Z));
    }
    expect("row_dots", dots, LOOSE);
    expect("scores_backward", gradient, LOOSE);
    s[3] = (real)NAN;
    vector_kernels->exponentials(N, D, SCALE, s, LD, maximum, inverse);
    check(isnan((double)inverse[0]) && !isnan((double)inverse[1]), "%s exponentials: a NaN stays a NaN",
          vector_kernels->name);
    for (int j = 0; j < D; j++) s[j] = j == 7 ? (real)1e13 : (real)(100 * j);
    vector_kernels->exponentials(1, D, SCALE, s, LD, maximum, inverse);
    check(s[7] == 1 && s[8] < (real)1e-30 && inverse[0] == 1, "%s exponentials: of a huge score exactly 1 (%g, sum %g)",
          vector_kernels->name, (double)s[7], 1 / (double)inverse[0]);
}

/* All sizes about the tiles' edges, both ways A may be stored, begun and added to; columns beside C stay. */
static void test_small_product(void)
{
    static real a[70 * 70], b[70 * 96], c[70 * 70];
    static double exact_a[70 * 70], exact_b[70 * 96];
    const int size[] = {1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 48, 63, 65};
    enum { N_SIZES = sizeof size / sizeof size[0], LDC = 70 };
    double most = 0;
    int beside = 0;
    for (int s = 0; s < 4 * N_SIZES * N_SIZES; s++) {
        const int m = size[s / 4 / N_SIZES], n = size[s / 4 % N_SIZES], k = size[(s * 7 + 3) % N_SIZES],
                  ldb = product_padded(n);
        const bool transposed = s & 1, adds = s & 2;
        fill(21, 1, m * k, a, exact_a), fill(22, 1, k * ldb, b, exact_b);
        for (int i = 0; i < 70 * LDC; i++) c[i] = 1;
        vector_kernels->small_product(m, n, k, a, transposed ? 1 : k, transposed ? m : 1, b, ldb, adds, c, LDC, NULL);
        for (int i = 0; i < 70; i++)
            for (int j = 0; j < LDC; j++) {
                double sum = adds;
                if (i >= m || j >= n) {
                    beside += c[i * LDC + j] != 1;
                    continue;
                }
                for (int l = 0; l < k; l++)
                    sum += (transposed ? exact_a[l * m + i] : exact_a[i * k + l]) * exact_b[l * ldb + j];
                if (!(fabs((double)c[i * LDC + j] - sum) <= most)) most = fabs((double)c[i * LDC + j] - sum);
            }
    }
    expect("small_product", most, 10 * LOOSE);
    check(beside == 0, "%s small_product writes nothing beside C", vector_kernels->name);
    fill(21, 1, 33 * 17, a, exact_a);
    for (int i = 0; i < 70 * 96; i++) b[i] = 7;
    for (int i = 0; i < 70 * 70; i++) c[i] = 7;
    real factor[33];
    for (int i = 0; i < 33; i++) factor[i] = (real)(i + 1);
    vector_kernels->pack(33, 17, a, 17, factor, b);
    vector_kernels->pack_transposed(27, 17, a, 17, 3, c);
    int wrong = 0;
    for (int i = 0; i < 33; i++)
        for (int j = 0; j < 32; j++) wrong += b[i * 32 + j] != (j < 17 ? factor[i] * a[i * 17 + j] : 0);
    for (int i = 0; i < 17; i++)
        for (int j = 0; j < 32; j++) wrong += c[i * 32 + j] != (j < 27 ? 3 * a[j * 17 + i] : 0);
    check(wrong == 0 && b[33 * 32] == 7 && c[17 * 32] == 7, "%s pack and pack_transposed, padding 0",
          vector_kernels->name);
}

static void test_cross_entropy(void)
{
    int label[N];
    double exact[N * D], loss = 0;
    fill(10, 4, N * D, x, X), fill(11, 1, D, beta, B);
    for (int i = 0; i < N; i++) {
        double row[D];
        label[i] = (i * 57) % D;
        for (int j = 0; j < D; j++) row[j] = X[i * D + j] + B[j];
        naive_softmax(D, row, exact + i * D);
        loss -= log(exact[i * D + label[i]]);
        for (int j = 0; j < D; j++) exact[i * D + j] = 0.25 * (exact[i * D + j] - (j == label[i]));
    }
    const double ours = vector_kernels->cross_entropy(N, D, x, beta, label, 0.25);
    expect("cross_entropy", fabs(ours - loss) / loss, LOOSE);
    expect("cross_entropy gradient", worst(N * D, x, exact), LOOSE);
}

/* A row as long as a vocabulary: thousands of small numbers behind one another, whose sum in single precision is off by
 * 1e-5. */
static void test_cross_entropy_vocabulary(void)
{
    enum { PIECES = 30522 };
    static real row[PIECES], zero[PIECES];
    static double exact[PIECES];
    fill(15, 3, PIECES, row, exact);
    double sum = 0;
    for (int j = 0; j < PIECES; j++) sum += exp(exact[j]);
    const int label = 77;
    const double ours = vector_kernels->cross_entropy(1, PIECES, row, zero, &label, 0);
    expect("cross_entropy over a vocabulary", fabs(ours - (log(sum) - exact[label])), 1e-6);
}

static void test_adamw(void)
{
    for (int form = 0; form < 2; form++) {
        double p[D], m[D], v[D];
        real p1[D], m1[D], v1[D], g1[D];
        fill(12, 1, D, p1, p), fill(13, 0.1, D, g1, G), fill(14, 0.1, D, m1, m), fill(15, 0.1, D, v1, v);
        for (int i = 0; i < D; i++) v[i] = fabs(v[i]), v1[i] = (real)v[i];
        const AdamSettings s = {form ? ADAM_HF : ADAM_TORCH, 1e-3, 0.9, 0.999, 1e-8, 0.01, 0.5, 3};
        vector_kernels->adamw(D, &s, p1, g1, m1, v1);
        naive_adamw(D, &s, p, G, m, v);
        expect(form ? "adamw hf" : "adamw torch", worst(D, p1, p), LOOSE);
        expect("adamw moments", fmax(worst(D, m1, m), worst(D, v1, v)), LOOSE);
    }
}

/* A single weight or moment that is not finite is seen, wherever it stands; without one the answer is 0. */
static void test_adamw_finite(void)
{
    const AdamSettings s = {ADAM_TORCH, 1e-3, 0.9, 0.999, 1e-8, 0.01, 1, 3};
    const double big = sizeof(real) == sizeof(float) ? 3e38 : 1.7e308;
    bool sees = true;
    for (int at = 0; at < D; at++) {
        for (int what = 0; what < 4; what++) {
            real p1[D], m1[D] = {0}, v1[D] = {0}, g1[D] = {0};
            for (int i = 0; i < D; i++) p1[i] = 1;
            if (what == 0) g1[at] = (real)sqrt(big) * 100; /* its square overflows: the weight moves by nothing */
            if (what == 1) m1[at] = (real)big;             /* the weight overflows */
            if (what == 2) p1[at] = (real)NAN;
            const real found = vector_kernels->adamw(D, &s, p1, g1, m1, v1);
            sees = sees && (what == 3 ? found == 0 : isnan(found));
            if (what == 0) sees = sees && isfinite(p1[at]) && isinf(v1[at]);
        }
    }
    check(sees, "%s adamw tells of a weight or moment that is not finite", vector_kernels->name);
}

static void test_dropout(void)
{
    const Dropout dropout = {random_key(3, RANDOM_DROPOUT, 1, 2, 3), 0.1};
    int kept = 0, wrong = 0;
    for (int i = 0; i < N * D; i++) x[i] = 1;
    vector_kernels->dropout(N, D, D, x, &dropout, 5, y);
    for (int i = 0; i < N * D; i++) {
        const bool drop = naive_drops(&dropout, D, 5 + i / D, i % D);
        wrong += y[i] != (drop ? 0 : (real)(65536.0 / (65536 - 6554)));
        kept += y[i] != 0;
    }
    check(wrong == 0, "%s dropout: the elements Philox names (%d wrong)", vector_kernels->name, wrong);
    check(near((double)kept / (N * D), 0.9, 0.02), "%s dropout: %.3f kept", vector_kernels->name,
          (double)kept / (N * D));
    fill(16, 1, N * D, x, X), fill(17, 1, D, beta, B), fill(18, 1, N * D, w, Y);
    vector_kernels->bias_dropout_add(N, D, x, beta, w, &dropout, 5, z);
    for (int i = 0; i < N * D; i++) Z[i] = Y[i] + (X[i] + B[i % D]) * (double)y[i];
    expect("bias_dropout_add", worst(N * D, z, Z), LOOSE);
}

static void test_sums(void)
{
    fill(19, 1, N * D, x, X);
    double exact = 0;
    for (int i = 0; i < N * D; i++) exact += X[i] * X[i];
    expect("square_sum", fabs(vector_kernels->square_sum(N * D, x) - exact) / exact, 1e-12);
    x[3] = (real)NAN;
    check(isnan(vector_kernels->square_sum(N * D, x)), "%s square_sum: a NaN stays a NaN", vector_kernels->name);
}

int main(void)
{
    const int best = vector_best_level();
    for (int level = 0; level <= best; level++) {
        vector_choose(level);
        test_layernorm();
        test_gelu();
        test_round_rows();
        test_attention_rows();
        test_small_product();
        test_cross_entropy();
        test_cross_entropy_vocabulary();
        test_adamw();
        test_adamw_finite();
        test_dropout();
        test_sums();
    }
    return harness_done();
}
