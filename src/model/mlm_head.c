/* mlm_head.c: transform, decoder and cross-entropy of one block of rows. */
#include "model/mlm_head.h"

#include "kernels/gemm.h"
#include "kernels/layers.h"

void mlm_head_init(Arena *arena, const Params *params, bool has_logits, MlmHead *head)
{
    const size_t d = (size_t)params->config.hidden, rows = HEAD_ROWS;
    *head = (MlmHead){.params = params};
    head->u = arena_cut(arena, rows * d, sizeof(real));
    head->v = arena_cut(arena, rows * d, sizeof(real));
    head->z = arena_cut(arena, rows * d, sizeof(real));
    head->dz = arena_cut(arena, rows * d, sizeof(real));
    head->mean = arena_cut(arena, rows, sizeof(real));
    head->rstd = arena_cut(arena, rows, sizeof(real));
    head->loss = arena_cut(arena, rows, sizeof(double));
    head->reduce =
        arena_cut(arena,
                  layers_scratch(HEAD_ROWS, params->config.vocab > params->config.hidden ? params->config.vocab
                                                                                         : params->config.hidden),
                  sizeof(real));
    if (has_logits) head->logits = arena_cut(arena, rows * (size_t)params->config.vocab, sizeof(real));
}

const real *mlm_head_transform(MlmHead *h, int n, const real *x)
{
    const BertTensors *w = &h->params->w;
    const int d = h->params->config.hidden;
    gemm(PLAIN, TRANSPOSED, n, d, d, 1, x, d, w->transform_weight, d, 0, h->u, d);
    layers_bias_gelu(n, d, w->transform_bias, h->u, h->v);
    layers_layernorm(n, d, h->v, w->transform_norm_gamma, w->transform_norm_beta, h->params->config.layernorm_epsilon,
                     h->z, h->mean, h->rstd);
    return h->z;
}

void mlm_head_transform_backward(MlmHead *h, int n, const real *x, real *dz, real *dx)
{
    const BertTensors *w = &h->params->w, *g = &h->params->g;
    const int d = h->params->config.hidden;
    layers_layernorm_backward(n, d, dz, h->v, h->mean, h->rstd, w->transform_norm_gamma, dz, g->transform_norm_gamma,
                              g->transform_norm_beta, h->reduce);
    layers_gelu_backward(n, d, h->u, dz, g->transform_bias, h->reduce);
    if (g->transform_weight)
        gemm(TRANSPOSED, PLAIN, d, d, n, 1, dz, d, x, d, 1, g->transform_weight, d); /* dA += du^T x */
    gemm(PLAIN, PLAIN, n, d, d, 1, dz, d, w->transform_weight, d, 0, dx, d);         /* dx = du A */
}

real *mlm_head_logits(MlmHead *h, int n, const real *z, bool add_bias)
{
    const int d = h->params->config.hidden, v = h->params->config.vocab;
    gemm(PLAIN, TRANSPOSED, n, v, d, 1, z, d, h->params->w.decoder, d, 0, h->logits, v);
    if (add_bias) layers_add_bias(n, v, h->params->w.decoder_bias, h->logits);
    return h->logits;
}

double mlm_head_loss(MlmHead *h, int n, const real *x, const int *label, double scale, real *dx)
{
    const BertTensors *w = &h->params->w, *g = &h->params->g;
    const int d = h->params->config.hidden, v = h->params->config.vocab;
    const real *z = mlm_head_transform(h, n, x);
    real *logits = mlm_head_logits(h, n, z, false);
    const double loss = layers_cross_entropy(n, v, logits, w->decoder_bias, label, scale, h->loss);
    if (scale == 0) return loss;
    layers_column_sum(n, v, logits, g->decoder_bias, h->reduce);
    if (g->decoder) gemm(TRANSPOSED, PLAIN, v, d, n, 1, logits, v, z, d, 1, g->decoder, d); /* dE += dlogits^T z */
    gemm(PLAIN, PLAIN, n, d, v, 1, logits, v, w->decoder, d, 0, h->dz, d);                  /* dz = dlogits E */
    mlm_head_transform_backward(h, n, x, h->dz, dx);
    return loss;
}
