/* test_golden_f64.c: the same sources built with real = double: against transformers to 1e-10, and
 * every tensor's gradient against central differences, with dropout on as well. */
#include "forward_backward.h"

_Static_assert(sizeof(real) == sizeof(double), "this test needs the fp64 build");

/* Directional derivative of the loss along a random vector in one tensor. */
static double difference(Golden *g, const BertTensor *t, const double *direction, double h)
{
    real *w = g->params.weight + t->first;
    double loss[2];
    for (int side = 0; side < 2; side++) {
        for (int64_t i = 0; i < t->count; i++) w[i] += (side ? -2 : 1) * h * direction[i];
        loss[side] = golden_loss(g, false);
    }
    for (int64_t i = 0; i < t->count; i++) w[i] += h * direction[i];
    return (loss[0] - loss[1]) / (2 * h);
}

static void differences(Golden *g, const char *what)
{
    double worst = 0;
    const char *where = "";
    golden_loss(g, true);
    for (int i = 0; i < g->params.trained.n; i++) {
        const BertTensor *t = &g->params.layout.tensor[i];
        double *direction = malloc((size_t)t->count * sizeof *direction), exact = 0, size = 0;
        const RandomKey key = random_key(5, RANDOM_TEST, (uint32_t)i, 0, 0);
        for (int64_t j = 0; j < t->count; j++) {
            uint32_t word[4];
            random_words(&key, (uint32_t)j, word);
            direction[j] = random_unit(word[0]) - 0.5;
            /* the look-up of the padding piece is left out on purpose (padding_idx): not a derivative */
            if (t->id == BERT_WORD && j < g->params.config.hidden) direction[j] = 0;
            exact += direction[j] * g->params.gradient[t->first + j];
            size += fabs(direction[j] * g->params.gradient[t->first + j]);
        }
        const double error = fabs(difference(g, t, direction, 1e-5) - exact) / fmax(size, 1e-3);
        if (!(error <= worst)) worst = error, where = t->name;
        free(direction);
    }
    check(worst <= 1e-6, "%s: central differences, worst tensor %.1e (%s)", what, worst, where);
}

static void usual(void)
{
    static const char file[] = "tests/golden/model.h5";
    Golden g;
    if (!check(golden_open(&g, file, false, NULL), "%s can be read: %s", file, status_message())) return;
    golden_compare(&g, 1e-10);
    differences(&g, "no dropout");
    g.encoder.hidden_dropout = 0.3;
    g.encoder.attention_dropout = 0.2;
    g.encoder.seed = 11;
    differences(&g, "with dropout");
    g.encoder.hidden_dropout = g.encoder.attention_dropout = 0;
    const double clean = golden_loss(&g, false);
    g.encoder.hidden_dropout = 0.3;
    const double dropped = golden_loss(&g, false);
    check(clean != dropped, "dropout changes the loss");
    g.encoder.step = 1;
    check(golden_loss(&g, false) != dropped, "another step drops other elements");
    golden_close(&g);
    check(golden_open(&g, file, true, NULL), "again, with a term in the states of every layer");
    differences(&g, "a term in all states");
    g.encoder.hidden_dropout = 0.3;
    differences(&g, "a term in all states, with dropout");
    golden_close(&g);
}

/* Untied decoder, pooler, sentence head, prefix; then what is left of the gradients where tensors are frozen. */
static void parts(void)
{
    static const char file[] = "tests/golden/parts.h5";
    static const char *const freeze[] = {"*, !*.prefix",
                                         "bert.embeddings.*, bert.encoder.layer.0.*, cls.*, sentence.dense.*",
                                         "*.key.weight, *.value.bias, bert.embeddings.word*, *LayerNorm*"};
    Golden g;
    if (!check(golden_open(&g, file, false, NULL), "%s can be read: %s", file, status_message())) return;
    golden_compare(&g, 1e-10);
    differences(&g, "parts, no dropout");
    g.encoder.hidden_dropout = 0.3;
    g.encoder.attention_dropout = 0.2;
    differences(&g, "parts, with dropout");
    golden_close(&g);
    for (int i = 0; i < 3; i++) {
        check(golden_open(&g, file, false, freeze[i]), "freeze %s", freeze[i]);
        golden_compare(&g, 1e-10);
        differences(&g, freeze[i]);
        golden_close(&g);
    }
}

int main(void)
{
    gemm_init(vector_choose(vector_best_level()), 1);
    usual();
    parts();
    return harness_done();
}
