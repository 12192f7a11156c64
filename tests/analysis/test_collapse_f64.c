/* test_collapse_f64.c: the measures of analysis/collapse. Oracles: the worked example of the
 * specification (evaluations.md 10.10), central differences in fp64, identities of methods.md 6.3. */
#include "analysis/collapse.h"

_Static_assert(sizeof(real) == sizeof(double), "this test needs the fp64 build");

#include "../harness.h"
#include "base/random.h"
#include "kernels/vector.h"

enum { K_MAX = 6, D_MAX = 7, N_STATES = 40 };

typedef struct {
    Arena arena;
    ClassMeans means;
    Collapse collapse;
    int n_classes, d;
    int id[K_MAX];
    real word[(K_MAX + 2) * D_MAX];
    real x[N_STATES * D_MAX];
    int label[N_STATES];
    int n_states;
} Case;

static void lay_out(Case *c)
{
    class_means_init(&c->arena, c->n_classes, c->d, &c->means);
    collapse_init(&c->arena, c->n_classes, c->d, &c->collapse);
}

static void open_case(Case *c, int n_classes, int d)
{
    c->arena = (Arena){0};
    c->n_classes = n_classes, c->d = d;
    lay_out(c);
    arena_open(&c->arena);
    lay_out(c);
    for (int k = 0; k < n_classes; k++) c->id[k] = n_classes - k; /* rows in another order than classes */
}

static double value(Case *c, CollapseMetric metric)
{
    class_means_clear(&c->means);
    class_means_add(&c->means, c->n_states, c->x, c->label);
    collapse_gather(&c->means, c->id, c->word, &c->collapse);
    return collapse_measure(metric, &c->collapse);
}

static void random_case(Case *c, uint32_t stream, int n_classes, int empty)
{
    open_case(c, n_classes, D_MAX);
    const RandomKey key = random_key(9, RANDOM_TEST, stream, 0, 0);
    uint32_t word[4];
    double normal[2];
    for (int i = 0; i < (K_MAX + 2) * D_MAX; i++) {
        random_words(&key, (uint32_t)i, word);
        random_normal(word[0], word[1], normal);
        c->word[i] = (real)normal[0];
    }
    c->n_states = N_STATES;
    for (int i = 0; i < N_STATES; i++) {
        random_words(&key, (uint32_t)(1000 + i), word);
        c->label[i] = (int)(word[0] % (uint32_t)n_classes);
        if (c->label[i] == empty || i % 9 == 0) c->label[i] = -1;
        for (int j = 0; j < D_MAX; j++) {
            random_words(&key, (uint32_t)(2000 + i * D_MAX + j), word);
            random_normal(word[0], word[1], normal);
            c->x[i * D_MAX + j] = (real)(normal[0] + 0.7 * c->label[i] * (j % 3));
        }
    }
}

static const char *const name[] = {"unc3", "nc3", "nc1", "nc2"};

static double numeric(Case *c, CollapseMetric metric, real *entry)
{
    const real kept = *entry;
    const double h = 1e-6;
    *entry = kept + h;
    const double above = value(c, metric);
    *entry = kept - h;
    const double below = value(c, metric);
    *entry = kept;
    return (above - below) / (2 * h);
}

static void row_gradients(Case *c, CollapseMetric metric)
{
    double worst = 0, drow[K_MAX * D_MAX];
    value(c, metric);
    memcpy(drow, c->collapse.drow, sizeof drow);
    const int n = c->collapse.n_active;
    int active[K_MAX];
    memcpy(active, c->collapse.active, (size_t)n * sizeof *active);
    for (int k = 0; k < n; k++)
        for (int j = 0; j < c->d; j++) {
            const double exact = numeric(c, metric, &c->word[c->id[active[k]] * c->d + j]);
            worst = fmax(worst, fabs(exact - drow[k * c->d + j]));
        }
    double size = 0;
    for (int i = 0; i < n * c->d; i++) size = fmax(size, fabs(drow[i]));
    const bool is_flat = metric == COLLAPSE_NC2 && n == 2; /* two centred points are always opposite */
    check(worst <= 1e-7 && (size > 1e-4 || is_flat),
          "%s, %d classes: gradient to the rows, differences %.1e (largest entry %.2g)", name[metric], n, worst, size);
    if (metric == COLLAPSE_NC2) return;
    double along = 0;
    for (int k = 0; k < n; k++) {
        double dot = 0;
        for (int j = 0; j < c->d; j++) dot += drow[k * c->d + j] * (double)c->word[c->id[active[k]] * c->d + j];
        along = fmax(along, fabs(dot));
    }
    check(along < 1e-6, "%s: rows are only rotated (gradient along the row %.1e)", name[metric], along);
}

