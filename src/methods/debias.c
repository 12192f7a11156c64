/* debias.c: draws of one kind; words to rows, rows to a loss of the draw, and back; states beside the original's. */
#include "methods/debias.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "objectives/prototypes.h"
#include "objectives/state_distance.h"
#include "parallel/partition.h"

enum { TERM_NEAR = 1, TERM_DISTANCE };
enum { HELD_DRAW = 8 /* texts of a draw of those held out, as published */ };
enum { SHARDS = 32 /* parts of the texts that prototypes are means of, whatever the ranks */ };

/* --- what the options say ---------------------------------------------------------------------------------- */

static int first_layer(const MethodRun *m)
{
    return ((const DebiasOptions *)m->options)->layers == LAYERS_LAST ? m->model->config.layers : 0;
}

static int n_layers(const MethodRun *m)
{
    return ((const DebiasOptions *)m->options)->layers == LAYERS_ALL ? m->model->config.layers + 1 : 1;
}

static int64_t vector_size(const MethodRun *m)
{
    return (int64_t)n_layers(m) * m->model->config.hidden;
}

static PrototypeMeasure measure_of(const DebiasOptions *o)
{
    if (o->rho > 0) return PROTOTYPE_DISTANCE;
    return o->product == 0 ? PROTOTYPE_SQUARE : PROTOTYPE_PRODUCT;
}

/* The loss of n neutral words from their rows s; weight times its gradient is added to ds. */
static double near_loss(MethodRun *m, int n, const double *s, double weight, double *ds)
{
    const DebiasOptions *o = m->options;
    Debias *own = m->own;
    const int groups = own->examples.n_kinds - 1;
    if (o->rho > 0) return prototypes_spread(n, groups, MOST_GROUPS, s, o->rho, weight, own->p, ds);
    if (o->product == 0) return prototypes_means(n, groups, MOST_GROUPS, s, weight, ds);
    return prototypes_squares(n, groups, MOST_GROUPS, s, weight, ds);
}

/* --- data and memory ----------------------------------------------------------------------------------------- */

static int legacy_steps(const MethodRun *m, const DrawRule *rule)
{
    Examples e;
    Arena none = {0};
    int draws = 0;
    examples_lay_out(&none, &m->data, rule, &e);
    for (int k = 0; k < e.n_kinds; k++) draws += (e.n_train[k] + rule->size - 1) / rule->size;
    return draws / rule->of_step;
}

Status debias_read(const Comm *comm, MethodRun *m, const char *path, CorpusOptions *request)
{
    const DebiasOptions *o = m->options;
    const char *name = m->method->name;
    char *key = memory_print("%s-held-out", name);
    const DrawRule rule = {.seed = m->masking.seed,
                           .size = m->batch / (int)o->draws,
                           .of_step = (int)o->draws,
                           .is_fresh = o->sampling == SAMPLING_FRESH};
    const ExamplesRequest examples = {request->max_length, (int)o->held_out, key, name, rule};
    Status status = STATUS_OK;
    if (request->pair && request->pair[0])
        status = status_set(STATUS_USAGE, __FILE__, __LINE__,
                            "method = %s reads the columns word, group and text; leave pair-column out", name);
    else if (m->batch % o->draws)
        status = status_set(STATUS_USAGE, __FILE__, __LINE__,
                            "batch = %d is not a multiple of %s-draws = %lld, into which it is cut", m->batch, name,
                            (long long)o->draws);
    else if (o->held_out > 0 && o->held_out < HELD_DRAW)
        status = status_set(STATUS_USAGE, __FILE__, __LINE__,
                            "%s = %lld is less than the %d texts that are looked at "
                            "together; hold out more, or 0",
                            key, (long long)o->held_out, HELD_DRAW);
    if (!status) status = examples_read(comm, m, path, (TableFormat)request->format, &examples);
    free(key);
    TRY(status);
    ((Debias *)m->own)->examples.rule = rule;
    m->skips_check = o->held_out == 0;
    m->part_items = rule.size;
    m->data.is_padded = o->mse == MSE_ALL;
    if (o->schedule == SCHEDULE_LEGACY) m->schedule_steps = legacy_steps(m, &rule);
    return STATUS_OK;
}

