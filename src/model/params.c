/* params.c: pointers into the blocks, by the ids of the layout. */
#include "model/params.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/bert_init.h"
#include "kernels/layers.h"
#include "kernels/panels.h"

/* Where the pointer to a tensor stands: in LayerTensors for one of a layer, in BertTensors else. Keys and values lie
 * behind the queries and have no pointer of their own. */
enum { NO_POINTER = -1 };
static const int pointer_at[N_BERT_IDS] = {
    [BERT_WORD] = offsetof(BertTensors, word),
    [BERT_POSITION] = offsetof(BertTensors, position),
    [BERT_TYPE] = offsetof(BertTensors, type),
    [BERT_EMBEDDING_GAMMA] = offsetof(BertTensors, norm_gamma),
    [BERT_EMBEDDING_BETA] = offsetof(BertTensors, norm_beta),
    [BERT_QUERY_WEIGHT] = offsetof(LayerTensors, qkv_weight),
    [BERT_KEY_WEIGHT] = NO_POINTER,
    [BERT_VALUE_WEIGHT] = NO_POINTER,
    [BERT_QUERY_BIAS] = offsetof(LayerTensors, qkv_bias),
    [BERT_KEY_BIAS] = NO_POINTER,
    [BERT_VALUE_BIAS] = NO_POINTER,
    [BERT_OUT_WEIGHT] = offsetof(LayerTensors, out_weight),
    [BERT_OUT_BIAS] = offsetof(LayerTensors, out_bias),
    [BERT_NORM1_GAMMA] = offsetof(LayerTensors, norm1_gamma),
    [BERT_NORM1_BETA] = offsetof(LayerTensors, norm1_beta),
    [BERT_UP_WEIGHT] = offsetof(LayerTensors, up_weight),
    [BERT_UP_BIAS] = offsetof(LayerTensors, up_bias),
    [BERT_DOWN_WEIGHT] = offsetof(LayerTensors, down_weight),
    [BERT_DOWN_BIAS] = offsetof(LayerTensors, down_bias),
    [BERT_NORM2_GAMMA] = offsetof(LayerTensors, norm2_gamma),
    [BERT_NORM2_BETA] = offsetof(LayerTensors, norm2_beta),
    [BERT_TRANSFORM_WEIGHT] = offsetof(BertTensors, transform_weight),
    [BERT_TRANSFORM_BIAS] = offsetof(BertTensors, transform_bias),
    [BERT_TRANSFORM_GAMMA] = offsetof(BertTensors, transform_norm_gamma),
    [BERT_TRANSFORM_BETA] = offsetof(BertTensors, transform_norm_beta),
    [BERT_DECODER_BIAS] = offsetof(BertTensors, decoder_bias),
    [BERT_DECODER] = offsetof(BertTensors, decoder),
    [BERT_PREFIX] = offsetof(LayerTensors, prefix),
    [BERT_POOLER_WEIGHT] = offsetof(BertTensors, pooler_weight),
    [BERT_POOLER_BIAS] = offsetof(BertTensors, pooler_bias),
    [BERT_SENTENCE_WEIGHT] = offsetof(BertTensors, sentence_weight),
    [BERT_SENTENCE_BIAS] = offsetof(BertTensors, sentence_bias),
    [BERT_SENTENCE_OUT_WEIGHT] = offsetof(BertTensors, sentence_out_weight),
    [BERT_SENTENCE_OUT_BIAS] = offsetof(BertTensors, sentence_out_bias),
    [BERT_NEXT_WEIGHT] = offsetof(BertTensors, next_weight),
    [BERT_NEXT_BIAS] = offsetof(BertTensors, next_bias),
};

/* unread: what the pointer of a vector behind the first n tensors becomes; a matrix there has none. */
static void point_tensors(const Params *params, int n, real *block, real *unread, BertTensors *tensors)
{
    const BertLayout *layout = &params->layout;
    for (int i = 0; i < layout->n; i++) {
        const BertTensor *t = &layout->tensor[i];
        if (pointer_at[t->id] == NO_POINTER) continue;
        char *holder = t->part == PART_LAYER ? (char *)&tensors->layer[t->layer] : (char *)tensors;
        real **pointer = (real **)(void *)(holder + pointer_at[t->id]);
        if (i >= n) *pointer = t->rank == 1 ? unread : NULL;
        else *pointer = block ? block + t->first : NULL;
    }
    if (!params->config.untied) tensors->decoder = tensors->word;
}

static void point_gradients(Params *params)
{
    point_tensors(params, params->trained.n, params->gradient, params->unread, &params->g);
}

