/* encoder.c: a block forward is one function, its backward the same list read upwards. */
#include "model/encoder.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "kernels/embedding.h"
#include "kernels/gemm.h"
#include "kernels/layers.h"
#include "kernels/team.h"
#include "model/prefix.h"

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

static real *cut_within(Arena *nook, Arena *arena, size_t rows, size_t columns)
{
    return arena_cut_within(nook, arena, rows * columns, sizeof(real));
}

/* The largest first. */
static void init_layer(Arena *nook, Arena *arena, const Params *params, size_t n, LayerStates *s)
{
    const BertConfig *c = &params->config;
    const size_t d = (size_t)c->hidden;
    *s = (LayerStates){0};
    s->f = cut_within(nook, arena, n, (size_t)c->intermediate);
    if (!params->is_bf16) s->qkv.x = cut_within(nook, arena, n, 3 * d);
    else s->qkv.rounded = arena_cut_within(nook, arena, n * 3 * d, sizeof(Bf16));
    s->s1 = cut_within(nook, arena, n, d);
    s->s2 = cut_within(nook, arena, n, d);
    if (!params->is_bf16) s->a = cut_within(nook, arena, n, d);
    if (!params->is_bf16) s->y = cut_within(nook, arena, n, d);
    if (params->is_bf16) {
        s->rounded_h = arena_cut_within(nook, arena, n * d, sizeof(Bf16));
        s->rounded_a = arena_cut_within(nook, arena, n * d, sizeof(Bf16));
        s->rounded_y = arena_cut_within(nook, arena, n * d, sizeof(Bf16));
    }
    s->row = cut_within(nook, arena, n, 2 * (size_t)c->heads);
    s->mean1 = cut_within(nook, arena, n, 1);
    s->rstd1 = cut_within(nook, arena, n, 1);
    s->mean2 = cut_within(nook, arena, n, 1);
    s->rstd2 = cut_within(nook, arena, n, 1);
}

/* Rows of the arrays. */
static size_t room(const Encoder *e)
{
    return (size_t)params_rows(e->params, e->max_tokens);
}

/* In bf16 the backward pass reads rounded inputs: two places serve all h, in turn. */
static bool keeps_inputs(const Encoder *e, EncoderUse use)
{
    return use == ENCODER_TRAINS ? !e->params->is_bf16 : use != ENCODER_EVALUATES;
}

/* above: memory of the last layer's gradients, for what the backward pass does not read. */
static void init_inputs(Arena *above, Arena *arena, Encoder *e, EncoderUse use)
{
    const int layers = e->params->config.layers;
    const size_t n = room(e), d = (size_t)e->params->config.hidden;
    e->h = memory_alloc((size_t)layers + 1, sizeof *e->h);
    e->dh = memory_alloc((size_t)layers + 1, sizeof *e->dh);
    for (int l = 0; l <= layers; l++) {
        const bool is_kept = keeps_inputs(e, use);
        if (!is_kept && l >= 2) e->h[l] = e->h[l % 2];
        else if (is_kept && l < layers) e->h[l] = cut(arena, n, d);
        else e->h[l] = cut_within(above, arena, n, d);
    }
}