void debias_lay_out(Arena *arena, MethodRun *m)
{
    const DebiasOptions *o = m->options;
    Debias *own = m->own;
    const Encoder *e = &m->model->encoder;
    const DrawRule rule = own->examples.rule;
    const size_t batch = (size_t)(m->batch > HELD_DRAW ? m->batch : HELD_DRAW), size = (size_t)vector_size(m);
    own->prototype_epoch = -1;
    examples_lay_out(arena, &m->data, &rule, &own->examples);
    original_lay_out(arena, m->model, o->algorithm == 1, &own->original);
    batch_init(arena, e->max_samples, e->max_tokens, &own->one);
    own->draw = arena_cut(arena, (size_t)o->draws, sizeof *own->draw);
    own->item = arena_cut(arena, batch, sizeof(int));
    own->row = arena_cut(arena, (size_t)m->data.longest, sizeof(int));
    own->prototype = arena_cut(arena, (size_t)(own->examples.n_kinds - 1) * size, sizeof(double));
    own->v = arena_cut(arena, size, sizeof(double));
    own->dv = arena_cut(arena, size, sizeof(double));
    own->drow = arena_cut(arena, batch * MOST_GROUPS, sizeof(double));
    own->p = arena_cut(arena, batch * MOST_GROUPS, sizeof(double));
    own->near = arena_cut(arena, (size_t)o->draws, sizeof(double));
}

void debias_close(MethodRun *m)
{
    original_free(&((Debias *)m->own)->original);
}

int debias_carries(MethodRun *m, MethodArray *array)
{
    Debias *own = m->own;
    array[0] = (MethodArray){"/prototypes/epoch", "", 0, {0}, &own->prototype_epoch};
    array[1] = (MethodArray){
        "/prototypes/vector", "group, feature", 2, {own->examples.n_kinds - 1, vector_size(m)}, own->prototype};
    return 2;
}

Status debias_start(const Comm *comm, MethodRun *m)
{
    Debias *own = m->own;
    (void)comm;
    examples_sort(&m->data, &own->examples);
    original_take(m->model, &own->original);
    return STATUS_OK;
}

/* --- draws and samples ---------------------------------------------------------------------------------------- */

static Draw draw_of(const Dataset *data, int n, const int *item)
{
    Draw draw = {.kind = data->part[item[0]] & (EXAMPLES_HELD_OUT - 1), .n = n};
    for (int i = 0; i < n; i++) {
        const int length = dataset_length(data, item[i]);
        const int pieces = (int)(data->mark_offset[item[i] + 1] - data->mark_offset[item[i]]);
        if (length > draw.longest) draw.longest = length;
        if (pieces > draw.most_pieces) draw.most_pieces = pieces;
        draw.n_tokens += length;
    }
    return draw;
}

void debias_choose(const MethodRun *m, int64_t step, int n, int *item)
{
    Debias *own = m->own;
    Examples *e = &own->examples;
    const int size = e->rule.size, steps = (e->of_epoch + e->rule.of_step - 1) / e->rule.of_step;
    for (int k = 0; k < n / size; k++) {
        examples_draw(e, step / steps, (int)(step % steps) * e->rule.of_step + k, item + k * size);
        own->draw[k] = draw_of(&m->data, size, item + k * size);
    }
}

typedef enum { FILL_NOT, FILL_UNSEEN, FILL_SEEN } Fill;

/* An item as a sample, filled up to the draw's longest text. */
static void add_sample(MethodRun *m, BatchItem item, const Draw *draw, Fill fill, Batch *batch)
{
    const int pad = m->model->config.pad_id, more = draw ? draw->longest - dataset_length(&m->data, item.number) : 0;
    batch_add(&m->data, item, 0, (uint32_t)item.number, batch);
    if (fill != FILL_NOT && more > 0) batch_pad(more, pad, fill == FILL_SEEN, batch);
}

/* In which way texts of a kind are filled up: nobody asks for the states of neutral ones. */
static Fill fill_of(const MethodRun *m, const Draw *draw)
{
    return ((const DebiasOptions *)m->options)->mse == MSE_ALL && draw->kind > 0 ? FILL_UNSEEN : FILL_NOT;
}

