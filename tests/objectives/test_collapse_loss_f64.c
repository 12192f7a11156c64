/* test_collapse_loss_f64.c: the regularizer as the trainer calls it: R and its gradients to states, to the head's
 * transform and to the rows of the embeddings, against central differences, for every metric and pairing, with older
 * states in the statistics; sums in two parts; what is forgotten when. */
#include "../harness.h"
#include "base/random.h"
#include "kernels/gemm.h"
#include "kernels/vector.h"
#include "objectives/collapse_loss.h"

enum { V = 17, D = 6, SAMPLES = 4, TOKENS = 40, K = 5, ROWS_FROM = 5, PARTS = 2 };

typedef struct {
    Arena arena;
    Params params;
    MlmHead head;
    WordList words;
    int id[K], class_of[V];
    CollapseLoss loss;
    Batch batch;
    real *hidden, *dhidden, *dword; /* [TOKENS, D] [TOKENS, D] [V, D] */
    double *doubles;
} Case;

static double draw(int at, int use)
{
    const RandomKey key = random_key(9, RANDOM_BENCH, (uint32_t)use, 0, 0);
    uint32_t word[4];
    random_words(&key, (uint32_t)at, word);
    return 2 * random_unit(word[0]) - 1;
}

static void lay_out(Case *c, const CollapseOptions *options)
{
    BertConfig config = bert_config_default();
    config.vocab = V, config.hidden = D, config.layers = 1, config.heads = 1, config.intermediate = 4,
    config.positions = 16;
    params_free(&c->params);
    params_init(&c->arena, &config, &(TrainRule){-1, NULL, false}, &c->params);
    mlm_head_init(&c->arena, &c->params, true, NULL, &c->head);
    const int parts = options->eval == EVAL_MICRO ? PARTS : 1;
    collapse_loss_init(&c->arena, options, &c->words, &c->head, 1, parts > 1 ? SAMPLES / PARTS : 0, parts, &c->loss);
    batch_init(&c->arena, SAMPLES, TOKENS, &c->batch);
    c->hidden = arena_cut(&c->arena, TOKENS * D, sizeof(real));
    c->dhidden = arena_cut(&c->arena, TOKENS * D, sizeof(real));
    c->dword = arena_cut(&c->arena, V * D, sizeof(real));
    c->doubles = arena_cut(&c->arena, 2 * PARTS * (size_t)collapse_loss_doubles(K, D), sizeof(double));
}

/* Ids of which a third is masked, with labels; classes are the ids 5, 7, 9, 11, 13. */
static void fill_batch(Case *c)
{
    batch_clear(&c->batch);
    for (int s = 0; s < SAMPLES; s++) {
        int32_t id[TOKENS];
        const int n = 6 + s;
        for (int t = 0; t < n; t++) id[t] = ROWS_FROM + (int)(6 * (1 + draw(s * 16 + t, 1)) - 1e-9) % (V - ROWS_FROM);
        c->batch.place[s] = s;
        const int first = packed_add(&c->batch.packed, n, id, NULL, (uint32_t)s);
        for (int t = 0; t < n; t++) {
            const bool masked = t % 3 == 1;
            c->batch.true_id[first + t] = id[t];
            c->batch.label[first + t] = masked ? id[t] : -1;
            if (masked) c->batch.packed.id[first + t] = 4, c->batch.n_labels++;
        }
    }
}

static void open_case(Case *c, const CollapseOptions *options)
{
    *c = (Case){0};
    for (int i = 0; i < V; i++) c->class_of[i] = -1;
    for (int k = 0; k < K; k++) c->id[k] = ROWS_FROM + 2 * k, c->class_of[c->id[k]] = k;
    c->words = (WordList){.id = c->id, .n = K, .n_words = K, .class_of = c->class_of, .n_ids = V};
    lay_out(c, options);
    arena_open(&c->arena);
    lay_out(c, options);
    for (int64_t i = 0; i < c->params.layout.count; i++) c->params.weight[i] = draw((int)i, 2);
    fill_batch(c);
}

static void close_case(Case *c)
{
    params_free(&c->params);
    arena_close(&c->arena);
}

