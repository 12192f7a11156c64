/* original.c: a second block of weights and an encoder that only reads them. */
#include "methods/original.h"

#include <string.h>

void original_lay_out(Arena *arena, const Model *model, bool without_prefix, Original *o)
{
    const Encoder *e = &model->encoder;
    BertConfig config = model->config;
    if (without_prefix) config.prefix = 0, config.prefix_shifts = false;
    original_free(o);
    params_init(arena, &config, NULL, &o->params);
    encoder_init(arena, &o->params, e->max_samples, e->max_tokens, e->longest, ENCODER_KEEPS, &o->encoder);
    packed_init(arena, e->max_samples, e->max_tokens, &o->input);
    o->first = arena_cut(arena, (size_t)e->max_samples + 1, sizeof *o->first);
}

void original_free(Original *o)
{
    params_free(&o->params);
    encoder_free(&o->encoder);
    *o = (Original){0};
}

void original_take(const Model *model, Original *o)
{
    const BertLayout *layout = &o->params.layout, *from = &model->params.layout;
    for (int i = 0; i < layout->n; i++) {
        const BertTensor *t = &layout->tensor[i], *source = bert_layout_find(from, t->name);
        memcpy(o->params.weight + t->first, model->params.weight + source->first,
               (size_t)t->count * sizeof *model->params.weight);
    }
    params_round(&o->params);
}

void original_begin(Original *o)
{
    packed_clear(&o->input);
}

void original_add(const Packed *from, int sample, Original *o)
{
    const int first = from->offset[sample], seen = from->keys[sample], unseen = packed_length(from, sample) - seen;
    o->first[o->input.n_samples] = first;
    packed_add(&o->input, seen, from->id + first, from->kind + first, from->key[sample]);
    if (unseen) packed_pad(&o->input, unseen, from->id[first + seen], false);
}

real *const *original_states(Original *o)
{
    encoder_forward(&o->encoder, &o->input);
    return o->encoder.h;
}
