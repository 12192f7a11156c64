/* params.h: the numbers that are trained. Weights, gradients and the two moments are four blocks of
 * one layout (io/bert_layout), so that the optimizer is a flat loop and a checkpoint a walk over
 * names. Letters: V vocabulary, D hidden, I intermediate, P positions, T token types, L layers. */
#ifndef MODEL_PARAMS_H
#define MODEL_PARAMS_H

#include "base/arena.h"
#include "base/real.h"
#include "io/bert_layout.h"

/* The tensors of one block, as pointers into it: of the weights, or of their gradients. */
typedef struct {
    real *qkv_weight, *qkv_bias;    /* [3D, D] [3D]: query, key, value rows one after the other */
    real *out_weight, *out_bias;    /* [D, D] [D] attention output */
    real *norm1_gamma, *norm1_beta; /* [D] */
    real *up_weight, *up_bias;      /* [I, D] [I] intermediate */
    real *down_weight, *down_bias;  /* [D, I] [D] output */
    real *norm2_gamma, *norm2_beta; /* [D] */
} LayerTensors;

typedef struct {
    real *word, *position, *type;                     /* [V, D] [P, D] [T, D] */
    real *norm_gamma, *norm_beta;                     /* [D] */
    LayerTensors *layer;                              /* [L] */
    real *transform_weight, *transform_bias;          /* [D, D] [D] */
    real *transform_norm_gamma, *transform_norm_beta; /* [D] */
    real *decoder, *decoder_bias;                     /* [V, D] [V]; tied: decoder is word */
} BertTensors;

typedef struct {
    BertConfig config;
    BertLayout layout;       /* owned */
    real *weight, *gradient; /* [layout.count] each; live in the arena */
    real *first,
        *second;      /* moments (params_init_dealt: of what this rank owns); NULL for a model that is not trained */
    BertTensors w, g; /* the same, by name; g only if trained */
    bool overwrites;  /* the backward pass of a layer sets the gradients of its matrices; else it adds to them */
} Params;

/* Cut the blocks from the arena. trains: also gradients and moments. Local. */
void params_init(Arena *arena, const BertConfig *config, bool trains, Params *params);
/* The same for training with first and second of n_moments numbers: those this rank owns. Local. */
void params_init_dealt(Arena *arena, const BertConfig *config, int64_t n_moments, Params *params);
/* Let gradients be added to another block of the same layout. */
void params_point_gradient(Params *params, real *block);
void params_free(Params *params); /* the layout; the numbers go with the arena */

/* BERT's random weights (io/bert_init), as a function of the seed. */
void params_init_random(Params *params, uint64_t seed);

void params_zero_gradient(Params *params);
/* The same for the first backward pass of a step, which will set the gradients of the layers' matrices: they are not
 * cleared. params_add_gradients: the passes after it add to them. */
void params_begin_gradient(Params *params);
void params_add_gradients(Params *params);

#endif
