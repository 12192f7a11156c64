/* encoder.c: a block forward is one function, its backward the same list read upwards. */
#include "model/encoder.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kernels/embedding.h"
#include "kernels/gemm.h"
#include "kernels/layers.h"
#include "model/prefix.h"
#include "model/rows.h"

/* Dropout sites; the layer counter of a key is 4 * layer + site, the embeddings are "layer" L. */
enum { SITE_ATTENTION, SITE_ATTENTION_OUTPUT, SITE_OUTPUT, SITE_EMBEDDING, N_SITES, SITE_PREFIX = SITE_EMBEDDING };

static bool trains(EncoderUse use)
{
    return use == ENCODER_TRAINS || use == ENCODER_RECOMPUTES;
}

static real *cut(Arena *arena, size_t rows, size_t columns)
{
    return arena_cut(arena, rows * columns, sizeof(real));
}

static Bf16 *cut_rounded(Arena *arena, const Params *params, size_t rows, size_t columns)
{
    return params->is_bf16 ? arena_cut(arena, rows * columns, sizeof(Bf16)) : NULL;
}

/* y: of all layers, in bf16, where only its rounded copy is read later; or NULL. */
static void init_layer(Arena *arena, const Params *params, size_t n, real *y, LayerStates *s)
{
    const BertConfig *c = &params->config;
    const size_t d = (size_t)c->hidden;
    *s = (LayerStates){.qkv = cut(arena, n, 3 * d),
                       .row = cut(arena, n, 2 * (size_t)c->heads),
                       .a = cut(arena, n, d),
                       .s1 = cut(arena, n, d),
                       .y = y ? y : cut(arena, n, d),
                       .s2 = cut(arena, n, d),
                       .f = cut(arena, n, (size_t)c->intermediate),
                       .rounded_h = cut_rounded(arena, params, n, d),
                       .rounded_y = cut_rounded(arena, params, n, d),
                       .mean1 = cut(arena, n, 1),
                       .rstd1 = cut(arena, n, 1),
                       .mean2 = cut(arena, n, 1),
                       .rstd2 = cut(arena, n, 1)};
}

/* Rows of the arrays. */
static size_t room(const Encoder *e)
{
    return (size_t)params_rows(e->params, e->max_tokens);
}

static void init_states(Arena *arena, Encoder *e, EncoderUse use)
{
    const BertConfig *c = &e->params->config;
    const size_t n = room(e), d = (size_t)c->hidden;
    e->h = memory_alloc((size_t)c->layers + 1, sizeof *e->h);
    e->dh = memory_alloc((size_t)c->layers + 1, sizeof *e->dh);
    e->layer = memory_alloc((size_t)c->layers, sizeof *e->layer);
    for (int l = 0; l <= c->layers; l++) e->h[l] = use != ENCODER_EVALUATES || l < 2 ? cut(arena, n, d) : e->h[l % 2];
    for (int l = 0; l < c->layers; l++) {
        if (use == ENCODER_TRAINS || l == 0)
            init_layer(arena, e->params, n, l && e->params->is_bf16 ? e->layer[0].y : NULL, &e->layer[l]);
        else e->layer[l] = e->layer[0];
    }
}

static void init_prefix(Arena *arena, EncoderUse use, Encoder *e)
{
    const BertConfig *c = &e->params->config;
    if (c->prefix_shifts) e->position = arena_cut(arena, (size_t)e->max_tokens, sizeof *e->position);
    if (!c->prefix || !trains(use)) return;
    e->prefix = cut(arena, (size_t)e->max_samples * (size_t)c->prefix, 2 * (size_t)c->hidden);
    e->dprefix = cut(arena, (size_t)e->max_samples * (size_t)c->prefix, 2 * (size_t)c->hidden);
}

