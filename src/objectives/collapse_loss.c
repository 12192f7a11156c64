/* collapse_loss.c: which states belong to which class, and what R says about them. */
#include "objectives/collapse_loss.h"

#include <string.h>

#include "model/rows.h"

void collapse_loss_init(Arena *arena, const CollapseOptions *options, const WordList *words, MlmHead *head, int n_ranks,
                        CollapseLoss *c)
{
    const int d = head->params->config.hidden;
    const size_t rows = HEAD_ROWS;
    *c = (CollapseLoss){.options = *options, .words = words, .head = head};
    c->share = options->sync == SYNC_NONE ? 1.0 / n_ranks : 1;
    class_means_init(arena, words->n, d, &c->total);
    collapse_init(arena, words->n, d, &c->measure);
    c->x = arena_cut(arena, rows * (size_t)d, sizeof(real));
    c->dz = arena_cut(arena, rows * (size_t)d, sizeof(real));
    c->dx = arena_cut(arena, rows * (size_t)d, sizeof(real));
    c->row = arena_cut(arena, rows, sizeof(int));
    c->class = arena_cut(arena, rows, sizeof(int));
    c->place = arena_cut(arena, (size_t)words->n, sizeof(int));
}

void collapse_loss_begin_step(CollapseLoss *c, bool first_of_epoch)
{
    const CollapseReset reset = c->options.reset;
    if (reset == RESET_STEP || (reset == RESET_EPOCH && first_of_epoch)) class_means_clear(&c->total);
}

/* A walk over the tokens of a batch that belong to a class. */
typedef struct {
    int sample, token; /* token within the sample */
} Cursor;

/* Fill row and class with the next tokens that belong to a class; returns how many. */
static int next_rows(CollapseLoss *c, const Batch *batch, Cursor *at)
{
    const int *ids = c->options.pairing.ids == IDS_TRUE ? batch->true_id : batch->packed.id;
    int n = 0;
    for (; at->sample < batch->packed.n_samples; at->sample++, at->token = 0) {
        if (batch->is_extra[at->sample] && c->options.pairing.align != ALIGN_MASKED) continue; /* it has the labels */
        const int first = batch->packed.offset[at->sample], length = packed_length(&batch->packed, at->sample);
        for (; at->token < length; at->token++) {
            if (n == HEAD_ROWS) return n;
            const int id =
                batch_paired_id(batch, (CollapseAlign)c->options.pairing.align, ids, first, length, at->token);
            const int class = id < 0 ? -1 : c->words->class_of[id];
            if (class < 0) continue;
            c->row[n] = first + at->token;
            c->class[n++] = class;
        }
    }
    return n;
}

/* The states of the gathered rows in the space of the statistics: x itself, or the head's z. */
static const real *in_space(CollapseLoss *c, int n)
{
    return c->options.pairing.space == SPACE_HIDDEN ? c->x : mlm_head_transform(c->head, n, c->x);
}

int64_t collapse_loss_doubles(int n_classes, int n_features)
{
    return class_means_doubles(n_classes, n_features);
}

void collapse_loss_add(CollapseLoss *c, double *doubles, const Batch *batch, const real *hidden)
{
    const int d = c->total.n_features;
    ClassMeans step = class_means_of(doubles, c->total.n_classes, d);
    Cursor at = {0, 0};
    int n;
    while ((n = next_rows(c, batch, &at)) > 0) {
        rows_gather(n, d, c->row, hidden, c->x);
        class_means_add(&step, n, in_space(c, n), c->class);
    }
}

static double fade_of(const CollapseLoss *c)
{
    return c->options.reset == RESET_EMA ? c->options.ema : 1;
}

void collapse_loss_fold(CollapseLoss *c, int n_sets, double *doubles)
{
    const int k = c->total.n_classes, d = c->total.n_features;
    for (int set = 0; set < n_sets; set++) {
        const ClassMeans step = class_means_of(doubles + set * class_means_doubles(k, d), k, d);
        class_means_fold(set == 0 ? fade_of(c) : 1, &step, &c->total);
    }
}

double collapse_loss_value(CollapseLoss *c)
{
    collapse_gather(&c->total, c->words->id, c->head->params->w.decoder, &c->measure);
    c->value = collapse_measure(c->options.metric, &c->measure);
    return c->value;
}

/* dz [n, D] of the gathered states: lambda / (n_c + e) [dR/dmu_c + 2 (z - mu_c) dR/dvar_c]. The mean
 * mu_c is S_c / n_c of the totals. Older states are constants. */
static void state_gradients(CollapseLoss *c, int n, const real *z)
{
    const int d = c->total.n_features;
    for (int i = 0; i < n; i++) {
        const int class = c->class[i], place = c->place[class];
        const double weight = c->total.weight[class], factor = c->share * c->options.weight / weight;
        const double *dmean = c->measure.dmean + (size_t)place * (size_t)d,
                     *sum = c->total.sum + (size_t) class * (size_t)d;
        const double twice = 2 * c->measure.dvariance[place];
        const real *state = z + (size_t)i * (size_t)d;
        real *out = c->dz + (size_t)i * (size_t)d;
        for (int j = 0; j < d; j++) out[j] = (real)(factor * (dmean[j] + twice * ((double)state[j] - sum[j] / weight)));
    }
}

void collapse_loss_states(CollapseLoss *c, const Batch *batch, const real *hidden, real *dhidden)
{
    const int d = c->total.n_features;
    for (int k = 0; k < c->words->n; k++) c->place[k] = -1;
    for (int k = 0; k < c->measure.n_active; k++) c->place[c->measure.active[k]] = k;
    Cursor at = {0, 0};
    int n;
    while ((n = next_rows(c, batch, &at)) > 0) {
        rows_gather(n, d, c->row, hidden, c->x);
        state_gradients(c, n, in_space(c, n));
        if (c->options.pairing.space == SPACE_HIDDEN) {
            rows_scatter_add(n, d, c->row, c->dz, dhidden);
        } else {
            mlm_head_transform_backward(c->head, n, c->x, c->dz, c->dx);
            rows_scatter_add(n, d, c->row, c->dx, dhidden);
        }
    }
}

double collapse_loss_rows(const CollapseLoss *c, real *dword)
{
    const int d = c->total.n_features;
    const double scale = c->share * c->options.weight;
    double square = 0;
    if (!dword) return 0; /* frozen */
    for (int k = 0; k < c->measure.n_active; k++) {
        const double *from = c->measure.drow + (size_t)k * (size_t)d;
        real *to = dword + (size_t)c->words->id[c->measure.active[k]] * (size_t)d;
        for (int j = 0; j < d; j++) {
            to[j] += (real)(scale * from[j]);
            square += scale * from[j] * scale * from[j];
        }
    }
    return sqrt(square);
}
