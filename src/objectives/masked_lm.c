/* masked_lm.c: labelled rows, a block at a time, through the head. */
#include "objectives/masked_lm.h"

#include "model/rows.h"

void masked_lm_init(Arena *arena, MlmHead *head, MaskedLm *m)
{
    const size_t d = (size_t)head->params->config.hidden, rows = (size_t)mlm_head_rows(head->params);
    *m = (MaskedLm){.head = head};
    m->x = arena_cut(arena, rows * d, sizeof(real));
    m->dx = arena_cut(arena, rows * d, sizeof(real));
    m->row = arena_cut(arena, rows, sizeof(int));
    m->label = arena_cut(arena, rows, sizeof(int));
}

/* Collect the next labelled positions from token *at on; returns how many. */
static int next_rows(MaskedLm *m, const Batch *batch, int *at)
{
    const int most = mlm_head_rows(m->head->params);
    int n = 0;
    for (; *at < batch->packed.n_tokens && n < most; ++*at) {
        if (batch->label[*at] < 0) continue;
        m->row[n] = *at;
        m->label[n++] = batch->label[*at];
    }
    return n;
}

double masked_lm_scaled(MaskedLm *m, const Batch *batch, const real *hidden, double scale, real *dhidden)
{
    const int d = m->head->params->config.hidden;
    double loss = 0;
    int at = 0, n;
    while ((n = next_rows(m, batch, &at)) > 0) {
        rows_gather(n, d, m->row, hidden, m->x);
        loss += mlm_head_loss(m->head, n, m->x, m->label, scale, m->dx);
        if (scale > 0) rows_scatter_add(n, d, m->row, m->dx, dhidden);
    }
    return loss;
}

double masked_lm_loss(MaskedLm *m, const Batch *batch, const real *hidden, int64_t n_labels_global, real *dhidden)
{
    return masked_lm_scaled(m, batch, hidden, n_labels_global > 0 ? 1.0 / (double)n_labels_global : 0, dhidden);
}
