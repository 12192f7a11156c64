/* test_terms_f64.c: terms of ASE: states off a direction, weights held. Oracles: central differences in fp64, cases by
 * hand. */
#include <string.h>

#include "../harness.h"
#include "base/real.h"
#include "objectives/elastic.h"
#include "objectives/orthogonal.h"

_Static_assert(sizeof(real) == sizeof(double), "this test needs the fp64 build");

enum { N = 6, D = 5, ROWS = 3, MANY = 100003 };

static real h[N * D], dh[N * D];
static const int row[ROWS] = {1, 3, 4};
static double direction[D];

static double loss(bool squares, double weight)
{
    return orthogonal_loss(ROWS, row, D, direction, squares, weight, h, dh);
}

static void orthogonal(bool squares)
{
    double worst = 0, square = 0;
    for (int j = 0; j < D; j++) direction[j] = cos(1 + j), square += direction[j] * direction[j];
    for (int j = 0; j < D; j++) direction[j] /= sqrt(square);
    for (int i = 0; i < N * D; i++) h[i] = sin(3 * i + 1);
    memset(dh, 0, sizeof dh);
    loss(squares, 0.7);
    double exact[N * D];
    for (int i = 0; i < N * D; i++) exact[i] = dh[i];
    for (int i = 0; i < N * D; i++) {
        const double was = h[i], step = 1e-6;
        h[i] = was + step;
        const double up = loss(squares, 0);
        h[i] = was - step;
        const double down = loss(squares, 0);
        h[i] = was;
        worst = fmax(worst, fabs(0.7 * (up - down) / (2 * step) - exact[i]));
    }
    check(worst <= 1e-6, "off the direction, %s: central differences %.1e", squares ? "squares" : "sizes", worst);
    for (int j = 0; j < D; j++)
        h[row[0] * D + j] = 2 * direction[j], h[row[1] * D + j] = -direction[j], h[row[2] * D + j] = 0;
    const double value = loss(squares, 0), wanted = squares ? 5 : 3;
    check(fabs(value - wanted) < 1e-12, "along the direction 2, -1, 0: %.12g", value);
}

static void elastic(void)
{
    static real f[MANY], origin[MANY], theta[MANY], g[MANY];
    double sum = 0, worst = 0;
    for (int i = 0; i < MANY; i++) {
        f[i] = fabs(sin(i)), origin[i] = cos(i), theta[i] = cos(i) + 0.1 * sin(2 * i);
        sum += f[i] * (theta[i] - origin[i]) * (theta[i] - origin[i]);
    }
    const double value = elastic_loss(MANY, f, origin, 0.5, theta, g);
    check(fabs(value - sum) <= 1e-12 * sum, "held weights: %.12g, one after the other %.12g", value, sum);
    for (int i = 0; i < MANY; i += 9973) {
        const double was = theta[i], step = 1e-4;
        real unused[1] = {0};
        theta[i] = was + step;
        const double up = elastic_loss(1, f + i, origin + i, 0, theta + i, unused);
        theta[i] = was - step;
        const double down = elastic_loss(1, f + i, origin + i, 0, theta + i, unused);
        theta[i] = was;
        worst = fmax(worst, fabs(0.5 * (up - down) / (2 * step) - g[i]));
    }
    check(worst <= 1e-6, "held weights: central differences %.1e", worst);
    memset(g, 0, sizeof g);
    check(elastic_loss(MANY, f, theta, 1, theta, g) == 0 && g[7] == 0, "at the origin nothing pulls");
}

int main(void)
{
    orthogonal(false);
    orthogonal(true);
    elastic();
    return harness_done();
}