static void init_states(Arena *arena, Encoder *e, EncoderUse use)
{
    const int layers = e->params->config.layers;
    const size_t n = room(e);
    if (use == ENCODER_TRAINS) e->idle[1] = params_lent(e->params, layers - 1);
    init_inputs(&e->idle[1], arena, e, use);
    e->layer = memory_alloc((size_t)layers, sizeof *e->layer);
    for (int l = 0; l < layers; l++) {
        Arena nook = use == ENCODER_TRAINS && l > 0 ? params_lent(e->params, l - 1) : (Arena){0};
        if (use == ENCODER_TRAINS || l == 0) init_layer(&nook, arena, e->params, n, &e->layer[l]);
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

/* One after the other: dg, df and dqkv; and of the rounded ones g and dqkv. What is rounded in blocks has no array. */
static void init_gradients(Arena *arena, Encoder *e)
{
    const BertConfig *c = &e->params->config;
    const size_t n = room(e), d = (size_t)c->hidden, i = (size_t)c->intermediate, widest = i > 3 * d ? i : 3 * d;
    const bool is_bf16 = e->params->is_bf16;
    const size_t begin = arena->used;
    e->df = cut(arena, n, is_bf16 ? (i > d ? i : d) : widest);
    if (is_bf16) e->dqkv.bias = cut(arena, (size_t)e->max_samples, 3 * d);
    else e->dqkv.x = e->df;
    e->ds = cut(arena, is_bf16 ? layers_block_size(c->hidden, gemm_threads()) : n * d, 1);
    if (is_bf16) e->da.rounded = cut_rounded(arena, e->params, n, d);
    else e->da.x = cut(arena, n, d);
    e->rounded.ds = cut_rounded(arena, e->params, n, d);
    e->rounded.df = cut_rounded(arena, e->params, n, i);
    e->dqkv.rounded = e->rounded.g;
    e->reduce = arena_cut(arena, layers_scratch(e->max_tokens, (int)widest), sizeof(real));
    e->idle[0] = (Arena){.base = (char *)e->df, .size = arena->used - begin};
    e->dh[c->layers] = e->dx = cut(arena, n, d);
}

/* Of encoder_forward_rows. */
static void init_rows(Arena *arena, Encoder *e)
{
    repeats_init(arena, e->max_tokens, e->longest, &e->repeats);
    e->query_offset = arena_cut(arena, (size_t)e->max_samples + 1, sizeof *e->query_offset);
}

void encoder_init(Arena *arena, const Params *params, int max_samples, int max_tokens, int longest, EncoderUse use,
                  Encoder *e)
{
    const BertConfig *c = &params->config;
    const size_t d = (size_t)c->hidden, i = (size_t)c->intermediate, widest = i > 3 * d ? i : 3 * d;
    *e = (Encoder){.params = params, .max_samples = max_samples, .max_tokens = max_tokens, .longest = longest};
    const size_t n = room(e);
    e->recomputes = use == ENCODER_RECOMPUTES;
    init_states(arena, e, use);
    e->mean0 = cut(arena, n, 1);
    e->rstd0 = cut(arena, n, 1);
    if (!params->is_bf16) e->g = cut(arena, n, i);
    e->rounded.g = cut_rounded(arena, params, n, trains(use) ? widest : i);
    if (trains(use)) init_gradients(arena, e);
    real *y = !params->is_bf16 || trains(use) ? e->df : cut(arena, n, d); /* of all layers, read by the next lines */
    for (int l = 0; l < c->layers && params->is_bf16; l++) e->layer[l].y = y;
    e->attention_scratch =
        arena_cut(arena, attention_scratch(c->prefix + longest, c->hidden / c->heads, gemm_threads()), sizeof(real));
    e->dropout = arena_cut(arena, (size_t)max_samples, sizeof *e->dropout);
    if (use == ENCODER_EVALUATES) init_rows(arena, e);
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
    for (int l = 2; l <= c->layers; l++)
        if (e->params->is_bf16 && !e->recomputes) e->h[l] = cut(arena, room(e), (size_t)c->hidden);
}

void encoder_clear_gradients(Encoder *e, int n_tokens)
{
    const BertConfig *c = &e->params->config;
    for (int l = 0; l <= c->layers; l++)
        if (e->dh[l]) memset(e->dh[l], 0, (size_t)n_tokens * (size_t)c->hidden * sizeof(real));
}

static SampleRows sample_rows(const Encoder *e, const Packed *input, const Dropout *keys)
{
    return (SampleRows){input->n_samples, e->params->config.hidden, input->offset, keys};
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

/* Places of n tokens in the table of positions. */
static const int *positions(const Encoder *e, int n, const int *position)
{
    if (!e->position) return position;
    for (int i = 0; i < n; i++) e->position[i] = position[i] + e->params->config.prefix;
    return e->position;
}

/* Where the rounded input of layer l is written as the input is made. Recomputed layers share one place, and round
 * theirs when their turn comes. */
static Bf16 *input_copy(const Encoder *e, int l)
{
    return l < e->params->config.layers && !e->recomputes ? e->layer[l].rounded_h : NULL;
}

/* Without dropout. h [n, D] and its rounded copy, or NULL. */
static void embed_tokens(Encoder *e, int n, const int *id, const int *position, const int *kind, real *h, Bf16 *rounded)
{
    const BertConfig *c = &e->params->config;
    const BertTensors *w = &e->params->w;
    real *sum = e->layer[0].s1; /* of the three embeddings; layer 0 comes later */
    embedding_forward(n, c->hidden, id, positions(e, n, position), kind, w->word, w->position, w->type, sum);
    layers_layernorm(n, c->hidden, sum, w->norm_gamma, w->norm_beta, c->layernorm_epsilon, h, e->mean0, e->rstd0,
                     rounded);
}

static void embed(Encoder *e, const Packed *in)
{
    const BertConfig *c = &e->params->config;
    embed_tokens(e, in->n_tokens, in->id, in->position, in->kind, e->h[0],
                 e->hidden_dropout > 0 ? NULL : input_copy(e, 0));
    if (e->hidden_dropout == 0) return;
    const SampleRows rows = sample_rows(e, in, dropout_keys(e, in, c->layers, SITE_EMBEDDING));
    layers_dropout(&rows, e->h[0], e->h[0], input_copy(e, 0));
}

/* qkv of rows x [n, D] of h[l]: all of it, or a part: columns first .. first + columns - 1. */
static void project(const Encoder *e, int l, int n, Operand x, int first, int columns, Result qkv)
{
    const LayerTensors *w = &e->params->w.layer[l];
    const int d = e->params->config.hidden;
    const Result part = {qkv.x ? qkv.x + first : NULL, qkv.rounded ? qkv.rounded + first : NULL};
    params_map(e->params, TRANSPOSED, n, columns, d, x, w->qkv_weight + (int64_t)first * d, w->qkv_bias + first, part,
               3 * d);
}

/* a [n, D] of the layer's states = attention of its n queries, keys and values; query_offset: as in Attention. */
static void weigh(Encoder *e, const Packed *in, int l, int n, const int *query_offset)
{
    const LayerStates *s = &e->layer[l];
    Attention attention = attention_of(e, in, l);
    attention.query_offset = query_offset;
    attention_forward(&attention, (Operand){s->qkv.x, s->qkv.rounded}, (Result){s->a, s->rounded_a});
    layers_clear_behind(n, e->params->config.hidden, s->rounded_a);
}

/* The same of h[l]. */
static void attend(Encoder *e, const Packed *in, int l)
{
    const LayerStates *s = &e->layer[l];
    const int n = in->n_tokens, d = e->params->config.hidden;
    if (e->recomputes && e->params->is_bf16) layers_round(n, d, e->h[l], s->rounded_h);
    project(e, l, n, (Operand){e->h[l], s->rounded_h}, 0, 3 * d, s->qkv);
    weigh(e, in, l, n, NULL);
}

/* Rows of a layer behind its attention: each is a function of the same rows of a and of the layer's input. */
typedef struct {
    int n, n_samples;
    const int *offset;    /* [n_samples + 1] */
    Operand a;            /* [n, D] */
    const real *residual; /* [n, D] the layer's input */
} LayerRows;

/* y = LN(s), s = residual + dropout(s + b), of one of a layer's two halves. */
static void add_norm(const Encoder *e, const Packed *in, int l, int site, const LayerRows *r, const AddNorm *weights,
                     const real *residual, real *s, real *y, real *mean, real *rstd, Bf16 *rounded)
{
    const SampleRows rows = {r->n_samples, e->params->config.hidden, r->offset, dropout_keys(e, in, l, site)};
    layers_add_norm(&rows, weights, s, residual, s, y, mean, rstd, rounded);
}

static void feed_forward(Encoder *e, const Packed *in, int l, const LayerRows *r)
{
    const BertConfig *c = &e->params->config;
    const LayerTensors *w = &e->params->w.layer[l];
    const LayerStates *s = &e->layer[l];
    const Params *p = e->params;
    const int n = r->n, d = c->hidden, i = c->intermediate;
    const AddNorm half1 = {w->out_bias, w->norm1_gamma, w->norm1_beta, c->layernorm_epsilon};
    const AddNorm half2 = {w->down_bias, w->norm2_gamma, w->norm2_beta, c->layernorm_epsilon};
    params_product(p, TRANSPOSED, n, d, d, r->a, w->out_weight, 0, s->s1);
    add_norm(e, in, l, SITE_ATTENTION_OUTPUT, r, &half1, r->residual, s->s1, s->y, s->mean1, s->rstd1, s->rounded_y);
    params_product(p, TRANSPOSED, n, i, d, (Operand){s->y, s->rounded_y}, w->up_weight, 0, s->f);
    layers_bias_gelu(n, i, w->up_bias, s->f, e->g, e->rounded.g);
    params_product(p, TRANSPOSED, n, d, i, (Operand){e->g, e->rounded.g}, w->down_weight, 0, s->s2);
    add_norm(e, in, l, SITE_OUTPUT, r, &half2, s->y, s->s2, e->h[l + 1], s->mean2, s->rstd2, input_copy(e, l + 1));
}

static void feed_forward_all(Encoder *e, const Packed *in, int l)
{
    const Operand a = {e->layer[l].a, e->layer[l].rounded_a};
    feed_forward(e, in, l, &(LayerRows){in->n_tokens, in->n_samples, in->offset, a, e->h[l]});
}

static void layer_forward(Encoder *e, const Packed *in, int l)
{
    attend(e, in, l);
    feed_forward_all(e, in, l);
}

static void clear_received(const Encoder *e, const Packed *in)
{
    const size_t places = (size_t)e->params->config.heads * (size_t)in->n_tokens;
    if (e->received) memset(e->received, 0, places * sizeof *e->received);
}

const real *encoder_forward(Encoder *e, const Packed *input)
{
    clear_received(e, input);
    embed(e, input);
    for (int l = 0; l < e->params->config.layers; l++) layer_forward(e, input, l);
    return e->h[e->params->config.layers];
}

/* --- rows that are read ----------------------------------------------------------------------------- */

static void gather_bytes(int n, size_t bytes, const int *row, const void *x, void *y)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *(int64_t)(bytes / sizeof(real))))
    for (int i = 0; i < n; i++) memcpy((char *)y + (size_t)i * bytes, (const char *)x + (size_t)row[i] * bytes, bytes);
}

