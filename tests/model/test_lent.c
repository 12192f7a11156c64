/* test_lent.c: states that lie where gradients will. Oracle: the same passes with memory of their own, bit for bit:
 * loss and all gradients, with dropout, with frozen tensors, in fp32 and, where it is, in bf16; memory full of garbage.
 */
#include <omp.h>
#include <string.h>

#include "forward_backward.h"

static bool lies_in(const void *x, const real *block, int64_t n)
{
    return (const char *)x >= (const char *)block && (const char *)x < (const char *)(block + n);
}

/* Layers above the lowest that have f or s1 in the block of gradients. */
static int lent_layers(const Golden *g)
{
    int n = 0;
    for (int l = 1; l < g->params.config.layers; l++) {
        const LayerStates *s = &g->encoder.layer[l];
        n += lies_in(s->f, g->params.gradient, g->params.trained.count) ||
             lies_in(s->s1, g->params.gradient, g->params.trained.count);
    }
    return n;
}

/* The second pass meets what the first left behind. */
static double two_passes(Golden *g)
{
    params_round(&g->params);
    g->encoder.hidden_dropout = g->encoder.attention_dropout = 0.1;
    g->encoder.seed = 5;
    golden_loss(g, true);
    return golden_loss(g, true);
}

static void compare(const char *file, const char *freeze, bool takes, bool recomputes)
{
    Golden own = {.freeze = freeze, .takes = takes, .recomputes = recomputes}, lent = own;
    lent.lends = true;
    if (!check(golden_open_as(&own, file) && golden_open_as(&lent, file), "%s can be read: %s", file, status_message()))
        return;
    memset(lent.params.gradient, 0xff, (size_t)lent.params.trained.count * sizeof(real)); /* NaN */
    const double loss = two_passes(&own), other = two_passes(&lent);
    int64_t first = own.params.trained.count, n = 0;
    for (int64_t i = own.params.trained.count - 1; i >= 0; i--)
        if (memcmp(&own.params.gradient[i], &lent.params.gradient[i], sizeof(real)) != 0) first = i, n++;
    const char *where = "";
    for (int i = 0; i < own.params.trained.n; i++)
        if (own.params.trained.tensor[i].first <= first) where = own.params.trained.tensor[i].name;
    check(loss == other && n == 0, "%s, %s, %s frozen%s%s: loss %.9f, %.9f; %lld gradients differ%s%s", file,
          gemm_precision_key(), freeze ? freeze : "nothing", takes ? ", losses in all states" : "",
          recomputes ? ", recomputed" : "", loss, other, (long long)n, n ? ", the first in " : "", n ? where : "");
    if (!recomputes)
        check(lent_layers(&own) == 0 && lent_layers(&lent) > 0 && lent.arena.size < own.arena.size,
              "%d layers have states there; %zu bytes instead of %zu", lent_layers(&lent), lent.arena.size,
              own.arena.size);
    golden_close(&own);
    golden_close(&lent);
}

int main(void)
{
    static const char *const file[] = {"tests/golden/model.h5", "tests/golden/parts.h5"};
    gemm_init(vector_choose(vector_best_level()), 1);
    omp_set_num_threads(1);
    for (int precision = PRECISION_FP32; precision <= PRECISION_BF16; precision++) {
        if (gemm_choose(&(GemmChoice){.precision = (Precision)precision})) break;
        for (int i = 0; i < 2; i++) {
            compare(file[i], NULL, false, false);
            compare(file[i], NULL, true, false);
            compare(file[i], NULL, false, true);
            compare(file[i], "*.attention.self.*", false, false);
        }
    }
    return harness_done();
}