/* R of the second of two steps; the first has other states. sets: in how many parts the second is added. */
static double value(Case *c, int sets)
{
    const int64_t n = c->loss.most_parts * collapse_loss_doubles(K, D);
    double r = 0;
    class_means_clear(&c->loss.total);
    for (int step = 0; step < 2; step++) {
        memset(c->doubles, 0, 2 * (size_t)n * sizeof *c->doubles);
        collapse_loss_begin_step(&c->loss, step == 0, SAMPLES);
        real older[TOKENS * D];
        for (int i = 0; i < TOKENS * D; i++) older[i] = draw(i, 3);
        collapse_loss_add(&c->loss, c->doubles + (sets == 2 && step == 1 ? n : 0), &c->batch, step ? c->hidden : older);
        r = collapse_loss_value(&c->loss, step == 1 ? sets : 1, c->doubles);
    }
    return r;
}

static double slope(Case *c, double lambda, real *x)
{
    const real was = *x, h = 1e-5;
    *x = was + h;
    const double up = value(c, 1);
    *x = was - h;
    const double down = value(c, 1);
    *x = was;
    return lambda * (up - down) / (2 * h);
}

/* The largest distance of a block's gradient from its slopes, over the largest slope. */
static double distance(Case *c, double lambda, int n, real *x, const real *gradient)
{
    double worst = 0, most = 1e-30;
    for (int i = 0; i < n; i++) {
        const double expected = slope(c, lambda, &x[i]);
        worst = fmax(worst, fabs(expected - gradient[i]));
        most = fmax(most, fabs(expected));
    }
    return worst / most;
}

static void check_gradients(CollapseMetric metric, const Pairing *pairing, CollapseReset reset)
{
    static const char *const names[] = {"unc3", "nc3", "nc1", "nc2"}, *const align[] = {"same", "shift", "masked"},
                             *const space[] = {"transform", "hidden"},
                             *const resets[] = {"epoch", "run", "step", "ema"};
    const double lambda = 3;
    const CollapseOptions options = {lambda, metric, *pairing, GRAD_BOTH, reset, 0.7, SYNC_GLOBAL, EVAL_STEP};
    Case c;
    open_case(&c, &options);
    for (int i = 0; i < TOKENS * D; i++) c.hidden[i] = draw(i, 4);
    const double r = value(&c, 1);
    memset(c.dhidden, 0, TOKENS * D * sizeof(real));
    memset(c.dword, 0, V * D * sizeof(real));
    params_zero_gradient(&c.params);
    collapse_loss_states(&c.loss, &c.batch, c.hidden, c.dhidden);
    const double norm = collapse_loss_rows(&c.loss, c.dword);
    double square = 0;
    for (int i = 0; i < V * D; i++) square += c.dword[i] * c.dword[i];
    const int active = c.loss.measure.n_active;
    const double states = distance(&c, lambda, c.batch.packed.n_tokens * D, c.hidden, c.dhidden),
                 rows = distance(&c, lambda, V * D, c.params.w.word, c.dword);
    check(isfinite(r) && r != 0 && active >= (pairing->align == ALIGN_MASKED ? 2 : K) && states < 1e-6 && rows < 1e-6 &&
              near(norm, sqrt(square), 1e-12 * norm),
          "%s, %s, %s, %s: R = %.4f, gradients to states %.1e, to rows %.1e", names[metric], align[pairing->align],
          space[pairing->space], resets[reset], r, states, rows);
    /* Older states went through the transform too, but are constants: only without them is its gradient complete. */
    if (pairing->space == SPACE_TRANSFORM && reset == RESET_STEP) {
        const double a = distance(&c, lambda, D * D, c.params.w.transform_weight, c.params.g.transform_weight),
                     b = distance(&c, lambda, D, c.params.w.transform_norm_gamma, c.params.g.transform_norm_gamma);
        check(a < 1e-6 && b < 1e-6, "and to the transform %.1e, its LayerNorm %.1e", a, b);
    }
    value(&c, 1);
    check(near(value(&c, 2), r, 1e-12 * fabs(r)), "the same from two parts");
    close_case(&c);
}

