/* test_bf16.c: precision bf16 in the whole model. Oracle: the fp64 arrays of test_golden, from which rounding takes no
 * gradient further than an angle whose cosine is 0.999; and for how the copies are kept, this program's other ways:
 * recomputed states, more threads, garbage in memory before. */
#include <omp.h>
#include <string.h>

#include "forward_backward.h"

static double cosine(int64_t n, const real *x, const double *y)
{
    double xy = 0, xx = 0, yy = 0;
    for (int64_t i = 0; i < n; i++) {
        xy += (double)x[i] * y[i];
        xx += (double)x[i] * (double)x[i];
        yy += y[i] * y[i];
    }
    return yy < 1e-12 ? 1 : xy / sqrt(xx * yy); /* of a gradient that is 0 by symmetry, as that of a key's bias, none */
}

static void compare_gradients(Golden *g, const char *file)
{
    double worst = 1, exact_loss = 0;
    const char *where = "";
    const double loss = golden_loss(g, true);
    h5_read(g->file, "/loss", H5_F64, 1, &exact_loss);
    for (int i = 0; i < g->params.trained.n; i++) {
        const BertTensor *t = &g->params.layout.tensor[i];
        double *exact = malloc((size_t)t->count * sizeof *exact);
        char path[160];
        snprintf(path, sizeof path, "/gradient/%s", t->name);
        const double c = h5_read(g->file, path, H5_F64, t->count, exact)
                             ? -1
                             : cosine(t->count, g->params.gradient + t->first, exact);
        if (!(c >= worst)) worst = c, where = t->name;
        free(exact);
    }
    const double error = fabs(loss - exact_loss) / exact_loss;
    check(error < 2e-3 && error > 1e-8, "%s: loss within rounding of the exact one, but rounded: %.1e", file, error);
    check(worst > 0.999 && worst < 1 - 1e-9, "%s: gradients of all %d tensors: smallest cosine %.6f (%s)", file,
          g->params.trained.n, worst, where);
}

/* Weights that changed are seen once they were rounded, and not before. */
static void sees_rounding(Golden *g)
{
    const int d = g->params.config.hidden;
    const double before = golden_loss(g, false);
    for (int i = 0; i < d * d; i++) g->params.w.layer[0].out_weight[i] *= 2;
    const double old = golden_loss(g, false);
    params_round(&g->params);
    const double now = golden_loss(g, false);
    check(old == before && fabs(now - before) > 1e-4, "products read the rounded weights: %.6f, %.6f, then %.6f",
          before, old, now);
    for (int i = 0; i < d * d; i++) g->params.w.layer[0].out_weight[i] /= 2;
    params_round(&g->params);
}

/* Another encoder on the same weights, which keeps only the inputs of layers. */
static void recompute(Golden *g, const char *file)
{
    const size_t bytes = (size_t)g->params.trained.count * sizeof(real);
    real *kept = malloc(bytes);
    golden_loss(g, true);
    memcpy(kept, g->params.gradient, bytes);
    Encoder all = g->encoder;
    Arena arena = {0};
    for (int pass = 0; pass < 2; pass++) {
        encoder_init(&arena, &g->params, g->input.n_samples, g->n, all.longest, ENCODER_RECOMPUTES, &g->encoder);
        if (pass == 0) {
            encoder_free(&g->encoder);
            arena_open(&arena);
        }
    }
    golden_loss(g, true);
    check(memcmp(kept, g->params.gradient, bytes) == 0, "%s: recomputed states give the same bits", file);
    encoder_free(&g->encoder);
    arena_close(&arena);
    g->encoder = all;
    free(kept);
}

int main(void)
{
    static const char *const file[] = {"tests/golden/model.h5", "tests/golden/parts.h5"};
    gemm_init(vector_choose(vector_best_level()), 1);
    omp_set_num_threads(1);
    if (gemm_choose(&(GemmChoice){.precision = PRECISION_BF16})) {
        check(gemm_precision() == PRECISION_FP32, "no bf16 here, and fp32 stays: %s", status_message());
        return harness_done();
    }
    for (int i = 0; i < 2; i++) {
        Golden g;
        if (!check(golden_open(&g, file[i], false, NULL), "%s can be read: %s", file[i], status_message()))
            return harness_done();
        params_round(&g.params);
        golden_loss(&g, true);
        compare_gradients(&g, file[i]);
        recompute(&g, file[i]);
        sees_rounding(&g);
        golden_close(&g);
    }
    return harness_done();
}
