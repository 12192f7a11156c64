/* forward_backward.h: one pass over tests/golden/model.h5 or parts.h5 (a decoder of its own, pooler, sentence head,
 * prefix), shared by the fp32 and the fp64 test. */
#ifndef TESTS_MODEL_FORWARD_BACKWARD_H
#define TESTS_MODEL_FORWARD_BACKWARD_H

#include "../harness.h"
#include "kernels/gemm.h"
#include "kernels/vector.h"
#include "model/encoder.h"
#include "model/mlm_head.h"
#include "model/rows.h"
#include "model/sentence_head.h"

typedef struct {
    H5File *file;
    Params params;
    Encoder encoder;
    MlmHead head;
    SentenceHead pooler, sentence; /* of parts.h5 */
    Arena arena;
    Packed input;
    int *id, *kind, *label, *offset;
    int n, n_labels;
    bool takes;
    const char *freeze; /* patterns, or NULL */
    bool lends;         /* states lie where gradients will */
    bool recomputes;
} Golden;

static inline bool golden_read(Golden *g, const char *path, int **out, int *count)
{
    H5Shape shape;
    if (h5_shape(g->file, path, &shape)) return false;
    *out = malloc((size_t)shape.count * sizeof **out);
    *count = (int)shape.count;
    return h5_read(g->file, path, H5_I32, shape.count, *out) == STATUS_OK;
}

static inline void golden_lay_out(Golden *g, const BertConfig *config, int n_samples, int longest)
{
    params_free(&g->params);
    encoder_free(&g->encoder);
    params_init(&g->arena, config, &(TrainRule){-1, g->freeze, g->lends}, &g->params);
    packed_init(&g->arena, n_samples, g->n, &g->input);
    encoder_init(&g->arena, &g->params, n_samples, g->n, longest, g->recomputes ? ENCODER_RECOMPUTES : ENCODER_TRAINS,
                 &g->encoder);
    if (g->takes) encoder_take_gradients(&g->arena, &g->encoder);
    mlm_head_init(&g->arena, &g->params, true, g->lends ? g->encoder.idle : NULL, &g->head);
    if (config->pooler) sentence_head_init(&g->arena, &g->params, true, n_samples, &g->pooler);
    if (config->sentence_head) sentence_head_init(&g->arena, &g->params, false, n_samples, &g->sentence);
}

/* As g says: takes, freeze, lends, recomputes. */
static inline bool golden_open_as(Golden *g, const char *path)
{
    BertConfig config;
    int offsets;
    if (h5_open(path, &g->file) || bert_config_read(g->file, &config)) return false;
    if (!golden_read(g, "/ids", &g->id, &g->n) || !golden_read(g, "/kind", &g->kind, &g->n) ||
        !golden_read(g, "/label", &g->label, &g->n) || !golden_read(g, "/offset", &g->offset, &offsets))
        return false;
    int longest = 0;
    for (int b = 0; b + 1 < offsets; b++)
        if (g->offset[b + 1] - g->offset[b] > longest) longest = g->offset[b + 1] - g->offset[b];
    for (int t = 0; t < g->n; t++) g->n_labels += g->label[t] >= 0;
    golden_lay_out(g, &config, offsets - 1, longest);
    arena_open(&g->arena);
    golden_lay_out(g, &config, offsets - 1, longest);
    packed_clear(&g->input);
    for (int b = 0; b + 1 < offsets; b++)
        packed_add(&g->input, g->offset[b + 1] - g->offset[b], g->id + g->offset[b], g->kind + g->offset[b],
                   (uint32_t)b);
    for (int i = 0; i < g->params.layout.n; i++) {
        const BertTensor *t = &g->params.layout.tensor[i];
        char name[160];
        snprintf(name, sizeof name, "/model/weights/%s", t->name);
        if (h5_read_real(g->file, name, t->count, g->params.weight + t->first)) return false;
    }
    return true;
}

/* takes: the loss also has a term in the states of every layer (golden_states); freeze: patterns, or NULL. */
static inline bool golden_open(Golden *g, const char *path, bool takes, const char *freeze)
{
    *g = (Golden){.takes = takes, .freeze = freeze};
    return golden_open_as(g, path);
}

static inline void golden_close(Golden *g)
{
    h5_close(&g->file);
    params_free(&g->params);
    encoder_free(&g->encoder);
    arena_close(&g->arena);
    free(g->id), free(g->kind), free(g->label), free(g->offset);
}

/* A term in all states: sum of c h with fixed c; adds its gradient where the encoder takes it. */
static inline double golden_states(Golden *g)
{
    double sum = 0;
    for (int l = 0; l <= g->params.config.layers; l++)
        for (int i = 0; i < g->n * g->params.config.hidden; i++) {
            const double c = 0.01 * cos(i + 3 * l);
            sum += c * (double)g->encoder.h[l][i];
            g->encoder.dh[l][i] += (real)c;
        }
    return sum;
}

/* A term in the vectors of a sentence head, and in what tanh is taken of: the sum of 0.1 cos(i + shift) v_i and 0.1
 * cos(i + shift + 2) u_i; dx: gradient to the first states. */