void encoder_init(Arena *arena, const Params *params, int max_samples, int max_tokens, int longest, EncoderUse use,
                  Encoder *e)
{
    const BertConfig *c = &params->config;
    const size_t d = (size_t)c->hidden, i = (size_t)c->intermediate;
    const int widest = c->intermediate > 3 * c->hidden ? c->intermediate : 3 * c->hidden;
    *e = (Encoder){.params = params, .max_samples = max_samples, .max_tokens = max_tokens, .longest = longest};
    const size_t n = room(e);
    e->recomputes = use == ENCODER_RECOMPUTES;
    init_states(arena, e, use);
    e->embedded = cut(arena, n, d);
    e->mean0 = cut(arena, n, 1);
    e->rstd0 = cut(arena, n, 1);
    e->g = cut(arena, layers_gelu_size((int)n, c->intermediate, params->is_bf16, gemm_threads()), 1);
    e->rounded.a = cut_rounded(arena, params, n, d);
    e->rounded.g = cut_rounded(arena, params, n, i);
    if (trains(use)) {
        e->df = cut(arena, n, i);
        e->dqkv = cut(arena, n, 3 * d);
        e->dh[c->layers] = e->dx = cut(arena, n, d);
        e->ds = cut(arena, n, d);
        e->da = cut(arena, n, d);
        e->rounded.ds = cut_rounded(arena, params, n, d);
        e->rounded.df = cut_rounded(arena, params, n, i);
        e->rounded.dqkv = cut_rounded(arena, params, n, 3 * d);
        e->reduce = arena_cut(arena, layers_scratch(max_tokens, widest), sizeof(real));
    }
    e->attention_scratch =
        arena_cut(arena, attention_scratch(c->prefix + longest, c->hidden / c->heads, gemm_threads()), sizeof(real));
    e->dropout = arena_cut(arena, (size_t)max_samples, sizeof *e->dropout);
    init_prefix(arena, use, e);
}

void encoder_free(Encoder *encoder)
{
    free(encoder->h);
    free(encoder->dh);
    free(encoder->layer);
    *encoder = (Encoder){0};
}

void encoder_take_gradients(Arena *arena, Encoder *e)
{
    const BertConfig *c = &e->params->config;
    for (int l = 0; l < c->layers; l++) e->dh[l] = cut(arena, room(e), (size_t)c->hidden);
}

void encoder_clear_gradients(Encoder *e, int n_tokens)
{
    const BertConfig *c = &e->params->config;
    for (int l = 0; l <= c->layers; l++)
        if (e->dh[l]) memset(e->dh[l], 0, (size_t)n_tokens * (size_t)c->hidden * sizeof(real));
}

static const Dropout *dropout_keys(const Encoder *e, const Packed *input, int layer, int site)
{
    const double rate = site == SITE_ATTENTION ? e->attention_dropout : e->hidden_dropout;
    for (int b = 0; b < input->n_samples; b++) {
        const uint32_t place = (uint32_t)(N_SITES * layer + site);
        e->dropout[b] = (Dropout){random_key(e->seed, RANDOM_DROPOUT, place, e->step, input->key[b]), rate};
    }
    return e->dropout;
}

/* The layer's prefix: one for all samples, or, with dropout, as each sees it. */
static void set_prefix(const Encoder *e, const Packed *input, int l, Attention *a)
{
    const BertConfig *c = &e->params->config;
    a->n_prefix = c->prefix;
    a->prefix = e->params->w.layer[l].prefix;
    if (!c->prefix || e->hidden_dropout == 0) return;
    prefix_forward(input->n_samples, c->prefix, c->hidden, a->prefix, dropout_keys(e, input, l, SITE_PREFIX),
                   e->prefix);
    a->prefix = e->prefix;
    a->prefix_stride = (int64_t)c->prefix * 2 * c->hidden;
}

