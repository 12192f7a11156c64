/* params.c: pointers into the blocks, by the ids of the layout. */
#include "model/params.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/bert_init.h"

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
};

static void point_tensors(const BertLayout *layout, real *block, BertTensors *tensors)
{
    for (int i = 0; i < layout->n; i++) {
        const BertTensor *t = &layout->tensor[i];
        if (pointer_at[t->id] == NO_POINTER) continue;
        char *holder = t->part == PART_LAYER ? (char *)&tensors->layer[t->layer] : (char *)tensors;
        *(real **)(void *)(holder + pointer_at[t->id]) = block ? block + t->first : NULL;
    }
    tensors->decoder = tensors->word; /* tied */
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
    point_tensors(&params->layout, params->weight, &params->w);
    point_tensors(&params->layout, params->gradient, &params->g);
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
    point_tensors(&params->layout, block, &params->g);
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
        const bool is_set = tensor->role == TENSOR_MATRIX && tensor->part == PART_LAYER;
        if (!is_set) memset(params->gradient + tensor->first, 0, (size_t)tensor->count * sizeof(real));
    }
    params->overwrites = true;
}

void params_add_gradients(Params *params)
{
    params->overwrites = false;
}
