/* collapse_loss.c: which states belong to which class, and what R says about them. */
#include "objectives/collapse_loss.h"

#include <math.h>
#include <string.h>

#include "model/rows.h"

void collapse_loss_init(Arena *arena, const CollapseOptions *options, const WordList *words, MlmHead *head, int n_ranks,
                        int part_items, int most_parts, CollapseLoss *c)
{
    const int d = head->params->config.hidden;
    const size_t rows = HEAD_ROWS;
    *c = (CollapseLoss){.options = *options, .words = words, .head = head};
    c->part_items = part_items, c->most_parts = c->parts = most_parts;
    if (most_parts > 1) c->drow = arena_cut(arena, (size_t)words->n * (size_t)d, sizeof *c->drow);
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

void collapse_loss_begin_step(CollapseLoss *c, bool first_of_epoch, int n_items)
{
    const CollapseReset reset = c->options.reset;
    c->parts = c->part_items ? n_items / c->part_items : 1;
    if (reset == RESET_STEP || (reset == RESET_EPOCH && first_of_epoch)) class_means_clear(&c->total);
}

/* A walk over the tokens of a batch that belong to a class. */
typedef struct {
    int sample, token; /* token within the sample */
    int part;          /* of the step, whose samples are looked at */
} Cursor;

static bool is_of_part(const CollapseLoss *c, const Batch *batch, int sample, int part)
{
    return c->part_items == 0 || batch->place[sample] / c->part_items == part;
}

/* Fill row and class with the next tokens that belong to a class; returns how many. */
static int next_rows(CollapseLoss *c, const Batch *batch, Cursor *at)
{
    const int *ids = c->options.pairing.ids == IDS_TRUE ? batch->true_id : batch->packed.id;
    int n = 0;
    for (; at->sample < batch->packed.n_samples; at->sample++, at->token = 0) {
        if (batch->is_extra[at->sample] && c->options.pairing.align != ALIGN_MASKED) continue; /* it has the labels */
        if (!is_of_part(c, batch, at->sample, at->part)) continue;
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
    const int k = c->total.n_classes, d = c->total.n_features;
    for (int part = 0; part < c->parts; part++) {
        ClassMeans step = class_means_of(doubles + part * class_means_doubles(k, d), k, d);
        Cursor at = {.part = part};
        int n;
        while ((n = next_rows(c, batch, &at)) > 0) {
            rows_gather(n, d, c->row, hidden, c->x);
            class_means_add(&step, n, in_space(c, n), c->class);
        }
    }
}

static double fade_of(const CollapseLoss *c)
{
    return c->options.reset == RESET_EMA ? c->options.ema : 1;
}

/* The sums of a part of the step go to the totals, which fade once a step. */
static void fold(CollapseLoss *c, int part, int n_sets, double *doubles)
{
    const int k = c->total.n_classes, d = c->total.n_features;
    const int64_t each = class_means_doubles(k, d);
    for (int set = 0; set < n_sets; set++) {
        const ClassMeans step = class_means_of(doubles + (set * c->most_parts + part) * each, k, d);
        class_means_fold(part == 0 && set == 0 ? fade_of(c) : 1, &step, &c->total);
    }
}

/* The gradient of the totals at hand, as one of as many as there are parts. */
static void add_part(CollapseLoss *c)
{
    const size_t d = (size_t)c->total.n_features;
    for (int k = 0; k < c->measure.n_active; k++) {
        const double *from = c->measure.drow + (size_t)k * d;
        double *to = c->drow + (size_t)c->measure.active[k] * d;
        for (size_t j = 0; j < d; j++) to[j] += from[j] / c->parts;
    }
}

double collapse_loss_value(CollapseLoss *c, int n_sets, double *doubles)
{
    double sum = 0;
    c->is_measured = false;
    if (c->drow) memset(c->drow, 0, (size_t)c->total.n_classes * (size_t)c->total.n_features * sizeof *c->drow);
    for (int part = 0; part < c->parts; part++) {
        fold(c, part, n_sets, doubles);
        collapse_gather(&c->total, c->words->id, c->head->params->w.decoder, &c->measure);
        const double r = collapse_measure(c->options.metric, &c->measure);
        if (!c->measure.is_measured) continue;
        c->is_measured = true;
        sum += r / c->parts;
        if (c->drow) add_part(c);
    }
    c->value = c->is_measured ? sum : (double)NAN;
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
    Cursor at = {0};
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
        const double *from =
            c->drow ? c->drow + (size_t)c->measure.active[k] * (size_t)d : c->measure.drow + (size_t)k * (size_t)d;
        real *to = dword + (size_t)c->words->id[c->measure.active[k]] * (size_t)d;
        for (int j = 0; j < d; j++) {
            to[j] += (real)(scale * from[j]);
            square += scale * from[j] * scale * from[j];
        }
    }
    return sqrt(square);
}