static Attention attention_of(const Encoder *e, const Packed *input, int l)
{
    Attention a = {.n_samples = input->n_samples,
                   .n_heads = e->params->config.heads,
                   .d = e->params->config.hidden,
                   .offset = input->offset,
                   .keys = input->keys,
                   .longest = e->params->config.prefix + e->longest,
                   .scratch = e->attention_scratch,
                   .row = e->layer[l].row,
                   .received = e->received};
    set_prefix(e, input, l, &a);
    a.dropout = dropout_keys(e, input, l, SITE_ATTENTION);
    return a;
}

/* Places of tokens in the table of positions. */
static const int *positions(const Encoder *e, const Packed *in)
{
    if (!e->position) return in->position;
    for (int i = 0; i < in->n_tokens; i++) e->position[i] = in->position[i] + e->params->config.prefix;
    return e->position;
}

/* Where the rounded input of layer l is written as the input is made. Recomputed layers share one place, and round
 * theirs when their turn comes. */
static Bf16 *input_copy(const Encoder *e, int l)
{
    return l < e->params->config.layers && !e->recomputes ? e->layer[l].rounded_h : NULL;
}

static void embed(Encoder *e, const Packed *in)
{
    const BertConfig *c = &e->params->config;
    const BertTensors *w = &e->params->w;
    const int n = in->n_tokens, d = c->hidden;
    embedding_forward(n, d, in->id, positions(e, in), in->kind, w->word, w->position, w->type, e->embedded);
    layers_layernorm(n, d, e->embedded, w->norm_gamma, w->norm_beta, c->layernorm_epsilon, e->h[0], e->mean0, e->rstd0,
                     e->hidden_dropout > 0 ? NULL : input_copy(e, 0));
    if (e->hidden_dropout > 0)
        layers_dropout(in->n_samples, in->offset, d, e->h[0], dropout_keys(e, in, c->layers, SITE_EMBEDDING), e->h[0],
                       input_copy(e, 0));
}

/* s->a [N, D] = attention of h[l]. */
static void attend(Encoder *e, const Packed *in, int l)
{
    const LayerTensors *w = &e->params->w.layer[l];
    const LayerStates *s = &e->layer[l];
    const Params *p = e->params;
    const int n = in->n_tokens, d = p->config.hidden;
    if (e->recomputes && p->is_bf16) layers_round(n, d, e->h[l], s->rounded_h);
    params_product(p, TRANSPOSED, n, 3 * d, d, (Operand){e->h[l], s->rounded_h}, w->qkv_weight, 0, s->qkv);
    layers_add_bias(n, 3 * d, w->qkv_bias, s->qkv);
    const Attention attention = attention_of(e, in, l);
    attention_forward(&attention, s->qkv, s->a);
}

/* Rows of a layer behind its attention: each is a function of the same rows of a and of the layer's input. */
typedef struct {
    int n, n_samples;
    const int *offset;        /* [n_samples + 1] */
    const real *a, *residual; /* [n, D]; residual: the layer's input */
} LayerRows;

static void feed_forward(Encoder *e, const Packed *in, int l, const LayerRows *r)
{
    const BertConfig *c = &e->params->config;
    const LayerTensors *w = &e->params->w.layer[l];
    const LayerStates *s = &e->layer[l];
    const Params *p = e->params;
    const int n = r->n, d = c->hidden, i = c->intermediate;
    if (p->is_bf16) layers_round(n, d, r->a, e->rounded.a);
    params_product(p, TRANSPOSED, n, d, d, (Operand){r->a, e->rounded.a}, w->out_weight, 0, s->s1);
    layers_bias_dropout_add(r->n_samples, r->offset, d, s->s1, w->out_bias, r->residual,
                            dropout_keys(e, in, l, SITE_ATTENTION_OUTPUT), s->s1);
    layers_layernorm(n, d, s->s1, w->norm1_gamma, w->norm1_beta, c->layernorm_epsilon, s->y, s->mean1, s->rstd1,
                     s->rounded_y);
    params_product(p, TRANSPOSED, n, i, d, (Operand){s->y, s->rounded_y}, w->up_weight, 0, s->f);
    layers_bias_gelu(n, i, w->up_bias, s->f, e->g, e->rounded.g);
    params_product(p, TRANSPOSED, n, d, i, (Operand){e->g, e->rounded.g}, w->down_weight, 0, s->s2);
    layers_bias_dropout_add(r->n_samples, r->offset, d, s->s2, w->down_bias, s->y, dropout_keys(e, in, l, SITE_OUTPUT),
                            s->s2);
    layers_layernorm(n, d, s->s2, w->norm2_gamma, w->norm2_beta, c->layernorm_epsilon, e->h[l + 1], s->mean2, s->rstd2,
                     input_copy(e, l + 1));
}

