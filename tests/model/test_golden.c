/* test_golden.c: states, logits, loss and all gradients in fp32 against transformers in fp64, for every
 * instruction set of this machine. Oracle: arrays stored by tests/oracle/make_golden.py. */
#include "forward_backward.h"

/* A wrong attention scale, a forgotten bias or a swapped gradient must be seen: break one weight. */
static void sees_errors(Golden *g)
{
    real *w = &g->params.w.layer[1].up_bias[3];
    *w += (real)1e-2;
    const double error =
        golden_error(g, "/hidden", g->n * g->params.config.hidden, encoder_forward(&g->encoder, &g->input));
    check(error > 1e-4, "a bias that is off by 0.01 is seen (%.1e)", error);
    *w -= (real)1e-2;
}

int main(void)
{
    static const char *const file[] = {"tests/golden/model.h5", "tests/golden/parts.h5"};
    Golden g;
    const int best = vector_best_level();
    gemm_init(best, 1);
    for (int i = 0; i < 2; i++) {
        if (!check(golden_open(&g, file[i], false, NULL), "%s can be read: %s", file[i], status_message()))
            return harness_done();
        for (int level = 0; level <= best; level++) {
            vector_choose(level);
            golden_compare(&g, 1e-5);
        }
        sees_errors(&g);
        golden_close(&g);
    }
    return harness_done();
}
