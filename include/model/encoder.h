/* encoder.h: the BERT encoder, forward and backward, on packed samples. Local.
 *
 * Letters: N tokens of this rank's samples end to end, B samples, D hidden, I intermediate, L layers.
 * The state after the embeddings is h[0], after layer l it is h[l+1] (Devlin et al. 2019):
 *
 *   qkv = h Wqkv^T + b;  a = attention(qkv);  s1 = h + dropout(a Wo^T + bo);   y = LN(s1)
 *   f = y Wu^T + bu;     g = gelu(f);         s2 = y + dropout(g Wd^T + bd);   h' = LN(s2)
 *
 * In precision bf16 what products read is kept beside, or instead, rounded to bfloat16, and arrays have params_rows(N)
 * rows; all else, what attention forms between its products among it, is as in fp32. Gelu outputs and attention
 * probabilities are computed again in the backward pass. Where the memory of gradients is lent (model/params), the
 * states of a layer lie where the gradients of the layer below will. A model may have a prefix (model/prefix): keys and
 * values before a sample's own in every layer. The backward pass ends where nothing below is trained. */
#ifndef MODEL_ENCODER_H
#define MODEL_ENCODER_H

#include "data/packed.h"
#include "kernels/attention.h"
#include "model/params.h"
#include "model/repeats.h"

typedef struct {
    Result qkv;                              /* [N, 3D] */
    real *row;                               /* [2, H, N] maxima and inverse sums of the rows of P */
    real *a, *s1, *y, *s2;                   /* [N, D] */
    real *f;                                 /* [N, I] */
    Bf16 *rounded_h, *rounded_a, *rounded_y; /* [N, D] the layer's input, a (instead of it) and y, in precision bf16;
                                                else NULL */
    real *mean1, *rstd1, *mean2, *rstd2;     /* [N] */
} LayerStates;

typedef enum {
    ENCODER_EVALUATES, /* forward only: one layer's states are kept */
    ENCODER_KEEPS,     /* forward only: all h are kept */
    ENCODER_TRAINS,    /* all states are kept that the backward pass reads */
    ENCODER_RECOMPUTES /* each layer's input is kept, its states are computed again in the backward pass */
} EncoderUse;

typedef struct {
    const Params *params; /* borrowed; gradients are added to params->g */
    int max_samples, max_tokens, longest;
    bool recomputes;
    double hidden_dropout, attention_dropout; /* 0 = evaluation */
    uint64_t seed;
    uint32_t step;       /* dropout is a function of (seed, step, key of the sample, layer, place) */
    real **h;            /* owned [L+1] of [N, D]; where inputs are not kept, two places in turn, and the last one is
                            whole after the forward pass */
    real **dh;           /* owned [L+1] of [N, D]: what objectives add to the gradient of h[l]; dh[L] is dx, the others
                            NULL unless asked for */
    LayerStates *layer;  /* owned [L] */
    real *mean0, *rstd0; /* [N] */
    real *g, *ds;        /* [N, I], [N, D]; in precision bf16 NULL, and blocks of layers_add_norm_backward */
    real *df;            /* [N, I] dg, and without bf16 df */
    real *dx;            /* [N, D] */
    Result da;           /* [N, D] */
    struct {
        Bf16 *g, *ds, *df;  /* as their namesakes */
    } rounded;              /* precision bf16; else all NULL */
    AttentionGradient dqkv; /* where df was, or rounded where rounded g was */
    Arena idle[2];          /* training: memory that nothing uses between the forward and the backward pass */
    real *reduce;           /* layers_scratch */
    real *attention_scratch;
    Dropout *dropout;       /* [B] */
    int *position;          /* [N] of a model whose prefix shifts them, else NULL */
    real *prefix, *dprefix; /* [B, X, 2D] a layer's prefix as the samples see it, training only */
    Repeats repeats;        /* ENCODER_EVALUATES, and the next */
    int *query_offset;      /* [B+1] */
    double *received;       /* borrowed [H, N], or NULL: set to have the attention each token receives, by head, summed
                               over layers and queries; of the last forward pass */
} Encoder;                  /* arrays live in the arena, but for h and layer */

void encoder_init(Arena *arena, const Params *params, int max_samples, int max_tokens, int longest, EncoderUse use,
                  Encoder *encoder);
void encoder_free(Encoder *encoder);

/* Training: let objectives read all states and add to their gradients, not those of the last alone. Cuts memory. */
void encoder_take_gradients(Arena *arena, Encoder *encoder);
/* Zero what objectives add to, for n tokens. */
void encoder_clear_gradients(Encoder *encoder, int n_tokens);

/* Returns the last hidden states [N, D]; lives in the encoder. */
const real *encoder_forward(Encoder *encoder, const Packed *input);
/* The same of n of its rows, each once and in order: [n, D], where nobody reads the others. ENCODER_EVALUATES, without
 * dropout. Of the last layer only keys and values are then computed for all, and before the first layer's attention
 * tokens of one id, place and type are computed once where many are alike. `received` is whole of samples all of whose
 * rows are read. */
const real *encoder_forward_rows(Encoder *encoder, const Packed *input, int n, const int *row);
/* Called when the gradients of layer l's weights are complete. */
typedef void (*LayerDone)(void *context, int l);
/* Add the gradients of all encoder weights, given dh, the gradients of the states (overwritten). done may be NULL. */
void encoder_backward(Encoder *encoder, const Packed *input, LayerDone done, void *context);

#endif