/* h[0] and qkv of layer 0, of tokens that are alike once, unless most are not. The places of h[1] and f are free. */
static bool embed_alike(Encoder *e, const Packed *in)
{
    const Params *p = e->params;
    const LayerStates *s = &e->layer[0];
    Repeats *r = &e->repeats;
    const int tokens = in->n_tokens, d = p->config.hidden;
    repeats_find(in, r);
    const int64_t few = (int64_t)params_rows(p, r->n) * 3 * d, room = (int64_t)tokens * p->config.intermediate;
    if (2 * r->n > tokens || few > room) return false;
    const Result qkv = {p->is_bf16 ? NULL : s->f, p->is_bf16 ? (Bf16 *)(void *)s->f : NULL};
    embed_tokens(e, r->n, r->id, r->position, r->kind, e->h[1], s->rounded_y);
    project(e, 0, r->n, (Operand){e->h[1], s->rounded_y}, 0, 3 * d, qkv);
    gather_bytes(tokens, (size_t)d * sizeof(real), r->of, e->h[1], e->h[0]);
    if (p->is_bf16) gather_bytes(tokens, 3 * (size_t)d * sizeof(Bf16), r->of, qkv.rounded, s->qkv.rounded);
    else gather_bytes(tokens, 3 * (size_t)d * sizeof(real), r->of, qkv.x, s->qkv.x);
    return true;
}