static void state_gradients(Case *c, CollapseMetric metric)
{
    double worst = 0, size = 0;
    value(c, metric);
    double dmean[K_MAX * D_MAX], dvariance[K_MAX], mean[K_MAX * D_MAX];
    int place[K_MAX];
    for (int k = 0; k < K_MAX; k++) place[k] = -1;
    memcpy(dmean, c->collapse.dmean, sizeof dmean);
    memcpy(dvariance, c->collapse.dvariance, (size_t)c->collapse.n_active * sizeof(double));
    for (int k = 0; k < c->collapse.n_active; k++) {
        const int class = c->collapse.active[k];
        place[class] = k;
        for (int j = 0; j < c->d; j++)
            mean[k * c->d + j] = c->means.sum[class * c->d + j] / (double)c->means.count[class];
    }
    int64_t count[K_MAX];
    memcpy(count, c->means.count, (size_t)c->n_classes * sizeof *count);
    for (int i = 0; i < c->n_states; i++) {
        if (c->label[i] < 0) continue;
        const int k = place[c->label[i]];
        for (int j = 0; j < c->d; j++) {
            const double ours =
                (dmean[k * c->d + j] + 2 * dvariance[k] * ((double)c->x[i * c->d + j] - mean[k * c->d + j])) /
                (double)count[c->label[i]];
            worst = fmax(worst, fabs(ours - numeric(c, metric, &c->x[i * c->d + j])));
            size = fmax(size, fabs(ours));
        }
    }
    const bool is_flat = metric == COLLAPSE_NC2 && c->collapse.n_active == 2;
    check(worst <= 1e-7 && (size > 1e-5 || is_flat),
          "%s: gradient to the states, differences %.1e (largest entry %.2g)", name[metric], worst, size);
}

static void gradients(void)
{
    for (int m = 0; m < 4; m++)
        for (int k = 2; k <= K_MAX; k += 2) {
            Case c;
            random_case(&c, (uint32_t)(10 * m + k), k, k == K_MAX ? 3 : -1);
            row_gradients(&c, (CollapseMetric)m);
            state_gradients(&c, (CollapseMetric)m);
            arena_close(&c.arena);
        }
}

/* evaluations.md 10.10 */
static void worked_example(void)
{
    static const double x[] = {2, 0, 2, 1, 0, 2, 1, 2, -1, -1, -2, -1, -1, -2}, row[] = {1, 0.2, 0.1, 1, -1, -0.8};
    static const double s[] = {0.9917502218317946, 0.9995253428544275, 0.9938837346736189};
    static const int label[] = {0, 0, 1, 1, 2, 2, 2};
    Case c;
    open_case(&c, 3, 2);
    c.n_states = 7;
    for (int i = 0; i < 14; i++) c.x[i] = (real)x[i];
    for (int i = 0; i < 7; i++) c.label[i] = label[i];
    for (int k = 0; k < 3; k++)
        for (int j = 0; j < 2; j++) c.word[c.id[k] * 2 + j] = (real)row[k * 2 + j];
    const double sigma = value(&c, COLLAPSE_UNC3);
    /* the example is without the 2^-23 of the published code */
    check(near(sigma, 0.004017298570527706, 1e-6), "worked example: UNC3 %.9f", sigma);
    double worst = 0;
    for (int k = 0; k < 3; k++) worst = fmax(worst, fabs(c.collapse.cosine[k] - s[k]));
    check(worst < 1e-6, "worked example: cosines (%.1e)", worst);
    check(near(1 - value(&c, COLLAPSE_NC3), 0.9950530997866137, 1e-6), "worked example: mean cosine");
    value(&c, COLLAPSE_NC1);
    check(near(c.collapse.variance[2], 0.444444444444, 1e-6) && near(c.collapse.variance[0], 0.25, 1e-6),
          "worked example: variances");
    arena_close(&c.arena);
}

/* With every row along its class mean, nc1 is the quotient tr S_W / tr S_B: 0.0897 in the example. */
static void perfect_duality(void)
{
    Case c;
    random_case(&c, 77, 4, -1);
    value(&c, COLLAPSE_NC1);
    double within = 0, between = 0;
    for (int k = 0; k < 4; k++) {
        within += c.collapse.variance[k];
        for (int j = 0; j < c.d; j++) {
            c.word[c.id[c.collapse.active[k]] * c.d + j] = (real)(3 * c.collapse.centred[k * c.d + j]);
            between += c.collapse.centred[k * c.d + j] * c.collapse.centred[k * c.d + j];
        }
    }
    check(near(value(&c, COLLAPSE_NC1), within / between, 1e-5), "nc1 with dual rows is tr S_W / tr S_B");
    check(near(value(&c, COLLAPSE_UNC3), 0, 1e-5) && near(value(&c, COLLAPSE_NC3), 0, 1e-5),
          "unc3 and nc3 are 0 there");
    arena_close(&c.arena);
}

