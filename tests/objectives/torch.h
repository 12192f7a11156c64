/* torch.h: a loss and its gradient against arrays that PyTorch computed in fp64, and against central differences. */
#ifndef TESTS_OBJECTIVES_TORCH_H
#define TESTS_OBJECTIVES_TORCH_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../harness.h"
#include "io/h5.h"

/* Returns the value of the loss at x; weight times its gradient is added to dx. */
typedef double (*Loss)(double weight);

typedef struct {
    int n;
    double *x, *dx; /* [n] */
    double bar;     /* of the gradient against PyTorch, over its largest entry */
} TorchCase;

/* The largest difference between dx and central differences, over the largest entry. */
static double differences(const TorchCase *c, Loss loss, double weight)
{
    double *exact = malloc((size_t)c->n * sizeof *exact), worst = 0, most = 0;
    memset(c->dx, 0, (size_t)c->n * sizeof *c->dx);
    loss(weight);
    memcpy(exact, c->dx, (size_t)c->n * sizeof *exact);
    for (int i = 0; i < c->n; i++) most = fmax(most, fabs(exact[i]));
    for (int i = 0; i < c->n; i++) {
        const double was = c->x[i], step = 1e-5;
        c->x[i] = was + step;
        const double up = loss(0);
        c->x[i] = was - step;
        const double down = loss(0);
        c->x[i] = was;
        worst = fmax(worst, fabs(weight * (up - down) / (2 * step) - exact[i]));
    }
    free(exact);
    return worst / most;
}

/* The file's /NAME is the value, /gradient/NAME [n] the gradient. */
static void against_torch(const TorchCase *c, H5File *file, const char *name, Loss loss)
{
    double value = 0, *gradient = calloc((size_t)c->n, sizeof *gradient), worst = 0, most = 0;
    char path[80];
    snprintf(path, sizeof path, "/%s", name);
    check(h5_read(file, path, H5_F64, 1, &value) == STATUS_OK, "%s", path);
    snprintf(path, sizeof path, "/gradient/%s", name);
    check(h5_read(file, path, H5_F64, c->n, gradient) == STATUS_OK, "%s", path);
    memset(c->dx, 0, (size_t)c->n * sizeof *c->dx);
    const double ours = loss(1);
    for (int i = 0; i < c->n; i++) {
        worst = fmax(worst, fabs(c->dx[i] - gradient[i]));
        most = fmax(most, fabs(gradient[i]));
    }
    check(fabs(ours - value) <= 1e-12 * value, "%s: %.12g, PyTorch %.12g", name, ours, value);
    check(worst <= c->bar * most, "%s: gradient against PyTorch: %.1e", name, worst / most);
    const double error = differences(c, loss, 0.3);
    check(error <= 1e-6, "%s: central differences: %.1e", name, error);
    free(gradient);
}

#endif