/* h[last] */
static void forward_layers(Encoder *e, const Packed *in, int last)
{
    int l = 0;
    if (last > 0 && embed_alike(e, in)) {
        weigh(e, in, 0, in->n_tokens, NULL);
        feed_forward_all(e, in, 0);
        l = 1;
    } else embed(e, in);
    for (; l < last; l++) layer_forward(e, in, l);
}

/* How many of the rows stand before each sample. */
static const int *offsets_of(Encoder *e, const Packed *in, int n, const int *row)
{
    int i = 0;
    for (int b = 0; b < in->n_samples; b++) {
        e->query_offset[b] = i;
        for (; i < n && row[i] < in->offset[b + 1]; i++)
            if (i > 0 && row[i] <= row[i - 1]) status_abort(__FILE__, __LINE__, "rows are not in order");
    }
    e->query_offset[in->n_samples] = i;
    return e->query_offset;
}

/* Of the last layer the rows that are read: queries stand in the first rows of qkv, one behind the other. */
static void layer_forward_rows(Encoder *e, const Packed *in, int l, int n, const int *row)
{
    const LayerStates *s = &e->layer[l];
    const int d = e->params->config.hidden, one[2] = {0, n};
    const Operand x = {e->h[l + 1], s->rounded_y};
    if (n == 0) return;
    gather_bytes(n, (size_t)d * sizeof(real), row, e->h[l], e->h[l + 1]);
    if (s->rounded_h) gather_bytes(n, (size_t)d * sizeof(Bf16), row, s->rounded_h, s->rounded_y);
    layers_clear_behind(n, d, s->rounded_y);
    project(e, l, in->n_tokens, (Operand){e->h[l], s->rounded_h}, d, 2 * d, s->qkv);
    project(e, l, n, x, 0, d, s->qkv);
    weigh(e, in, l, n, offsets_of(e, in, n, row));
    feed_forward(e, in, l, &(LayerRows){n, 1, one, {s->a, s->rounded_a}, e->h[l + 1]});
}

