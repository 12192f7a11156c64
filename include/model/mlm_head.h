/* mlm_head.h: the masked-LM head, on a block of rows at a time. Local.
 *
 *   u = x A^T + a;   z = LN(gelu(u));   logits = z E^T + c       A [D, D], E = decoder [V, D], the word embeddings if
 * tied
 *
 * Rows are those the caller gathered (labelled positions, or positions of selected words), at most
 * mlm_head_rows of them: logits of a whole batch never exist. */
#ifndef MODEL_MLM_HEAD_H
#define MODEL_MLM_HEAD_H

#include "base/arena.h"
#include "model/params.h"

/* Multiples of ROUNDED_ROWS; arrays given and taken have room for params_rows(n) rows. */
enum { HEAD_ROWS = 256, HEAD_ROWS_BF16 = 320 };

/* What the head takes at once in training: every block of rows is a pass over the decoder and over its gradient, which
 * weighs more where products are fast. In bf16 the 15 % of 16 x 128 pieces are mostly one block. */
int mlm_head_rows(const Params *params);

typedef struct {
    const Params *params; /* borrowed; gradients are added to params->g */
    real *u, *v, *z;      /* [mlm_head_rows, D]: before and after gelu, after LayerNorm */
    real *dz;             /* [mlm_head_rows, D] */
    real *mean, *rstd;    /* [mlm_head_rows] */
    real *logits;         /* [mlm_head_rows, V] */
    struct {
        Bf16 *x, *z, *dz, *logits; /* what the products read of them, and of the rows given */
    } rounded;                     /* precision bf16; else all NULL */
    double *loss;                  /* [mlm_head_rows] */
    real *reduce;                  /* layers_scratch */
} MlmHead;                         /* arrays live in the arena */

/* idle: memory that nobody else uses while this head does (Encoder); or NULL. */
void mlm_head_init(Arena *arena, const Params *params, bool has_logits, Arena idle[2], MlmHead *head);

/* z [n, D] = transform of x [n, D]; returned array lives in the head, as do u and v for the backward pass. */
const real *mlm_head_transform(MlmHead *head, int n, const real *x);
/* dx [n, D] from dz [n, D] (overwritten) of the rows given last to mlm_head_transform. */
void mlm_head_transform_backward(MlmHead *head, int n, const real *x, real *dz, real *dx);

/* logits [n, V], without the bias c if add_bias is false; lives in the head. */
real *mlm_head_logits(MlmHead *head, int n, const real *z, bool add_bias);

/* Sum over rows of -log softmax(logits)[label]. scale != 0: also add scale times the gradients of
 * that sum, dx [n, D] overwritten. */
double mlm_head_loss(MlmHead *head, int n, const real *x, const int *label, double scale, real *dx);

#endif