void debias_fill(MethodRun *m, const BatchItem *item, int n, Batch *batch)
{
    const Debias *own = m->own;
    batch_clear(batch);
    for (int i = 0; i < n; i++) {
        const Draw *draw = &own->draw[item[i].place / own->examples.rule.size];
        add_sample(m, item[i], draw, fill_of(m, draw), batch);
    }
}

/* Where the word of a sample stands among the states. */
static WordPlace place_of(const MethodRun *m, const Batch *batch, int sample, const Draw *draw)
{
    const DebiasOptions *o = m->options;
    int *row = ((Debias *)m->own)->row;
    const int64_t item = batch->item[sample], first = m->data.mark_offset[item];
    const int n = (int)(m->data.mark_offset[item + 1] - first);
    const bool is_legacy = o->select == SELECT_LEGACY, before = is_legacy && draw->most_pieces > 1;
    for (int k = 0; k < n; k++) row[k] = batch->packed.offset[sample] + m->data.mark[first + k] - before;
    return (WordPlace){n, row, 1.0 / (is_legacy ? draw->most_pieces : n)};
}

static int kind_of(const MethodRun *m, const Batch *batch, int sample)
{
    return m->data.part[batch->item[sample]] & (EXAMPLES_HELD_OUT - 1);
}

/* own->v of a sample. */
static WordPlace set_vector(MethodRun *m, const Batch *batch, int sample, const Draw *draw)
{
    const WordPlace word = place_of(m, batch, sample, draw);
    prototypes_vector(&word, n_layers(m), m->model->config.hidden, m->model->encoder.h + first_layer(m),
                      ((Debias *)m->own)->v);
    return word;
}

/* --- in a step ------------------------------------------------------------------------------------------------ */

/* Numbers of the neutral words of a batch, in rows [.., MOST_GROUPS] by their places; draws of `size` texts. */
static void set_rows(MethodRun *m, const Batch *batch, const Draw *draw, int size, double *row)
{
    const Debias *own = m->own;
    for (int b = 0; b < batch->packed.n_samples; b++) {
        if (kind_of(m, batch, b) > 0) continue;
        set_vector(m, batch, b, &draw[batch->place[b] / size]);
        for (int i = 0; i < own->examples.n_kinds - 1; i++)
            row[batch->place[b] * MOST_GROUPS + i] =
                prototypes_measure(measure_of(m->options), n_layers(m), m->model->config.hidden, own->v,
                                   own->prototype + i * vector_size(m));
    }
}

void debias_rows(MethodRun *m, const Batch *batch, double *row)
{
    const Debias *own = m->own;
    set_rows(m, batch, own->draw, own->examples.rule.size, row);
}

void debias_whole(MethodRun *m, const StepCounts *counts, const double *row)
{
    const DebiasOptions *o = m->options;
    Debias *own = m->own;
    const int size = own->examples.rule.size, draws = (int)counts->items / size;
    memset(own->drow, 0, (size_t)counts->items * MOST_GROUPS * sizeof *own->drow);
    for (int k = 0; k < draws; k++) {
        const int64_t at = (int64_t)k * size * MOST_GROUPS;
        if (own->draw[k].kind == 0) own->near[k] = near_loss(m, size, row + at, o->alpha / draws, own->drow + at);
    }
}

/* The gradient to a neutral word's states. */
static void add_word(MethodRun *m, const Batch *batch, int sample, const Draw *draw)
{
    Debias *own = m->own;
    const Encoder *e = &m->model->encoder;
    const int d = m->model->config.hidden;
    const double *ds = own->drow + batch->place[sample] * MOST_GROUPS;
    const WordPlace word = set_vector(m, batch, sample, draw);
    memset(own->dv, 0, (size_t)vector_size(m) * sizeof *own->dv);
    for (int i = 0; i < own->examples.n_kinds - 1; i++)
        prototypes_measure_backward(measure_of(m->options), n_layers(m), d, own->v, own->prototype + i * vector_size(m),
                                    ds[i], own->dv);
    prototypes_vector_backward(&word, n_layers(m), d, own->dv, e->dh + first_layer(m));
}

/* The distances of the groups' samples of a batch, each its part of the mean of its draw; weight times the gradient is
 * added to the states. */