/* No measure can be taken: each is NaN and says so, and no gradient is left. */
static bool none_measured(Case *c)
{
    bool none = true;
    for (int m = 0; m < 4; m++) {
        none = none && isnan(value(c, (CollapseMetric)m)) && !c->collapse.is_measured;
        for (int i = 0; i < c->collapse.n_active * c->d; i++)
            none = none && c->collapse.drow[i] == 0 && c->collapse.dmean[i] == 0;
    }
    return none;
}

static void degenerate(void)
{
    Case c;
    random_case(&c, 5, 3, -1);
    for (int i = 0; i < N_STATES; i++) c.label[i] = -1;
    check(none_measured(&c) && c.collapse.n_active == 0, "no class met: nothing is measured");
    c.label[4] = 2;
    check(none_measured(&c) && c.collapse.n_active == 1, "one class: nothing is measured, no gradient (Q-R9)");
    for (int i = 0; i < N_STATES; i++) {
        c.label[i] = i == 0 ? 0 : 1 + i % 2; /* counts of 1 and of many: the epsilon in mu_c tells them apart */
        for (int j = 0; j < D_MAX; j++) c.x[i * D_MAX + j] = (real)(0.1 * (j + 1));
    }
    check(none_measured(&c) && c.collapse.n_active == 3, "all means in one point: nothing is measured");
    arena_close(&c.arena);
    random_case(&c, 5, 3, -1);
    memset(c.word, 0, sizeof c.word);
    check(none_measured(&c) && c.collapse.n_active == 3, "embeddings of 0: nothing is measured");
    arena_close(&c.arena);
}

/* A class without a direction is left out; not finite is something else than not measured. */
static void left_out(void)
{
    Case c;
    double mean, deviation;
    random_case(&c, 8, 4, -1);
    for (int j = 0; j < D_MAX; j++) c.word[c.id[1] * D_MAX + j] = 0;
    const double unc3 = value(&c, COLLAPSE_UNC3), nc3 = value(&c, COLLAPSE_NC3);
    const double *s = c.collapse.cosine, m = (s[0] + s[2] + s[3]) / 3,
                 square = (s[0] - m) * (s[0] - m) + (s[2] - m) * (s[2] - m) + (s[3] - m) * (s[3] - m);
    check(near(unc3, sqrt(square / 2), 1e-14) && near(nc3, 1 - m, 1e-14) && c.collapse.n_directed == 3,
          "an embedding of 0 is left out of unc3 and nc3, not counted as cosine 0");
    bool still = true;
    for (int j = 0; j < D_MAX; j++) still = still && c.collapse.drow[1 * D_MAX + j] == 0;
    check(still, "and gets no gradient");
    memset(c.word, 0, sizeof c.word);
    for (int j = 0; j < D_MAX; j++) c.word[c.id[2] * D_MAX + j] = 1;
    value(&c, COLLAPSE_NC3);
    collapse_duality(&c.collapse, &mean, &deviation);
    check(near(mean, c.collapse.cosine[2], 1e-14) && isnan(deviation),
          "one embedding that is not 0: a mean, but no deviation of one number");
    arena_close(&c.arena);
    random_case(&c, 8, 4, -1);
    for (int i = 0; i < N_STATES && c.label[i] != 2; i++) c.x[(i + 1) * D_MAX] = (real)NAN;
    bool seen = true;
    for (int metric = 0; metric < 4; metric++)
        seen = seen && isnan(value(&c, (CollapseMetric)metric)) && c.collapse.is_measured;
    check(seen, "a state that is not finite makes every measure NaN, and it counts as measured: a fault, not a gap");
    arena_close(&c.arena);
}

static void identities(void)
{
    Case c;
    random_case(&c, 6, 5, -1);
    const double before = value(&c, COLLAPSE_UNC3);
    for (int j = 0; j < D_MAX; j++) c.word[c.id[2] * D_MAX + j] *= 5;
    check(near(value(&c, COLLAPSE_UNC3), before, 1e-6), "unc3 does not change when a row is scaled");
    double sum = 0;
    for (int j = 0; j < D_MAX; j++)
        for (int k = 0; k < 5; k++) sum += c.collapse.dmean[k * D_MAX + j];
    check(near(sum, 0, 1e-9), "gradients to the means sum to 0 (the global mean is theirs)");
    arena_close(&c.arena);
}

int main(void)
{
    worked_example();
    gradients();
    perfect_duality();
    degenerate();
    left_out();
    identities();
    return harness_done();
}
