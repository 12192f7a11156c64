/* params.c: pointers into the blocks, found by name. */
#include "model/params.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/bert_init.h"

static real *tensor_at(const BertLayout *layout, real *block, const char *name)
{
    const BertTensor *tensor = bert_layout_find(layout, name);
    if (!tensor) status_abort(__FILE__, __LINE__, "no tensor '%s' in the layout", name);
    return block ? block + tensor->first : NULL;
}

static real *layer_tensor(const BertLayout *layout, real *block, int l, const char *name)
{
    char full[96];
    snprintf(full, sizeof full, "bert.encoder.layer.%d.%s", l, name);
    return tensor_at(layout, block, full);
}

static void point_layer(const BertLayout *layout, real *block, int l, LayerTensors *t)
{
    t->qkv_weight = layer_tensor(layout, block, l, "attention.self.query.weight");
    t->qkv_bias = layer_tensor(layout, block, l, "attention.self.query.bias");
    t->out_weight = layer_tensor(layout, block, l, "attention.output.dense.weight");
    t->out_bias = layer_tensor(layout, block, l, "attention.output.dense.bias");
    t->norm1_gamma = layer_tensor(layout, block, l, "attention.output.LayerNorm.weight");
    t->norm1_beta = layer_tensor(layout, block, l, "attention.output.LayerNorm.bias");
    t->up_weight = layer_tensor(layout, block, l, "intermediate.dense.weight");
    t->up_bias = layer_tensor(layout, block, l, "intermediate.dense.bias");
    t->down_weight = layer_tensor(layout, block, l, "output.dense.weight");
    t->down_bias = layer_tensor(layout, block, l, "output.dense.bias");
    t->norm2_gamma = layer_tensor(layout, block, l, "output.LayerNorm.weight");
    t->norm2_beta = layer_tensor(layout, block, l, "output.LayerNorm.bias");
}

static void point_tensors(const BertConfig *config, const BertLayout *layout, real *block, BertTensors *t)
{
    t->word = tensor_at(layout, block, "bert.embeddings.word_embeddings.weight");
    t->position = tensor_at(layout, block, "bert.embeddings.position_embeddings.weight");
    t->type = tensor_at(layout, block, "bert.embeddings.token_type_embeddings.weight");
    t->norm_gamma = tensor_at(layout, block, "bert.embeddings.LayerNorm.weight");
    t->norm_beta = tensor_at(layout, block, "bert.embeddings.LayerNorm.bias");
    for (int l = 0; l < config->layers; l++) point_layer(layout, block, l, &t->layer[l]);
    t->transform_weight = tensor_at(layout, block, "cls.predictions.transform.dense.weight");
    t->transform_bias = tensor_at(layout, block, "cls.predictions.transform.dense.bias");
    t->transform_norm_gamma = tensor_at(layout, block, "cls.predictions.transform.LayerNorm.weight");
    t->transform_norm_beta = tensor_at(layout, block, "cls.predictions.transform.LayerNorm.bias");
    t->decoder_bias = tensor_at(layout, block, "cls.predictions.bias");
}

static void cut_blocks(Arena *arena, const BertConfig *config, bool trains, int64_t n_moments, Params *params)
{
    *params = (Params){.config = *config};
    bert_layout_init(config, &params->layout);
    const size_t count = (size_t)params->layout.count;
    params->weight = arena_cut(arena, count, sizeof(real));
    if (trains) {
        params->gradient = arena_cut(arena, count, sizeof(real));
        const size_t moments = n_moments < 0 ? count : (size_t)n_moments;
        params->first = arena_cut(arena, moments, sizeof(real));
        params->second = arena_cut(arena, moments, sizeof(real));
    }
    params->w.layer = memory_alloc((size_t)config->layers, sizeof *params->w.layer);
    params->g.layer = memory_alloc((size_t)config->layers, sizeof *params->g.layer);
    point_tensors(config, &params->layout, params->weight, &params->w);
    point_tensors(config, &params->layout, params->gradient, &params->g);
}

void params_init(Arena *arena, const BertConfig *config, bool trains, Params *params)
{
    cut_blocks(arena, config, trains, -1, params);
}

void params_init_dealt(Arena *arena, const BertConfig *config, int64_t n_moments, Params *params)
{
    cut_blocks(arena, config, true, n_moments, params);
}

void params_point_gradient(Params *params, real *block)
{
    if (block == params->gradient) return;
    params->gradient = block;
    point_tensors(&params->config, &params->layout, block, &params->g);
}

void params_free(Params *params)
{
    bert_layout_free(&params->layout);
    free(params->w.layer);
    free(params->g.layer);
    *params = (Params){0};
}

void params_init_random(Params *params, uint64_t seed)
{
    bert_init_random(&params->config, &params->layout, seed, false, params->weight);
}

void params_zero_gradient(Params *params)
{
    memset(params->gradient, 0, (size_t)params->layout.count * sizeof(real));
    params->overwrites = false;
}

void params_begin_gradient(Params *params)
{
    const BertLayout *layout = &params->layout;
    for (int i = 0; i < layout->n; i++) {
        const BertTensor *tensor = &layout->tensor[i];
        const bool is_set = tensor->role == TENSOR_MATRIX && strncmp(tensor->name, "bert.encoder.", 13) == 0;
        if (!is_set) memset(params->gradient + tensor->first, 0, (size_t)tensor->count * sizeof(real));
    }
    params->overwrites = true;
}

void params_add_gradients(Params *params)
{
    params->overwrites = false;
}