static double add_distances(MethodRun *m, const Batch *batch, const Draw *draw, int size, double weight)
{
    const DebiasOptions *o = m->options;
    Original *original = &((Debias *)m->own)->original;
    const Encoder *e = &m->model->encoder;
    const int layers = m->model->config.layers + 1, d = m->model->config.hidden;
    double sum = 0;
    original_begin(original);
    for (int b = 0; b < batch->packed.n_samples; b++)
        if (kind_of(m, batch, b) > 0) original_add(&batch->packed, b, original);
    if (original->input.n_samples == 0) return 0;
    real *const *stay = original_states(original);
    for (int b = 0, i = 0; b < batch->packed.n_samples; b++) {
        if (kind_of(m, batch, b) == 0) continue;
        const Draw *of = &draw[batch->place[b] / size];
        const int64_t at = (int64_t)batch->packed.offset[b] * d, from = (int64_t)original->input.offset[i++] * d;
        const double tokens = o->mse == MSE_ALL ? (double)of->n * of->longest : (double)of->n_tokens;
        const double share = 1 / (tokens * layers);
        for (int l = 0; l < layers; l++)
            sum += share * state_distance((StateDistance)o->distance, packed_length(&batch->packed, b), d,
                                          stay[l] + from, e->h[l] + at, weight * share, e->dh[l] + at);
    }
    return sum;
}

static int draws_of(const Debias *own, int draws, bool neutral)
{
    int n = 0;
    for (int k = 0; k < draws; k++) n += (own->draw[k].kind == 0) == neutral;
    return n;
}

/* A term is the mean over its own draws, of_term of all `draws`; without any it is not measured. */
static void add_term(double value, int of_term, int draws, double *sum)
{
    *sum += of_term ? value * draws / of_term : (double)NAN;
}

void debias_add(MethodRun *m, const Batch *batch, const StepCounts *counts, double *sum)
{
    const DebiasOptions *o = m->options;
    const Debias *own = m->own;
    const int size = own->examples.rule.size, draws = (int)counts->items / size;
    const double share = 1.0 / draws; /* of a draw in the loss */
    double near = 0;
    for (int b = 0; b < batch->packed.n_samples; b++) {
        const int k = batch->place[b] / size;
        if (own->draw[k].kind > 0) continue;
        add_word(m, batch, b, &own->draw[k]);
        near += own->near[k];
    }
    const double distance = size * add_distances(m, batch, own->draw, size, o->beta * share);
    sum[0] += o->alpha * near + o->beta * distance;
    add_term(near, draws_of(own, draws, true), draws, &sum[TERM_NEAR]);
    add_term(distance, draws_of(own, draws, false), draws, &sum[TERM_DISTANCE]);
}

/* --- outside of steps: prototypes, held-out texts --------------------------------------------------------------- */

typedef void (*Visit)(MethodRun *m, const Batch *batch, void *context);

/* n items, their places counted from 0, through the encoder without dropout, as many at a time as it has room for. */
static void pass(MethodRun *m, int n, const int *item, const Draw *draw, Fill fill, Visit visit, void *context)
{
    Encoder *e = &m->model->encoder;
    Batch *one = &((Debias *)m->own)->one;
    const double hidden = e->hidden_dropout, attention = e->attention_dropout;
    e->hidden_dropout = e->attention_dropout = 0;
    for (int i = 0; i < n;) {
        batch_clear(one);
        while (i < n) {
            const int length = fill == FILL_NOT ? dataset_length(&m->data, item[i]) : draw->longest;
            if (one->packed.n_samples == e->max_samples || one->packed.n_tokens + length > e->max_tokens) break;
            add_sample(m, (BatchItem){item[i], i}, draw, fill, one);
            i++;
        }
        encoder_forward(e, &one->packed);
        visit(m, one, context);
    }
    e->hidden_dropout = hidden, e->attention_dropout = attention;
}

typedef struct {
    const Draw *draw;
    double *sum; /* [K, D] */
} WordSum;

static void add_vectors(MethodRun *m, const Batch *batch, void *context)
{
    const WordSum *to = context;
    const Debias *own = m->own;
    for (int b = 0; b < batch->packed.n_samples; b++) {
        set_vector(m, batch, b, to->draw);
        for (int64_t j = 0; j < vector_size(m); j++) to->sum[j] += own->v[j];
    }
}

/* Shard by shard, those of this rank: the sums of a group's vectors. by_draws: as published, of the draws of an epoch.
 */
