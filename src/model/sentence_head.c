/* sentence_head.c: a product and tanh, and a second product. */
#include "model/sentence_head.h"

#include <math.h>
#include <string.h>

#include "kernels/gemm.h"
#include "kernels/layers.h"

void sentence_head_init(Arena *arena, const Params *params, bool is_pooler, int max_rows, SentenceHead *h)
{
    const size_t n = (size_t)max_rows * (size_t)params->config.hidden;
    *h = (SentenceHead){.params = params, .is_pooler = is_pooler};
    h->x = arena_cut(arena, n, sizeof(real));
    h->u = arena_cut(arena, n, sizeof(real));
    h->y = arena_cut(arena, n, sizeof(real));
    h->v = is_pooler ? h->y : arena_cut(arena, n, sizeof(real));
    h->dy = arena_cut(arena, n, sizeof(real));
    h->dx = arena_cut(arena, n, sizeof(real));
    h->reduce = arena_cut(arena, layers_scratch(max_rows, params->config.hidden), sizeof(real));
}

const real *sentence_head_forward(SentenceHead *h, int n, const real *x)
{
    const BertTensors *w = &h->params->w;
    const int d = h->params->config.hidden;
    const real *weight = h->is_pooler ? w->pooler_weight : w->sentence_weight;
    memcpy(h->x, x, (size_t)n * (size_t)d * sizeof *x);
    gemm(PLAIN, TRANSPOSED, n, d, d, 1, x, d, weight, d, 0, h->u, d);
    layers_add_bias(n, d, h->is_pooler ? w->pooler_bias : w->sentence_bias, h->u);
    for (int64_t i = 0; i < (int64_t)n * d; i++) h->y[i] = (real)tanh((double)h->u[i]);
    if (h->is_pooler) return h->y;
    gemm(PLAIN, TRANSPOSED, n, d, d, 1, h->y, d, w->sentence_out_weight, d, 0, h->v, d);
    layers_add_bias(n, d, w->sentence_out_bias, h->v);
    return h->v;
}

/* Gradients of the second product; dy. */
static void out_backward(SentenceHead *h, int n, const real *dv)
{
    const BertTensors *w = &h->params->w, *g = &h->params->g;
    const int d = h->params->config.hidden;
    layers_column_sum(n, d, dv, g->sentence_out_bias, h->reduce);
    if (g->sentence_out_weight)
        gemm(TRANSPOSED, PLAIN, d, d, n, 1, dv, d, h->y, d, 1, g->sentence_out_weight, d); /* dO += dv^T y */
    gemm(PLAIN, PLAIN, n, d, d, 1, dv, d, w->sentence_out_weight, d, 0, h->dy, d);
}

const real *sentence_head_backward(SentenceHead *h, int n, const real *dv, const real *du)
{
    const BertTensors *w = &h->params->w, *g = &h->params->g;
    const int d = h->params->config.hidden;
    real *dweight = h->is_pooler ? g->pooler_weight : g->sentence_weight;
    if (h->is_pooler) memcpy(h->dy, dv, (size_t)n * (size_t)d * sizeof *dv);
    else out_backward(h, n, dv);
    for (int64_t i = 0; i < (int64_t)n * d; i++) h->dy[i] = h->dy[i] * (1 - h->y[i] * h->y[i]) + (du ? du[i] : 0);
    layers_column_sum(n, d, h->dy, h->is_pooler ? g->pooler_bias : g->sentence_bias, h->reduce);
    if (dweight) gemm(TRANSPOSED, PLAIN, d, d, n, 1, h->dy, d, h->x, d, 1, dweight, d); /* dW += du^T x */
    gemm(PLAIN, PLAIN, n, d, d, 1, h->dy, d, h->is_pooler ? w->pooler_weight : w->sentence_weight, d, 0, h->dx, d);
    return h->dx;
}
