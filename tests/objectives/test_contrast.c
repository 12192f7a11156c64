/* test_contrast.c: losses over cosines and their gradients. Oracles: PyTorch in fp64 (tests/golden/contrast.h5, written
 * by tests/oracle/make_golden.py), central differences, small cases by hand. */
#include "objectives/contrast.h"

#include <stdlib.h>
#include <string.h>

#include "torch.h"

enum { N = 5, D = 7, TEXTS = 4, SIZE = N * TEXTS * D };

static const double temperature = 0.05;
static double row[SIZE], drow[SIZE];
static Contrast scratch;

static Vectors text(int k)
{
    return (Vectors){row + k * D, drow + k * D};
}

static double contrast(double weight)
{
    const Vectors x[] = {text(0), text(2)}, y[] = {text(1), text(3)};
    return contrast_loss(&scratch, N, 2, x, y, TEXTS * D, temperature, weight);
}

static double agreement(double weight)
{
    return contrast_agreement(&scratch, N, text(0), text(1), text(2), text(3), TEXTS * D, temperature, weight);
}

/* MABEL's a3: the texts against their swapped copies. */
static double swapped(double weight)
{
    const Vectors x[] = {text(0), text(1)}, y[] = {text(2), text(3)};
    return contrast_loss(&scratch, N, 2, x, y, TEXTS * D, temperature, weight);
}

static double distance(double weight)
{
    return contrast_distance(N, D, text(0), text(2), TEXTS * D, weight) +
           contrast_distance(N, D, text(1), text(3), TEXTS * D, weight);
}

static const TorchCase torch = {SIZE, row, drow, 1e-12};

/* Two equal pairs of a unit vector: cosines are all 1, so the softmax is even and nothing pulls; a vector of length 0
 * has cosine 0 and no gradient. */
static void by_hand(void)
{
    memset(row, 0, sizeof row);
    for (int i = 0; i < N * TEXTS; i++) row[i * D] = 2;
    memset(drow, 0, sizeof drow);
    double worst = fabs(contrast(1) - log(2 * N));
    for (int i = 0; i < SIZE; i++) worst = fmax(worst, fabs(drow[i]));
    check(worst < 1e-12 && agreement(1) == 0, "all alike: log(2n), no gradient: %.1e", worst);
    memset(row, 0, D * sizeof *row);
    memset(drow, 0, sizeof drow);
    const double value = contrast(1), agreed = agreement(1);
    bool finite = isfinite(value) && isfinite(agreed), still = true;
    for (int i = 0; i < SIZE; i++) finite = finite && isfinite(drow[i]);
    for (int i = 0; i < D; i++) still = still && drow[i] == 0;
    check(finite && still, "a vector of length 0: cosine 0, no gradient, nothing infinite");
    /* its row of cosines is 0, those of the others are 1 against n - 1 further pairs: (1/t)^2 (n) / n */
    check(fabs(agreed - 1 / (temperature * temperature)) < 1e-9, "agreement by hand: %.6g", agreed);
}

static void lay_out(Arena *arena)
{
    contrast_init(arena, 2 * N, D, &scratch);
}

int main(void)
{
    Arena arena = {0};
    H5File *file;
    lay_out(&arena);
    arena_open(&arena);
    lay_out(&arena);
    if (!check(h5_open("tests/golden/contrast.h5", &file) == STATUS_OK &&
                   h5_read(file, "/row", H5_F64, SIZE, row) == STATUS_OK,
               "tests/golden/contrast.h5 can be read"))
        return harness_done();
    against_torch(&torch, file, "contrast", contrast);
    against_torch(&torch, file, "agreement", agreement);
    against_torch(&torch, file, "distance", distance);
    against_torch(&torch, file, "swapped", swapped);
    h5_close(&file);
    by_hand();
    arena_close(&arena);
    return harness_done();
}
