/* test_prototypes_f64.c: words among prototypes, states that stay. Oracles: PyTorch in fp64
 * (tests/golden/prototypes.h5, written by tests/oracle/make_golden.py), central differences, cases by hand. */
#include <string.h>

#include "base/real.h"
#include "objectives/prototypes.h"
#include "objectives/state_distance.h"
#include "torch.h"

_Static_assert(sizeof(real) == sizeof(double), "this test needs the fp64 build");

enum { K = 2, N = 11, D = 6, WORDS = 4, GROUPS = 3, STRIDE = 5, SIZE = K * N * D };

static const double rho = 1.5;
static const int pieces[WORDS] = {2, 1, 3, 1}, row[WORDS][3] = {{1, 2}, {4}, {6, 7, 8}, {10}};
static real state[SIZE], dstate[SIZE];
static double prototype[GROUPS][K * D], stay[SIZE], p[GROUPS * WORDS];

typedef double (*OfMeasures)(double weight, const double *s, double *ds);

static double spread(double weight, const double *s, double *ds)
{
    return prototypes_spread(WORDS, GROUPS, STRIDE, s, rho, weight, p, ds);
}

static double squares(double weight, const double *s, double *ds)
{
    return prototypes_squares(WORDS, GROUPS, STRIDE, s, weight, ds);
}

static double means(double weight, const double *s, double *ds)
{
    return prototypes_means(WORDS, GROUPS, STRIDE, s, weight, ds);
}

/* From the states to vectors, measures, the loss, and back. before: as published, the states of the token before, over
 * the most pieces. */
static double of_words(double weight, PrototypeMeasure measure, OfMeasures loss, bool before)
{
    real *const h[K] = {state, state + N * D}, *const dh[K] = {dstate, dstate + N * D};
    double v[WORDS][K * D], dv[K * D], s[WORDS * STRIDE], ds[WORDS * STRIDE] = {0};
    WordPlace word[WORDS];
    int at[WORDS][3];
    for (int b = 0; b < WORDS; b++) {
        for (int i = 0; i < pieces[b]; i++) at[b][i] = row[b][i] - before;
        word[b] = (WordPlace){pieces[b], at[b], before ? 1.0 / 3 : 1.0 / pieces[b]};
        prototypes_vector(&word[b], K, D, h, v[b]);
        for (int i = 0; i < GROUPS; i++) s[b * STRIDE + i] = prototypes_measure(measure, K, D, v[b], prototype[i]);
        for (int i = GROUPS; i < STRIDE; i++) s[b * STRIDE + i] = (double)NAN; /* nobody's */
    }
    const double value = loss(weight, s, ds);
    for (int b = 0; b < WORDS; b++) {
        memset(dv, 0, sizeof dv);
        for (int i = 0; i < GROUPS; i++)
            prototypes_measure_backward(measure, K, D, v[b], prototype[i], ds[b * STRIDE + i], dv);
        prototypes_vector_backward(&word[b], K, D, dv, dh);
    }
    return value;
}

static double spread_loss(double weight)
{
    return of_words(weight, PROTOTYPE_DISTANCE, spread, false);
}

static double before_loss(double weight)
{
    return of_words(weight, PROTOTYPE_DISTANCE, spread, true);
}

static double squares_loss(double weight)
{
    return of_words(weight, PROTOTYPE_PRODUCT, squares, false);
}

static double means_loss(double weight)
{
    return of_words(weight, PROTOTYPE_SQUARE, means, false);
}

static double mse_loss(double weight)
{
    return state_distance(STATE_MSE, K * N, D, stay, state, weight, dstate);
}

static double kl_loss(double weight)
{
    return state_distance(STATE_KL, K * N, D, stay, state, weight, dstate);
}

static const TorchCase torch = {SIZE, state, dstate, 1e-11};

/* Two groups that two words are shared out to, far apart: P is (1, 0) and (0, 1), the divergence one bit, and nothing
 * is infinite; alike, no divergence and no gradient. A common shift of a group's distances changes nothing. */
static void by_hand(void)
{
    const double apart[] = {0, 9e5, 9e5, 0}, alike[] = {3, 3, 5, 5}, shifted[] = {3, 1003, 5, 1005};
    double ds[4] = {0}, worst = 0;
    double value = prototypes_spread(2, 2, 2, apart, 10, 1, p, ds);
    for (int i = 0; i < 4; i++) worst = fmax(worst, isfinite(ds[i]) ? fabs(ds[i]) : HUGE_VAL);
    check(fabs(value - 1) < 1e-12 && worst < 1e-12, "apart: one bit, at rest: %.12g, %.1e", value, worst);
    memset(ds, 0, sizeof ds);
    value = prototypes_spread(2, 2, 2, alike, 10, 1, p, ds);
    for (int i = 0; i < 4; i++) worst = fmax(worst, fabs(ds[i]));
    check(fabs(value) < 1e-15 && worst < 1e-15, "alike: nothing: %.1e", value);
    check(fabs(prototypes_spread(2, 2, 2, shifted, 10, 1, p, ds)) < 1e-12,
          "all as much further from one group: nothing");
    const double opposite[] = {1, -1};
    check(prototypes_squares(2, 1, 1, opposite, 0, ds) == 0, "products 1 and -1: the square of their mean is 0");
}

int main(void)
{
    H5File *file;
    if (!check(h5_open("tests/golden/prototypes.h5", &file) == STATUS_OK &&
                   h5_read(file, "/h", H5_F64, SIZE, state) == STATUS_OK &&
                   h5_read(file, "/prototype", H5_F64, GROUPS * K * D, prototype) == STATUS_OK &&
                   h5_read(file, "/stay", H5_F64, SIZE, stay) == STATUS_OK,
               "tests/golden/prototypes.h5 can be read"))
        return harness_done();
    against_torch(&torch, file, "spread", spread_loss);
    against_torch(&torch, file, "before", before_loss);
    against_torch(&torch, file, "squares", squares_loss);
    against_torch(&torch, file, "means", means_loss);
    against_torch(&torch, file, "mse", mse_loss);
    against_torch(&torch, file, "kl", kl_loss);
    h5_close(&file);
    by_hand();
    return harness_done();
}