/* The longest vector there is. */
static size_t unread_count(const BertConfig *c)
{
    size_t most = (size_t)c->vocab;
    if (most < 3 * (size_t)c->hidden) most = 3 * (size_t)c->hidden;
    return most < (size_t)c->intermediate ? (size_t)c->intermediate : most;
}

static int lowest_trained(const Params *params)
{
    int lowest = params->config.layers;
    for (int i = 0; i < params->trained.n; i++) {
        const BertTensor *t = &params->layout.tensor[i];
        if (t->part == PART_EMBEDDINGS && t->id != BERT_DECODER) return -1;
        if (t->part == PART_LAYER && t->layer < lowest) lowest = t->layer;
    }
    return lowest;
}

static void cut_gradients(Arena *arena, const TrainRule *rule, Params *params)
{
    const size_t count = (size_t)params->trained.count;
    const size_t moments = rule->n_moments < 0 ? count : (size_t)rule->n_moments;
    params->gradient = arena_cut(arena, count, sizeof(real));
    params->lends = rule->lends;
    params->first = arena_cut(arena, moments, sizeof(real));
    params->second = arena_cut(arena, moments, sizeof(real));
    if (params->trained.n < params->layout.n)
        params->unread = arena_cut(arena, unread_count(&params->config), sizeof(real));
}

void params_init(Arena *arena, const BertConfig *config, const TrainRule *rule, Params *params)
{
    *params = (Params){.config = *config};
    bert_layout_init(config, &params->layout);
    if (rule && rule->freeze && rule->freeze[0]) bert_layout_freeze(&params->layout, rule->freeze);
    params->trained = bert_layout_trained(&params->layout);
    params->lowest = lowest_trained(params);
    params->weight = arena_cut(arena, (size_t)params->layout.count, sizeof(real));
    params->is_bf16 = gemm_precision() == PRECISION_BF16;
    if (params->is_bf16) params->rounded = arena_cut(arena, (size_t)params->layout.count, sizeof *params->rounded);
    if (rule) cut_gradients(arena, rule, params);
    params->w.layer = memory_alloc((size_t)config->layers, sizeof *params->w.layer);
    params->g.layer = memory_alloc((size_t)config->layers, sizeof *params->g.layer);
    point_tensors(params, params->layout.n, params->weight, NULL, &params->w);
    point_gradients(params);
}

void params_point_gradient(Params *params, real *block)
{
    if (block == params->gradient) return;
    params->gradient = block;
    point_gradients(params);
}

void params_free(Params *params)
{
    bert_layout_free(&params->layout);
    free(params->w.layer);
    free(params->g.layer);
    free(params->copy);
    *params = (Params){0};
}

void params_init_random(Params *params, uint64_t seed)
{
    bert_init_random(&params->config, &params->layout, seed, params->weight);
}

void params_fill_panels(Params *params)
{
    for (const PanelCopy *c = params->copy; c < params->copy + params->n_copies; c++)
        panels_fill(c->t, c->n, c->k, c->weight, c->panels);
}

void params_round(Params *params)
{
    if (params->is_bf16) layers_round_flat(params->layout.count, params->weight, params->rounded);
    params_fill_panels(params);
}

/* A matrix of [rows, columns]: x W^T of the forward pass; in training x W of the backward pass, too. */
static void add_copies(Arena *arena, const real *weight, int rows, int columns, bool both_ways, Params *params)
{
    PanelCopy *copy = params->copy + params->n_copies;
    const size_t size = panels_size(rows, columns), size_back = panels_size(columns, rows);
    *copy++ = (PanelCopy){weight, TRANSPOSED, rows, columns, arena_cut(arena, size, sizeof(real))};
    if (both_ways) *copy++ = (PanelCopy){weight, PLAIN, columns, rows, arena_cut(arena, size_back, sizeof(real))};
    params->n_copies = (int)(copy - params->copy);
}

void params_take_panels(Arena *arena, bool trains, Params *params)
{
    enum { OF_A_LAYER = 4, OF_THE_HEAD = 2 };
    const BertConfig *c = &params->config;
    const int d = c->hidden, i = c->intermediate;
    if (!gemm_is_blis()) return;
    params->copy = memory_alloc(2 * (size_t)(OF_A_LAYER * c->layers + OF_THE_HEAD), sizeof *params->copy);
    for (int l = 0; l < c->layers; l++) {
        const LayerTensors *w = &params->w.layer[l];
        add_copies(arena, w->qkv_weight, 3 * d, d, trains, params);
        add_copies(arena, w->out_weight, d, d, trains, params);
        add_copies(arena, w->up_weight, i, d, trains, params);
        add_copies(arena, w->down_weight, d, i, trains, params);
    }
    add_copies(arena, params->w.transform_weight, d, d, trains, params);
    add_copies(arena, params->w.decoder, c->vocab, d, trains, params);
}

