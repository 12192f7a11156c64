/* sentence_head.h: one vector of a sample, from its first state. Local.
 *
 *   pooler         y = tanh(x W^T + b)                        BERT's own (bert.pooler)
 *   sentence head  v = tanh(x W^T + b) O^T + o                MABEL's (He et al. 2022)
 *
 * x [n, D]: first states of n samples; u = x W^T + b, what tanh is taken of. */
#ifndef MODEL_SENTENCE_HEAD_H
#define MODEL_SENTENCE_HEAD_H

#include "base/arena.h"
#include "model/params.h"

typedef struct {
    const Params *params; /* borrowed; gradients are added to params->g */
    bool is_pooler;
    real *x, *u, *y, *v; /* [max_rows, D]: as given, before and after tanh, after the second product */
    real *dy, *dx;       /* [max_rows, D] */
    real *reduce;        /* layers_scratch */
} SentenceHead;          /* arrays live in the arena */

/* is_pooler: the pooler of the model, else its sentence head; the configuration must have it. */
void sentence_head_init(Arena *arena, const Params *params, bool is_pooler, int max_rows, SentenceHead *head);

/* The vectors [n, D] of first states x [n, D], which are copied; lives in the head, as does u [n, D]. */
const real *sentence_head_forward(SentenceHead *head, int n, const real *x);
/* The gradient [n, D] to the states given last, from dv [n, D] and du [n, D] (NULL: none); lives in the head. */
const real *sentence_head_backward(SentenceHead *head, int n, const real *dv, const real *du);

#endif
