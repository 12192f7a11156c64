/* mlm_head.c: transform, decoder and cross-entropy of one block of rows. */
#include "model/mlm_head.h"

#include "kernels/gemm.h"
#include "kernels/layers.h"

_Static_assert(HEAD_ROWS % ROUNDED_ROWS == 0 && HEAD_ROWS_BF16 % ROUNDED_ROWS == 0, "rows of rounded copies");

int mlm_head_rows(const Params *params)
{
    return params->is_bf16 ? HEAD_ROWS_BF16 : HEAD_ROWS;
}

void mlm_head_init(Arena *arena, const Params *params, bool has_logits, Arena idle[2], MlmHead *head)
{
    Arena none[2] = {{0}};
    if (!idle) idle = none;
    const size_t d = (size_t)params->config.hidden, rows = (size_t)mlm_head_rows(params);
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
                  layers_scratch((int)rows, params->config.vocab > params->config.hidden ? params->config.vocab
                                                                                         : params->config.hidden),
                  sizeof(real));
    const size_t v = (size_t)params->config.vocab;
    if (has_logits) head->logits = arena_cut_within(&idle[0], arena, rows * v, sizeof(real));
    if (!params->is_bf16) return;
    head->rounded.x = arena_cut(arena, rows * d, sizeof(Bf16));
    head->rounded.z = arena_cut(arena, rows * d, sizeof(Bf16));
    head->rounded.dz = arena_cut(arena, rows * d, sizeof(Bf16));
    if (has_logits) head->rounded.logits = arena_cut_within(&idle[1], arena, rows * v, sizeof(Bf16));
}

const real *mlm_head_transform(MlmHead *h, int n, const real *x)
{
    const BertTensors *w = &h->params->w;
    const int d = h->params->config.hidden;
    if (h->params->is_bf16) layers_round(n, d, x, h->rounded.x);
    params_product(h->params, TRANSPOSED, n, d, d, (Operand){x, h->rounded.x}, w->transform_weight, 0, h->u);
    layers_bias_gelu(n, d, w->transform_bias, h->u, h->v, NULL);
    layers_layernorm(n, d, h->v, w->transform_norm_gamma, w->transform_norm_beta, h->params->config.layernorm_epsilon,
                     h->z, h->mean, h->rstd, h->rounded.z);
    return h->z;
}

void mlm_head_transform_backward(MlmHead *h, int n, const real *x, real *dz, real *dx)
{
    const BertTensors *w = &h->params->w, *g = &h->params->g;
    const int d = h->params->config.hidden;
    layers_layernorm_backward(n, d, dz, h->v, h->mean, h->rstd, w->transform_norm_gamma, dz, g->transform_norm_gamma,
                              g->transform_norm_beta, h->reduce);
    layers_gelu_backward(n, d, h->u, dz, g->transform_bias, h->reduce, h->rounded.dz);
    const Operand du = {dz, h->rounded.dz};
    params_add_product(h->params, d, d, n, du, (Operand){x, h->rounded.x}, 1, g->transform_weight); /* dA += du^T x */
    params_product(h->params, PLAIN, n, d, d, du, w->transform_weight, 0, dx);                      /* dx = du A */
}

real *mlm_head_logits(MlmHead *h, int n, const real *z, bool add_bias)
{
    const int d = h->params->config.hidden, v = h->params->config.vocab;
    params_product(h->params, TRANSPOSED, n, v, d, (Operand){z, h->rounded.z}, h->params->w.decoder, 0, h->logits);
    if (add_bias) layers_add_bias(n, v, h->params->w.decoder_bias, h->logits);
    return h->logits;
}

double mlm_head_loss(MlmHead *h, int n, const real *x, const int *label, double scale, real *dx)
{
    const BertTensors *w = &h->params->w, *g = &h->params->g;
    const int d = h->params->config.hidden, v = h->params->config.vocab;
    const real *z = mlm_head_transform(h, n, x);
    real *logits = mlm_head_logits(h, n, z, false);
    const double loss = layers_cross_entropy(n, v, logits, w->decoder_bias, label, scale, h->loss,
                                             scale == 0 ? NULL : h->rounded.logits);
    if (scale == 0) return loss;
    layers_column_sum(n, v, logits, g->decoder_bias, h->reduce);
    const Operand dlogits = {logits, h->rounded.logits};
    params_add_product(h->params, v, d, n, dlogits, (Operand){z, h->rounded.z}, 1, g->decoder); /* dE += dlogits^T z */
    params_product(h->params, PLAIN, n, d, v, dlogits, w->decoder, 0, h->dz);                   /* dz = dlogits E */
    mlm_head_transform_backward(h, n, x, h->dz, dx);
    return loss;
}