size_t params_panels_bytes(const Params *params)
{
    size_t numbers = 0;
    for (const PanelCopy *c = params->copy; c < params->copy + params->n_copies; c++)
        numbers += panels_size(c->n, c->k);
    return numbers * sizeof(real);
}

/* Of a matrix, or, TRANSPOSED, of its rows from one on that begins a panel; else NULL. */
static const real *panels_of(const Params *params, Transpose t, int n, int k, const real *weight)
{
    for (const PanelCopy *c = params->copy; c < params->copy + params->n_copies; c++) {
        const int64_t at = weight - c->weight;
        if (c->t != t || c->k != k || at < 0 || at >= (int64_t)c->n * k) continue;
        if (t == PLAIN) return at == 0 && c->n == n ? c->panels : NULL;
        return at % ((int64_t)PRODUCT_PAD * k) == 0 ? c->panels + at : NULL;
    }
    return NULL;
}

int params_rows(const Params *params, int n)
{
    return params->is_bf16 ? rounded_rows(n) : n;
}

static Operand operand_of(const Params *params, const real *weight)
{
    return (Operand){weight, params->is_bf16 ? params->rounded + (weight - params->weight) : NULL};
}

void params_map(const Params *params, Transpose t, int n, int columns, int k, Operand x, const real *weight,
                const real *bias, Result y, int ldy)
{
    const real *panels = panels_of(params, t, columns, k, weight);
    if (panels) panels_product(n, columns, k, x.x, k, panels, false, bias, y.x, ldy);
    else
        gemm_product(PLAIN, t, params_rows(params, n), columns, k, x, k, operand_of(params, weight),
                     t == PLAIN ? columns : k, 0, bias, y, ldy);
}

void params_product(const Params *params, Transpose t, int n, int columns, int k, Operand x, const real *weight,
                    double beta, real *y)
{
    const real *panels = panels_of(params, t, columns, k, weight);
    if (panels) panels_product(n, columns, k, x.x, k, panels, beta != 0, NULL, y, columns);
    else
        gemm_product(PLAIN, t, params_rows(params, n), columns, k, x, k, operand_of(params, weight),
                     t == PLAIN ? columns : k, beta, NULL, (Result){y, NULL}, columns);
}

void params_add_product(const Params *params, int rows, int columns, int n, Operand y, Operand x, double beta,
                        real *gradient)
{
    if (!gradient) return;
    gemm_product(TRANSPOSED, PLAIN, rows, columns, params_rows(params, n), y, rows, x, columns, beta, NULL,
                 (Result){gradient, NULL}, columns);
}

void params_zero_gradient(Params *params)
{
    memset(params->gradient, 0, (size_t)params->trained.count * sizeof(real));
    params->overwrites = false;
}

void params_drop_held(Params *params)
{
    for (int i = 0; i < params->trained.n; i++) {
        const BertTensor *t = &params->layout.tensor[i];
        if (t->is_held) memset(params->gradient + t->first, 0, (size_t)t->count * sizeof(real));
    }
}

void params_begin_gradient(Params *params)
{
    const BertLayout *layout = &params->trained;
    for (int i = 0; i < layout->n; i++) {
        const BertTensor *tensor = &layout->tensor[i];
        const bool is_set = tensor->role == TENSOR_MATRIX && tensor->part == PART_LAYER;
        if (!is_set) memset(params->gradient + tensor->first, 0, (size_t)tensor->count * sizeof(real));
    }
    params->overwrites = true;
}

Arena params_lent(const Params *params, int l)
{
    const BertLayout *layout = &params->trained;
    int64_t first = 0, count = 0;
    for (int i = 0; i < layout->n && params->lends; i++) { /* a layer's trained tensors lie side by side */
        const BertTensor *t = &layout->tensor[i];
        if (t->part != PART_LAYER || t->layer != l) continue;
        if (!count) first = t->first;
        count = t->first + t->count - first;
    }
    const size_t begin = ((size_t)first * sizeof(real) + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
    const size_t end = (size_t)(first + count) * sizeof(real);
    if (begin >= end) return (Arena){0};
    return (Arena){.base = params->gradient ? (char *)params->gradient + begin : NULL, .size = end - begin};
}

void params_begin_layer(const Params *params, int l)
{
    const BertLayout *layout = &params->trained;
    for (int i = 0; i < layout->n && params->lends; i++) {
        const BertTensor *t = &layout->tensor[i];
        const bool is_added = t->part == PART_LAYER && t->layer == l && t->role != TENSOR_MATRIX;
        if (is_added) memset(params->gradient + t->first, 0, (size_t)t->count * sizeof(real));
    }
}

void params_add_gradients(Params *params)
{
    params->overwrites = false;
}