static inline double golden_vectors(Golden *g, SentenceHead *head, double shift, bool backward, real *dhidden)
{
    const int d = g->params.config.hidden, n = g->input.n_samples;
    real *x = malloc((size_t)(n * d) * sizeof *x), *dv = malloc((size_t)(n * d) * sizeof *dv),
         *du = malloc((size_t)(n * d) * sizeof *du);
    double sum = 0;
    rows_gather(n, d, g->input.offset, g->encoder.h[g->params.config.layers], x);
    const real *v = sentence_head_forward(head, n, x);
    for (int i = 0; i < n * d; i++) {
        dv[i] = (real)(0.1 * cos(i + shift)), du[i] = (real)(0.1 * cos(i + shift + 2));
        sum += (double)dv[i] * (double)v[i] + (double)du[i] * (double)head->u[i];
    }
    if (backward) rows_scatter_add(n, d, g->input.offset, sentence_head_backward(head, n, dv, du), dhidden);
    free(x), free(dv), free(du);
    return sum;
}

/* Mean loss over the labels; backward: also all gradients. */
static inline double golden_loss(Golden *g, bool backward)
{
    const int d = g->params.config.hidden;
    if (backward) g->lends ? params_begin_gradient(&g->params) : params_zero_gradient(&g->params);
    const real *hidden = encoder_forward(&g->encoder, &g->input);
    int *row = malloc((size_t)g->n_labels * sizeof *row), *label = malloc((size_t)g->n_labels * sizeof *label), n = 0;
    const int rows = params_rows(&g->params, g->n_labels);
    real *x = malloc((size_t)(rows * d) * sizeof *x), *dx = malloc((size_t)(rows * d) * sizeof *dx);
    for (int t = 0; t < g->n; t++)
        if (g->label[t] >= 0) row[n] = t, label[n++] = g->label[t];
    rows_gather(n, d, row, hidden, x);
    double loss = mlm_head_loss(&g->head, n, x, label, backward ? 1.0 / n : 0, dx) / n;
    if (backward) {
        encoder_clear_gradients(&g->encoder, g->n);
        rows_scatter_add(n, d, row, dx, g->encoder.dx);
    }
    if (g->takes) loss += golden_states(g);
    if (g->params.config.pooler) loss += golden_vectors(g, &g->pooler, 0, backward, g->encoder.dx);
    if (g->params.config.sentence_head) loss += golden_vectors(g, &g->sentence, 1, backward, g->encoder.dx);
    if (backward) {
        encoder_backward(&g->encoder, &g->input, NULL, NULL);
    }
    free(row), free(label), free(x), free(dx);
    return loss;
}

/* Largest difference of ours [n] from the dataset, over the largest value of the dataset, or over 0.01
 * if all its values are smaller (a gradient that is 0 by symmetry, as that of a key's bias). */
static inline double golden_error(Golden *g, const char *path, int64_t n, const real *ours)
{
    double *exact = malloc((size_t)n * sizeof *exact), error = 0, most = 0.01;
    if (h5_read(g->file, path, H5_F64, n, exact)) return HUGE_VAL;
    for (int64_t i = 0; i < n; i++) {
        most = fmax(most, fabs(exact[i]));
        if (!(fabs((double)ours[i] - exact[i]) <= error)) error = fabs((double)ours[i] - exact[i]);
    }
    free(exact);
    return error / most;
}

static inline void golden_compare_vectors(Golden *g, double bar)
{
    const int64_t n = (int64_t)g->input.n_samples * g->params.config.hidden;
    if (!g->params.config.pooler) return;
    double error = golden_error(g, "/pooled", n, g->pooler.v);
    check(error <= bar, "%s: pooler against transformers: %.1e", vector_kernels->name, error);
    error = golden_error(g, "/sentence", n, g->sentence.v);
    check(error <= bar, "%s: sentence head: %.1e", vector_kernels->name, error);
}

static inline void golden_compare(Golden *g, double bar)
{
    const int d = g->params.config.hidden, v = g->params.config.vocab;
    double exact_loss = 0;
    const real *hidden = encoder_forward(&g->encoder, &g->input);
    double error = golden_error(g, "/hidden", g->n * d, hidden);
    check(error <= bar, "%s: hidden states against transformers: %.1e", vector_kernels->name, error);
    error = golden_error(g, "/logits", g->n * v,
                         mlm_head_logits(&g->head, g->n, mlm_head_transform(&g->head, g->n, hidden), true));
    check(error <= bar, "%s: logits: %.1e", vector_kernels->name, error);
    const double loss = golden_loss(g, true);
    golden_compare_vectors(g, bar);
    h5_read(g->file, "/loss", H5_F64, 1, &exact_loss);
    check(fabs(loss - exact_loss) <= bar * fmax(1, exact_loss), "%s: loss %.9f, transformers %.9f",
          vector_kernels->name, loss, exact_loss);
    double worst = 0;
    const char *where = "";
    for (int i = 0; i < g->params.trained.n; i++) {
        const BertTensor *t = &g->params.layout.tensor[i];
        char path[160];
        snprintf(path, sizeof path, "/gradient/%s", t->name);
        const double e = golden_error(g, path, t->count, g->params.gradient + t->first);
        if (!(e <= worst)) worst = e, where = t->name;
    }
    check(worst <= 10 * bar, "%s: gradients of all %d tensors: worst %.1e (%s)", vector_kernels->name,
          g->params.trained.n, worst, where);
}

#endif