static void layer_forward(Encoder *e, const Packed *in, int l)
{
    attend(e, in, l);
    feed_forward(e, in, l, &(LayerRows){in->n_tokens, in->n_samples, in->offset, e->layer[l].a, e->h[l]});
}

/* Of the last layer, without dropout, the rows that are read: [n, D] in their order. */
static void layer_forward_rows(Encoder *e, const Packed *in, int l, int n, const int *row)
{
    const int d = e->params->config.hidden, one[2] = {0, n};
    attend(e, in, l);
    if (n == 0) return;
    rows_gather(n, d, row, e->layer[l].a, e->layer[l].y);
    rows_gather(n, d, row, e->h[l], e->h[l + 1]);
    feed_forward(e, in, l, &(LayerRows){n, 1, one, e->layer[l].y, e->h[l + 1]});
}

const real *encoder_forward(Encoder *e, const Packed *input)
{
    const size_t places = (size_t)e->params->config.heads * (size_t)input->n_tokens;
    if (e->received) memset(e->received, 0, places * sizeof *e->received);
    embed(e, input);
    for (int l = 0; l < e->params->config.layers; l++) layer_forward(e, input, l);
    return e->h[e->params->config.layers];
}

const real *encoder_forward_rows(Encoder *e, const Packed *input, int n, const int *row)
{
    const int last = e->params->config.layers - 1;
    const size_t places = (size_t)e->params->config.heads * (size_t)input->n_tokens;
    if (e->received) memset(e->received, 0, places * sizeof *e->received);
    embed(e, input);
    for (int l = 0; l < last; l++) layer_forward(e, input, l);
    layer_forward_rows(e, input, last, n, row);
    return e->h[last + 1];
}

static void attend_backward(Encoder *e, const Packed *in, int l)
{
    const BertConfig *c = &e->params->config;
    real *gradient = e->params->g.layer[l].prefix, *dseen = gradient ? e->dprefix : NULL;
    const Attention attention = attention_of(e, in, l);
    attention_backward(&attention, e->layer[l].qkv, e->layer[l].a, e->da, e->dqkv, dseen);
    if (gradient)
        prefix_backward(in->n_samples, c->prefix, c->hidden, dropout_keys(e, in, l, SITE_PREFIX),
                        !e->params->overwrites, dseen, gradient);
}