/* The first step's states count, fade or are forgotten as the rule says. */
static void check_memory(void)
{
    double r[4];
    for (int reset = 0; reset < 4; reset++) {
        const CollapseOptions options = {1,   COLLAPSE_UNC3, {0},      GRAD_ROWS, (CollapseReset)reset,
                                         0.7, SYNC_GLOBAL,   EVAL_STEP};
        Case c;
        open_case(&c, &options);
        for (int i = 0; i < TOKENS * D; i++) c.hidden[i] = draw(i, 4);
        r[reset] = value(&c, 1);
        close_case(&c);
    }
    check(r[RESET_EPOCH] == r[RESET_RUN] && r[RESET_STEP] != r[RESET_RUN] && r[RESET_EMA] != r[RESET_RUN] &&
              r[RESET_EMA] != r[RESET_STEP],
          "older states: kept %.4f, fading %.4f, forgotten %.4f", r[RESET_RUN], r[RESET_EMA], r[RESET_STEP]);
}

/* R of the second step when its first `samples` samples alone are folded. */
static double value_of(const CollapseOptions *options, int samples)
{
    Case c;
    open_case(&c, options);
    for (int i = 0; i < TOKENS * D; i++) c.hidden[i] = draw(i, 4);
    const double all = value(&c, 1);
    if (samples == SAMPLES) {
        close_case(&c);
        return all;
    }
    const int64_t n = collapse_loss_doubles(K, D);
    real older[TOKENS * D];
    for (int i = 0; i < TOKENS * D; i++) older[i] = draw(i, 3);
    class_means_clear(&c.loss.total);
    memset(c.doubles, 0, (size_t)n * sizeof *c.doubles);
    collapse_loss_begin_step(&c.loss, true, SAMPLES);
    collapse_loss_add(&c.loss, c.doubles, &c.batch, older);
    collapse_loss_value(&c.loss, 1, c.doubles);
    memset(c.doubles, 0, (size_t)n * sizeof *c.doubles);
    for (int s = samples; s < SAMPLES; s++) c.batch.is_extra[s] = true;
    collapse_loss_begin_step(&c.loss, false, SAMPLES);
    collapse_loss_add(&c.loss, c.doubles, &c.batch, c.hidden);
    const double r = collapse_loss_value(&c.loss, 1, c.doubles);
    close_case(&c);
    return r;
}

/* eval = micro: the mean of R after the first half of the batch and after all of it; its gradient. */
static void check_parts(CollapseMetric metric, CollapseReset reset)
{
    const double lambda = 3;
    const CollapseOptions whole = {lambda, metric, {0}, GRAD_ROWS, reset, 0.7, SYNC_GLOBAL, EVAL_STEP};
    CollapseOptions micro = whole;
    micro.eval = EVAL_MICRO;
    Case c;
    open_case(&c, &micro);
    for (int i = 0; i < TOKENS * D; i++) c.hidden[i] = draw(i, 4);
    const double half = value_of(&whole, SAMPLES / PARTS), all = value_of(&whole, SAMPLES), r = value(&c, 1);
    memset(c.dword, 0, V * D * sizeof(real));
    const double norm = collapse_loss_rows(&c.loss, c.dword),
                 rows = distance(&c, lambda, V * D, c.params.w.word, c.dword);
    check(fabs(r - (half + all) / 2) < 1e-12 && fabs(half - all) > 1e-3 && rows < 1e-6 && norm > 0,
          "in parts: R = %.6f, the mean of %.6f and %.6f; gradient to rows %.1e", r, half, all, rows);
    check(near(value(&c, 2), r, 1e-12 * fabs(r)), "the same from two sets");
    close_case(&c);
}

int main(void)
{
    gemm_init(vector_choose(vector_best_level()), 1);
    for (int metric = 0; metric < 4; metric++)
        for (int i = 0; i < 6; i++) {
            const Pairing pairing = {.align = i % 3, .space = i / 3};
            check_gradients((CollapseMetric)metric, &pairing, i % 2 ? RESET_RUN : RESET_STEP);
        }
    const Pairing as_fed = {.ids = IDS_MASKED}, usual = {0};
    check_gradients(COLLAPSE_UNC3, &as_fed, RESET_STEP);
    check_gradients(COLLAPSE_UNC3, &usual, RESET_EMA);
    check_memory();
    check_parts(COLLAPSE_UNC3, RESET_EPOCH);
    check_parts(COLLAPSE_NC1, RESET_STEP);
    check_parts(COLLAPSE_NC3, RESET_EMA);
    return harness_done();
}
