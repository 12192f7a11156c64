/* test_gradients_f64.c: norm, clip and AdamW with decay over all tensors, whole and dealt to ranks, against plain loops
 * over names (methods.md 0.3). */
#include "../harness.h"
#include "base/random.h"
#include "kernels/gemm.h"
#include "train/gradients.h"

static BertConfig small(void)
{
    BertConfig c = bert_config_default();
    c.vocab = 31, c.hidden = 8, c.layers = 2, c.heads = 2, c.intermediate = 12, c.positions = 9, c.types = 2;
    return c;
}

static double draw(int64_t at, uint32_t use)
{
    const RandomKey key = random_key(5, RANDOM_BENCH, use, 0, 0);
    uint32_t word[4];
    random_words(&key, (uint32_t)at, word);
    return random_unit(word[0]) - 0.5;
}

static void open_params(const BertConfig *config, const TrainRule *rule, Arena *arena, Params *p)
{
    params_init(arena, config, rule, p);
    params_free(p);
    arena_open(arena);
    params_init(arena, config, rule, p);
    for (int64_t i = 0; i < p->layout.count; i++) p->weight[i] = draw(i, 1);
    for (int64_t i = 0; i < p->trained.count; i++) p->gradient[i] = 3 * draw(i, 2);
}

static bool is_exempt(const char *name)
{
    return strstr(name, ".bias") || strstr(name, "LayerNorm");
}

/* methods.md 0.3, a number at a time. */
static double adamw(const AdamSettings *s, bool exempt, double p, double g, double *m, double *v)
{
    const double decay = exempt ? 0 : s->weight_decay;
    const double c1 = 1 - pow(s->beta_1, (double)s->step), c2 = 1 - pow(s->beta_2, (double)s->step);
    g *= s->gradient_scale;
    *m = s->beta_1 * *m + (1 - s->beta_1) * g;
    *v = s->beta_2 * *v + (1 - s->beta_2) * g * g;
    if (s->form == ADAM_HF) {
        p -= s->learning_rate * sqrt(c2) / c1 * *m / (sqrt(*v) + s->epsilon);
        return p - s->learning_rate * decay * p;
    }
    p -= s->learning_rate * decay * p;
    return p - s->learning_rate / c1 * *m / (sqrt(*v / c2) + s->epsilon);
}

/* Three updates; the largest distance from the plain loop. */
static double follow(AdamForm form, int *n_exempt)
{
    Arena arena = {0};
    Params p = {0};
    const BertConfig config = small();
    open_params(&config, &(TrainRule){-1, NULL, false}, &arena, &p);
    const int64_t n = p.layout.count;
    double *w = malloc((size_t)n * sizeof *w), *m = calloc((size_t)n, sizeof *m), *v = calloc((size_t)n, sizeof *v);
    double worst = 0;
    for (int64_t i = 0; i < n; i++) w[i] = p.weight[i];
    *n_exempt = 0;
    for (int step = 1; step <= 3; step++) {
        const AdamSettings s = {form, 0.01, 0.9, 0.999, 1e-8, 0.1, 0.25, step};
        gradients_update(&s, &p, NULL);
        for (int t = 0; t < p.layout.n; t++) {
            const BertTensor *tensor = &p.layout.tensor[t];
            const bool exempt = is_exempt(tensor->name);
            *n_exempt += exempt && step == 1;
            for (int64_t i = tensor->first; i < tensor->first + tensor->count; i++) {
                w[i] = adamw(&s, exempt, w[i], p.gradient[i], &m[i], &v[i]);
                worst = fmax(worst, fabs(w[i] - p.weight[i]));
            }
        }
    }
    free(w), free(m), free(v);
    params_free(&p);
    arena_close(&arena);
    return worst;
}