/* dx: in, the gradient of h[l+1]; out, of h[l]. */
static void layer_backward(Encoder *e, const Packed *in, int l, real *dx)
{
    const BertConfig *c = &e->params->config;
    const LayerTensors *w = &e->params->w.layer[l], *g = &e->params->g.layer[l];
    const LayerStates *s = &e->layer[l];
    const Params *p = e->params;
    const Operand ds = {e->ds, e->rounded.ds}, df = {e->df, e->rounded.df}, dqkv = {e->dqkv, e->rounded.dqkv};
    const int n = in->n_tokens, d = c->hidden, i = c->intermediate;
    const double beta = p->overwrites ? 0 : 1; /* of the matrices' gradients */
    layers_layernorm_backward(n, d, dx, s->s2, s->mean2, s->rstd2, w->norm2_gamma, dx, g->norm2_gamma, g->norm2_beta,
                              e->reduce);
    layers_dropout(in->n_samples, in->offset, d, dx, dropout_keys(e, in, l, SITE_OUTPUT), e->ds, e->rounded.ds);
    layers_column_sum(n, d, e->ds, g->down_bias, e->reduce, NULL);
    layers_gelu(n, i, s->f, e->g, e->rounded.g);
    params_add_product(p, d, i, n, ds, (Operand){e->g, e->rounded.g}, beta, g->down_weight); /* dWd += ds^T g */
    params_product(p, PLAIN, n, i, d, ds, w->down_weight, 0, e->df);                         /* dg = ds Wd */
    layers_gelu_backward(n, i, s->f, e->df, g->up_bias, e->reduce, e->rounded.df);
    params_add_product(p, i, d, n, df, (Operand){s->y, s->rounded_y}, beta, g->up_weight); /* dWu += df^T y */
    params_product(p, PLAIN, n, d, i, df, w->up_weight, 1, dx);                            /* dy = ds2 + df Wu */
    layers_layernorm_backward(n, d, dx, s->s1, s->mean1, s->rstd1, w->norm1_gamma, dx, g->norm1_gamma, g->norm1_beta,
                              e->reduce);
    layers_dropout(in->n_samples, in->offset, d, dx, dropout_keys(e, in, l, SITE_ATTENTION_OUTPUT), e->ds,
                   e->rounded.ds);
    layers_column_sum(n, d, e->ds, g->out_bias, e->reduce, NULL);
    if (p->is_bf16) layers_round(n, d, s->a, e->rounded.a);
    params_add_product(p, d, d, n, ds, (Operand){s->a, e->rounded.a}, beta, g->out_weight); /* dWo += ds^T a */
    params_product(p, PLAIN, n, d, d, ds, w->out_weight, 0, e->da);                         /* da = ds Wo */
    attend_backward(e, in, l);
    layers_column_sum(n, 3 * d, e->dqkv, g->qkv_bias, e->reduce, e->rounded.dqkv);
    params_add_product(p, 3 * d, d, n, dqkv, (Operand){e->h[l], s->rounded_h}, beta, g->qkv_weight); /* dqkv^T h */
    params_product(p, PLAIN, n, d, 3 * d, dqkv, w->qkv_weight, 1, dx); /* dh = ds1 + dqkv Wqkv */
}

static void embed_backward(Encoder *e, const Packed *in, real *dx)
{
    const BertConfig *c = &e->params->config;
    const BertTensors *w = &e->params->w, *g = &e->params->g;
    const int n = in->n_tokens, d = c->hidden;
    if (e->hidden_dropout > 0)
        layers_dropout(in->n_samples, in->offset, d, dx, dropout_keys(e, in, c->layers, SITE_EMBEDDING), dx, NULL);
    layers_layernorm_backward(n, d, dx, e->embedded, e->mean0, e->rstd0, w->norm_gamma, dx, g->norm_gamma, g->norm_beta,
                              e->reduce);
    if (g->word) embedding_backward(n, d, in->id, dx, c->pad_id, g->word);
    if (g->position) embedding_backward(n, d, positions(e, in), dx, EMBEDDING_ALL_ROWS, g->position);
    if (g->type) embedding_backward(n, d, in->kind, dx, EMBEDDING_ALL_ROWS, g->type);
}

void encoder_backward(Encoder *e, const Packed *input, LayerDone done, void *context)
{
    const BertConfig *c = &e->params->config;
    const int last = c->layers - 1, lowest = e->params->lowest;
    for (int l = last; l >= 0; l--) {
        if (e->recomputes && l < last && l >= lowest) layer_forward(e, input, l);
        if (l >= lowest) layer_backward(e, input, l, e->dx);
        if (e->dh[l] && l >= lowest) layers_add((int64_t)input->n_tokens * c->hidden, e->dh[l], e->dx);
        if (done) done(context, l);
    }
    if (lowest < 0) embed_backward(e, input, e->dx);
}