const real *encoder_forward_rows(Encoder *e, const Packed *input, int n, const int *row)
{
    const int last = e->params->config.layers - 1;
    clear_received(e, input);
    forward_layers(e, input, last);
    layer_forward_rows(e, input, last, n, row);
    return e->h[last + 1];
}

/* --- backward --------------------------------------------------------------------------------------- */

static void attend_backward(Encoder *e, const Packed *in, int l)
{
    const BertConfig *c = &e->params->config;
    const int n = in->n_tokens, width = 3 * c->hidden;
    real *gradient = e->params->g.layer[l].prefix, *dseen = gradient ? e->dprefix : NULL;
    real *dbias = e->params->g.layer[l].qkv_bias;
    const Attention attention = attention_of(e, in, l);
    const Result *qkv = &e->layer[l].qkv;
    attention_backward(&attention, (Operand){qkv->x, qkv->rounded}, e->layer[l].a, (Operand){e->da.x, e->da.rounded},
                       e->dqkv, dseen);
    layers_clear_behind(n, width, e->dqkv.rounded);
    if (e->dqkv.rounded) layers_add_rows(in->n_samples, width, e->dqkv.bias, dbias);
    else layers_column_sum(n, width, e->dqkv.x, dbias, e->reduce);
    if (gradient)
        prefix_backward(in->n_samples, c->prefix, c->hidden, dropout_keys(e, in, l, SITE_PREFIX),
                        !e->params->overwrites, dseen, gradient);
}

/* Of add_norm. dx: in, the gradient of y; out, of s, which is h's; ds that of the product. */
static void add_norm_backward(Encoder *e, const Packed *in, int l, int site, const AddNormGradients *weights,
                              const real *s, const real *mean, const real *rstd, real *dx)
{
    const SampleRows rows = sample_rows(e, in, dropout_keys(e, in, l, site));
    layers_add_norm_backward(&rows, weights, dx, s, mean, rstd, dx, e->ds, e->reduce, e->rounded.ds);
}