static int add_group(const Comm *comm, MethodRun *m, int kind, bool by_draws, double *sum, int64_t stride)
{
    const DebiasOptions *o = m->options;
    Examples *e = &((Debias *)m->own)->examples;
    const int size = by_draws ? e->rule.size : 1, n = by_draws ? e->per_kind * size : e->n_train[kind];
    int *item = memory_alloc((size_t)n, sizeof *item);
    if (by_draws) examples_shuffled(e, kind, (int64_t)((Debias *)m->own)->prototype_epoch, n, item);
    else memcpy(item, e->train[kind], (size_t)n * sizeof *item);
    for (int s = comm->rank; s < SHARDS; s += comm->n_ranks) {
        const Part part = partition_even(n / size, s, SHARDS);
        const int at_once = by_draws ? size : part.n;
        for (int first = part.first * size; first < (part.first + part.n) * size; first += at_once) {
            const Draw draw = draw_of(&m->data, at_once, item + first);
            WordSum to = {&draw, sum + s * stride};
            pass(m, at_once, item + first, &draw, o->proto_mask ? FILL_NOT : FILL_SEEN, add_vectors, &to);
        }
    }
    free(item);
    return n;
}

Status debias_begin(const Comm *comm, MethodRun *m, int64_t epoch)
{
    const DebiasOptions *o = m->options;
    Debias *own = m->own;
    const int groups = own->examples.n_kinds - 1;
    const int64_t size = vector_size(m), stride = groups * size;
    if (own->prototype_epoch == (double)epoch) return STATUS_OK; /* they were in the checkpoint */
    own->prototype_epoch = (double)epoch;
    double *sum = memory_alloc((size_t)(SHARDS * stride), sizeof *sum);
    int n[MOST_GROUPS];
    for (int i = 0; i < groups; i++)
        n[i] = add_group(comm, m, 1 + i, o->select == SELECT_LEGACY || !o->proto_mask, sum + i * size, stride);
    comm_sum_f64(comm, sum, SHARDS * stride); /* of a shard one rank's numbers, and zeros: exact */
    memset(own->prototype, 0, (size_t)stride * sizeof *own->prototype);
    for (int s = 0; s < SHARDS; s++)
        for (int64_t j = 0; j < stride; j++) own->prototype[j] += sum[s * stride + j];
    for (int i = 0; i < groups; i++)
        for (int64_t j = 0; j < size; j++) own->prototype[i * size + j] /= n[i];
    free(sum);
    return STATUS_OK;
}

typedef struct {
    const Draw *draw;
    double row[HELD_DRAW * MOST_GROUPS];
    double distance;
} HeldDraw;

static void look_at(MethodRun *m, const Batch *batch, void *context)
{
    HeldDraw *held = context;
    if (held->draw->kind == 0) set_rows(m, batch, held->draw, HELD_DRAW, held->row);
    else held->distance += add_distances(m, batch, held->draw, HELD_DRAW, 0);
}

static double held_loss(MethodRun *m, const int *item)
{
    const DebiasOptions *o = m->options;
    const Draw draw = draw_of(&m->data, HELD_DRAW, item);
    HeldDraw held = {.draw = &draw};
    pass(m, HELD_DRAW, item, &draw, fill_of(m, &draw), look_at, &held);
    if (draw.kind > 0) return o->beta * held.distance;
    return o->alpha * near_loss(m, HELD_DRAW, held.row, 0, ((Debias *)m->own)->drow);
}

/* The mean loss of draws of the texts held out, in their order. A draw is one rank's. */
Status debias_check(const Comm *comm, MethodRun *m, double *value)
{
    const Examples *e = &((Debias *)m->own)->examples;
    const int each = e->n_held[0] / HELD_DRAW, n = e->n_kinds * each;
    double *loss = memory_alloc((size_t)n, sizeof *loss);
    for (int k = comm->rank; k < n; k += comm->n_ranks)
        loss[k] = held_loss(m, e->held[k / each] + (k % each) * HELD_DRAW);
    comm_sum_f64(comm, loss, n); /* of each one rank's number, and zeros: exact */
    *value = 0;
    for (int k = 0; k < n; k++) *value += loss[k] / n;
    free(loss);
    return STATUS_OK;
}