/* Parts of 3 ranks, one after the other, write what one rank does to all. */
static void deal(const AdamSettings *s, const char *freeze)
{
    enum { RANKS = 3 };
    Arena arena = {0}, whole_arena = {0};
    Params p = {0}, whole = {0};
    const BertConfig config = small();
    open_params(&config, &(TrainRule){-1, freeze, false}, &whole_arena, &whole);
    gradients_update(s, &whole, NULL);
    open_params(&config, &(TrainRule){-1, freeze, false}, &arena, &p);
    int64_t owned = 0;
    for (int rank = 0; rank < RANKS; rank++) {
        Buckets b = {0};
        gradients_buckets(&config, freeze, rank, RANKS, &b);
        for (int i = 0; i < b.n; i++) owned += buckets_mine(&b, i).n;
        memset(p.first, 0, (size_t)p.trained.count * sizeof *p.first);
        memset(p.second, 0, (size_t)p.trained.count * sizeof *p.second);
        gradients_update(s, &p, &b);
        buckets_free(&b);
    }
    check(owned == p.trained.count, "%s: every number is owned by one of 3 ranks", freeze ? freeze : "all");
    check(memcmp(p.weight, whole.weight, (size_t)p.layout.count * sizeof *p.weight) == 0,
          "%s: what 3 ranks update are the bits of one", freeze ? freeze : "all");
    int64_t moved = 0;
    for (int64_t i = 0; i < p.layout.count; i++) moved += p.weight[i] != draw(i, 1);
    check(moved == p.trained.count && (!freeze || moved < p.layout.count),
          "%s: what is trained moves, nothing else: %lld", freeze ? freeze : "all", (long long)moved);
    params_free(&p), params_free(&whole);
    arena_close(&arena), arena_close(&whole_arena);
}

static void norm_and_faults(void)
{
    Arena arena = {0};
    Params p = {0};
    const BertConfig config = small();
    const Comm alone = {.n_ranks = 1};
    open_params(&config, &(TrainRule){-1, NULL, false}, &arena, &p);
    double *part = malloc((size_t)gradients_norm_parts(p.trained.count) * sizeof *part), square = 0;
    for (int64_t i = 0; i < p.trained.count; i++) square += p.gradient[i] * p.gradient[i];
    const double norm = gradients_norm(&alone, &p, NULL, part);
    check(near(norm, sqrt(square), 1e-12 * norm), "the norm of all gradients: %.12g", norm);
    check(gradients_clip_factor(4, 0) == 1 && gradients_clip_factor(0.5, 1) == 1 &&
              near(gradients_clip_factor(4, 1), 1 / (4 + 1e-6), 1e-15) && gradients_clip_factor(0, 1) == 1,
          "clipping: off, below the limit, above it, no gradient");
    check(gradients_check(&p, NULL) == STATUS_OK, "finite weights and moments");
    const BertTensor *t = &p.layout.tensor[p.layout.n / 2];
    p.second[t->first + t->count - 1] = (double)INFINITY;
    check(gradients_check(&p, NULL) == STATUS_DIVERGED && strstr(status_message(), t->name) &&
              strstr(status_message(), "second moment"),
          "one that is not is named: %s", status_message());
    p.second[t->first + t->count - 1] = 0;
    p.gradient[t->first] = (double)NAN;
    const AdamSettings s = {ADAM_HF, 0.01, 0.9, 0.999, 1e-8, 0.1, 1, 1};
    check(!gradients_update(&s, &p, NULL), "an update that writes NaN says so");
    free(part);
    params_free(&p);
    arena_close(&arena);
}

int main(void)
{
    gemm_init(vector_choose(vector_best_level()), 1);
    int exempt;
    double worst = follow(ADAM_HF, &exempt);
    check(worst < 1e-14 && exempt > 10, "AdamW as in transformers, %d tensors without decay: %.1e", exempt, worst);
    worst = follow(ADAM_TORCH, &exempt);
    check(worst < 1e-14, "as in torch: %.1e", worst);
    const AdamSettings s = {ADAM_HF, 0.01, 0.9, 0.999, 1e-8, 0.1, 0.5, 1};
    deal(&s, NULL);
    deal(&s, "bert.embeddings.*");
    norm_and_faults();
    return harness_done();
}