/* dx: in, the gradient of h[l+1]; out, of h[l]. */
static void layer_backward(Encoder *e, const Packed *in, int l, real *dx)
{
    const BertConfig *c = &e->params->config;
    const LayerTensors *w = &e->params->w.layer[l], *g = &e->params->g.layer[l];
    const LayerStates *s = &e->layer[l];
    const Params *p = e->params;
    const AddNormGradients half1 = {w->norm1_gamma, g->norm1_gamma, g->norm1_beta, g->out_bias};
    const AddNormGradients half2 = {w->norm2_gamma, g->norm2_gamma, g->norm2_beta, g->down_bias};
    const Operand ds = {e->ds, e->rounded.ds}, df = {e->df, e->rounded.df}, dqkv = {e->dqkv.x, e->dqkv.rounded};
    const int n = in->n_tokens, d = c->hidden, i = c->intermediate;
    const double beta = p->overwrites ? 0 : 1; /* of the matrices' gradients */
    add_norm_backward(e, in, l, SITE_OUTPUT, &half2, s->s2, s->mean2, s->rstd2, dx);
    params_product(p, PLAIN, n, i, d, ds, w->down_weight, 0, e->df); /* dg = ds Wd */
    layers_gelu_again_backward(n, i, s->f, e->df, e->g, g->up_bias, e->reduce,
                               &(GeluRounded){e->rounded.g, e->rounded.df});
    params_add_product(p, d, i, n, ds, (Operand){e->g, e->rounded.g}, beta, g->down_weight); /* dWd += ds^T g */
    params_add_product(p, i, d, n, df, (Operand){s->y, s->rounded_y}, beta, g->up_weight);   /* dWu += df^T y */
    params_product(p, PLAIN, n, d, i, df, w->up_weight, 1, dx);                              /* dy = ds2 + df Wu */
    add_norm_backward(e, in, l, SITE_ATTENTION_OUTPUT, &half1, s->s1, s->mean1, s->rstd1, dx);
    params_add_product(p, d, d, n, ds, (Operand){s->a, s->rounded_a}, beta, g->out_weight); /* dWo += ds^T a */
    params_map(p, PLAIN, n, d, d, ds, w->out_weight, NULL, e->da, d);                       /* da = ds Wo */
    attend_backward(e, in, l);
    params_add_product(p, 3 * d, d, n, dqkv, (Operand){e->h[l], s->rounded_h}, beta, g->qkv_weight); /* dqkv^T h */
    params_product(p, PLAIN, n, d, 3 * d, dqkv, w->qkv_weight, 1, dx); /* dh = ds1 + dqkv Wqkv */
}

static void embed_backward(Encoder *e, const Packed *in, real *dx)
{
    const BertConfig *c = &e->params->config;
    const BertTensors *w = &e->params->w, *g = &e->params->g;
    const int n = in->n_tokens, d = c->hidden;
    const SampleRows rows = sample_rows(e, in, dropout_keys(e, in, c->layers, SITE_EMBEDDING));
    real *sum = e->df; /* of the three embeddings, again */
    embedding_forward(n, d, in->id, positions(e, n, in->position), in->kind, w->word, w->position, w->type, sum);
    if (e->hidden_dropout > 0) layers_dropout(&rows, dx, dx, NULL);
    layers_layernorm_backward(n, d, dx, sum, e->mean0, e->rstd0, w->norm_gamma, dx, g->norm_gamma, g->norm_beta,
                              e->reduce);
    if (g->word) embedding_backward(n, d, in->id, dx, c->pad_id, g->word);
    if (g->position) embedding_backward(n, d, positions(e, n, in->position), dx, EMBEDDING_ALL_ROWS, g->position);
    if (g->type) embedding_backward(n, d, in->kind, dx, EMBEDDING_ALL_ROWS, g->type);
}

void encoder_backward(Encoder *e, const Packed *input, LayerDone done, void *context)
{
    const BertConfig *c = &e->params->config;
    const int last = c->layers - 1, lowest = e->params->lowest;
    if (e->params->lends && !e->params->overwrites)
        status_abort(__FILE__, __LINE__, "gradients are to be added to, but their memory was lent to states");
    for (int l = last; l >= 0; l--) {
        if (e->recomputes && l < last && l >= lowest) layer_forward(e, input, l);
        if (l >= lowest) params_begin_layer(e->params, l);
        if (l >= lowest) layer_backward(e, input, l, e->dx);
        if (e->dh[l] && l >= lowest) layers_add((int64_t)input->n_tokens * c->hidden, e->dh[l], e->dx);
        if (done) done(context, l);
    }
    if (lowest < 0) embed_backward(e, input, e->dx);
}
