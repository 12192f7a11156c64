/* params.h: the numbers that are trained. Weights, gradients and the two moments are four blocks of
 * one layout (io/bert_layout), so that the optimizer is a flat loop and a checkpoint a walk over
 * names. Letters: V vocabulary, D hidden, I intermediate, P positions, T token types, L layers. */
#ifndef MODEL_PARAMS_H
#define MODEL_PARAMS_H

#include "base/arena.h"
#include "base/real.h"
#include "io/bert_layout.h"
#include "kernels/gemm.h"

/* The tensors of one block, as pointers into it: of the weights, or of their gradients. */
typedef struct {
    real *qkv_weight, *qkv_bias;    /* [3D, D] [3D]: query, key, value rows one after the other */
    real *out_weight, *out_bias;    /* [D, D] [D] attention output */
    real *norm1_gamma, *norm1_beta; /* [D] */
    real *up_weight, *up_bias;      /* [I, D] [I] intermediate */
    real *down_weight, *down_bias;  /* [D, I] [D] output */
    real *norm2_gamma, *norm2_beta; /* [D] */
    real *prefix;                   /* [X, 2D] keys and values before a sample's own, or NULL */
} LayerTensors;

typedef struct {
    real *word, *position, *type;                     /* [V, D] [P, D] [T, D] */
    real *norm_gamma, *norm_beta;                     /* [D] */
    LayerTensors *layer;                              /* [L] */
    real *transform_weight, *transform_bias;          /* [D, D] [D] */
    real *transform_norm_gamma, *transform_norm_beta; /* [D] */
    real *decoder, *decoder_bias;                     /* [V, D] [V]; tied: decoder is word */
    real *pooler_weight, *pooler_bias;                /* [D, D] [D] or NULL, as the next */
    real *sentence_weight, *sentence_bias;            /* [D, D] [D] */
    real *sentence_out_weight, *sentence_out_bias;    /* [D, D] [D] */
    real *next_weight, *next_bias;                    /* [2, D] [2] of the next-sentence head; never trained */
} BertTensors;

/* A matrix of the weights, and a copy of it for products (kernels/panels). */
typedef struct {
    const real *weight; /* as stored: [n, k] TRANSPOSED, [k, n] PLAIN */
    Transpose t;
    int n, k;
    real *panels;
} PanelCopy;

typedef struct {
    BertConfig config;
    BertLayout layout;       /* owned */
    BertLayout trained;      /* the tensors that are trained, the first of the block: a view of layout */
    real *weight, *gradient; /* [layout.count] [trained.count]; live in the arena */
    bool is_bf16;            /* gemm_precision when it was laid out */
    Bf16 *rounded;   /* [layout.count] the weights as products read them, in precision bf16; else NULL (params_round) */
    PanelCopy *copy; /* owned [n_copies]: of params_take_panels */
    int n_copies;
    real *first,
        *second;      /* moments (params_init_dealt: of what this rank owns); NULL for a model that is not trained */
    BertTensors w, g; /* the same, by name; g only if trained: of a frozen matrix NULL, of a frozen vector `unread` */
    real *unread;     /* where gradients of frozen vectors go; nobody reads them */
    int lowest;       /* the lowest layer below which nothing is trained; -1: the embeddings are */
    bool overwrites;  /* the backward pass of a layer sets the gradients of its matrices; else it adds to them */
    bool lends;       /* TrainRule */
} Params;

/* What is trained of a model, and where its moments lie. */
typedef struct {
    int64_t n_moments;  /* numbers of first and of second: what this rank owns; -1: of all that is trained */
    const char *freeze; /* patterns of bert_layout_freeze; NULL: nothing is frozen */
    bool lends; /* gradients are of one forward and one backward pass, which overwrites: until a layer's backward
                   pass the memory of its gradients holds states (params_lent) */
} TrainRule;

/* Cut the blocks from the arena. rule: also gradients and moments; NULL: the model is not trained. Local. */
void params_init(Arena *arena, const BertConfig *config, const TrainRule *rule, Params *params);
/* For many products with the same weights: let params_map and params_product read the matrices of layers and masked-LM
 * head from copies in panels, where products are fp32 and BLIS's. Cuts memory, about as much as the weights take; twice
 * that if the model is trained: the backward pass reads them the other way. */
void params_take_panels(Arena *arena, bool trains, Params *params);
size_t params_panels_bytes(const Params *params); /* that they take */
/* Let gradients be added to another block of the same layout [trained.count]. */
void params_point_gradient(Params *params, real *block);
void params_free(Params *params); /* the layout; the numbers go with the arena */

/* BERT's random weights (io/bert_init), as a function of the seed. */
void params_init_random(Params *params, uint64_t seed);

/* Renew the copies products read, rounded or in panels: whoever has changed weights calls it, once. */
void params_round(Params *params);
/* Of these, the panels alone: where the update has rounded. */
void params_fill_panels(Params *params);

/* Rows of the arrays a product of n rows reads and writes: in bf16 a multiple, so that few shapes occur. */
int params_rows(const Params *params, int n);
/* y [n, columns] = op(x [n, k] W) + beta y: W [columns, k] (TRANSPOSED) or [k, columns] (PLAIN) is one of the weights;
 * x and y have params_rows(n) rows. */
void params_product(const Params *params, Transpose t, int n, int columns, int k, Operand x, const real *weight,
                    double beta, real *y);
/* The same with beta = 0, and bias added to every row, or NULL; ldy: row stride of y. */
void params_map(const Params *params, Transpose t, int n, int columns, int k, Operand x, const real *weight,
                const real *bias, Result y, int ldy);
/* A matrix's gradient [rows, columns] = y^T x + beta times itself, of n rows of y and x; NULL, of a frozen one:
 * nothing. */
void params_add_product(const Params *params, int rows, int columns, int n, Operand y, Operand x, double beta,
                        real *gradient);

void params_zero_gradient(Params *params);
/* Drop the gradients of tensors that are frozen but lie among those that are trained. */
void params_drop_held(Params *params);
/* The same for the first backward pass of a step, which will set the gradients of the layers' matrices: they are not
 * cleared. params_add_gradients: the passes after it add to them. */
void params_begin_gradient(Params *params);
void params_add_gradients(Params *params);

/* Memory of the gradients of layer l, if it is lent: nothing is there from the forward pass until the backward pass of
 * layer l, which begins with params_begin_layer. Empty: none. */
Arena params_lent(const Params *params, int l);
/* Zero what the backward pass of layer l adds to, the gradients of its vectors, where states were. */
void params_begin_layer(const Params *params, int l);

#endif
