/* step.c: one global batch, every rank its samples of it.
 *
 * All ranks together, in this order: calls marked [all], and nothing else. The sums begun in one call may cross the
 * network behind the computation that follows. A rank without samples takes the same road. */
#include "train/step.h"

#include <math.h>
#include <stdio.h>

#include "train/gradients.h"

/* --- what is asked ---------------------------------------------------------------------------------- */

static bool adds_to_states(const Step *s)
{
    return s->collapse && s->collapse->options.grad == GRAD_BOTH;
}

/* Must something of the whole batch be known before the first backward pass? R, for its gradient to the states; or the
 * method's rows. */
static bool needs_all_early(const Step *s)
{
    return adds_to_states(s) || s->method->method->rows;
}

/* Every rank has class means of its own (as published): its rows are added before the sum of the gradients. */
static bool keeps_own_means(const Step *s)
{
    return s->collapse && s->collapse->options.sync == SYNC_NONE;
}

/* A term of the loss. Not measured: NaN, which is no fault; a measured one must be finite. */
typedef struct {
    double value;
    bool is_measured;
} Term;

static bool is_sound(Term term)
{
    return !term.is_measured || isfinite(term.value);
}

/* The sum of the terms that were measured: what this step's gradients belong to. */
static double sum_terms(Term task, Term nc, double weight)
{
    if (!nc.is_measured) return task.value;
    return task.is_measured ? task.value + weight * nc.value : weight * nc.value;
}

/* --- parts of the step ------------------------------------------------------------------------------ */

static void begin(Step *s, const StepInput *in)
{
    timer_begin(&s->timer, PHASE_DATA);
    s->method->masking.epoch = (uint32_t)in->epoch;
    s->model->encoder.step = (uint32_t)in->step;
    s->is_exchanged = false;
    s->nc_norm = 0;
    for (int k = 0; k <= HISTORY_TERMS; k++) s->once[k] = 0;
    s->counts = (StepCounts){.step = in->step, .epoch = in->epoch, .items = in->n_items};
    portions_deal(&s->portions, s->method, in->item, in->n_items);
    step_sums_begin(&s->sums);
    if (s->collapse) collapse_loss_begin_step(s->collapse, in->begins_epoch, in->n_items);
}

static void count(Step *s)
{
    int64_t sum[2] = {0};
    for (int i = 0; i < s->portions.n; i++) {
        sum[0] += s->portions.portion[i].batch.n_labels;
        sum[1] += s->portions.portion[i].batch.packed.n_tokens;
    }
    step_sums_counts(&s->sums, sum, 2);
    s->counts.labels = sum[0];
    s->counts.tokens = sum[1];
}

static void begin_portion(Step *s, const Portion *portion, bool is_last)
{
    timer_begin(&s->timer, PHASE_OPTIMIZE);
    step_sums_begin_portion(&s->sums, portion->shard, is_last);
}

static void forward(Step *s, const Portion *portion)
{
    timer_begin(&s->timer, PHASE_FORWARD);
    encoder_forward(&s->model->encoder, &portion->batch.packed);
}

static const real *last_states(const Step *s)
{
    return s->model->encoder.h[s->model->config.layers];
}

/* What the whole batch must know of these states. is_last: of this rank; then it may be summed. */
static void note(Step *s, const Portion *portion, bool is_last)
{
    if (s->is_exchanged) return;
    timer_begin(&s->timer, PHASE_REGULARIZE);
    if (s->method->method->rows) s->method->method->rows(s->method, &portion->batch, s->sums.rows);
    if (s->collapse)
        collapse_loss_add(s->collapse, step_sums_doubles(&s->sums, portion->shard), &portion->batch, last_states(s));
    if (is_last) step_sums_begin_doubles(&s->sums);
}

/* Class sums and rows of all ranks, and what follows from them: R, the method's whole. Once a step. */
static void exchange(Step *s)
{
    const Method *method = s->method->method;
    if (s->is_exchanged || (!s->collapse && !method->rows)) return;
    timer_begin(&s->timer, PHASE_WAIT);
    step_sums_finish_doubles(&s->sums);
    timer_begin(&s->timer, PHASE_REGULARIZE);
    if (s->collapse) collapse_loss_value(s->collapse, s->sums.n_sets, s->sums.doubles);
    if (method->whole) method->whole(s->method, &s->counts, s->sums.rows);
    s->is_exchanged = true;
}

/* The method's terms; dh becomes the gradient to the states. */
static void add_task(Step *s, const Portion *portion)
{
    timer_begin(&s->timer, PHASE_HEAD);
    encoder_clear_gradients(&s->model->encoder, portion->batch.packed.n_tokens);
    s->method->method->add(s->method, &portion->batch, &s->counts, step_sums_terms(&s->sums, portion->shard));
}

static void add_states(Step *s, const Portion *portion)
{
    if (!adds_to_states(s)) return;
    timer_begin(&s->timer, PHASE_REGULARIZE);
    collapse_loss_states(s->collapse, &portion->batch, last_states(s), s->model->encoder.dx);
}

static void backward(Step *s, const Portion *portion)
{
    Encoder *encoder = &s->model->encoder;
    timer_begin(&s->timer, PHASE_BACKWARD);
    step_sums_head_done(&s->sums);
    encoder_backward(encoder, &portion->batch.packed, step_sums_layer_done, &s->sums);
    timer_begin(&s->timer, PHASE_OPTIMIZE);
    step_sums_end_portion(&s->sums);
}

/* R's gradient to the rows of the embeddings. */
static void add_rows(Step *s)
{
    timer_begin(&s->timer, PHASE_OPTIMIZE);
    if (s->collapse) s->nc_norm = collapse_loss_rows(s->collapse, s->model->params.g.decoder);
}

/* Terms without samples, when the gradients are those of all ranks. */
static void add_once(Step *s)
{
    if (s->method->method->once) s->method->method->once(s->method, s->once);
}

static void finish_gradients(Step *s)
{
    timer_begin(&s->timer, PHASE_WAIT);
    step_sums_finish(&s->sums);
}

/* The means of the method's terms over the labels, or items, of the batch, and the values of `once`. */
static Term mean_losses(Step *s, HistoryLine *line)
{
    const Method *method = s->method->method;
    const int64_t n = method->mean == PER_LABEL ? s->counts.labels : s->counts.items;
    double term[1 + HISTORY_TERMS];
    if (s->tell) s->tell(s->context, s->sums.flags);
    step_sums_losses(&s->sums, term);
    for (int k = 0; k <= method->n_terms; k++)
        term[k] = n ? term[k] / (double)n + s->once[k] : (double)NAN; /* nothing to learn from in this batch */
    for (int k = 0; k < method->n_terms; k++) line->term[k] = term[1 + k];
    return (Term){term[0], n > 0};
}

/* R in the loss: with nc-sync = none the mean over the ranks that have met two classes. */
static Term mean_measure(Step *s)
{
    if (!s->collapse) return (Term){(double)NAN, false};
    const bool measured = s->collapse->is_measured;
    if (!keeps_own_means(s)) return (Term){s->collapse->value, measured};
    double sum[] = {measured ? s->collapse->value * s->collapse->share : 0, measured};
    step_sums_numbers(&s->sums, sum, 2);
    if (sum[1] == 0) return (Term){(double)NAN, false};
    return (Term){sum[0] * (s->sums.comm->n_ranks / sum[1]), true};
}

static Status check(Term task, Term nc, const HistoryLine *line)
{
    CHECK(is_sound(task) && is_sound(nc) && isfinite(line->grad_norm), STATUS_DIVERGED,
          "step %.0f: loss %g, gradient norm %g: the run has diverged; lower learning-rate, or raise warmup; the last "
          "checkpoint is kept",
          line->step, line->loss, line->grad_norm);
    return STATUS_OK;
}

/* Weights and moments are tested as they are written: what is not finite reaches no file. */
static Status update(Step *s, const HistoryLine *line)
{
    Params *params = &s->model->params;
    AdamSettings adam = s->adam;
    adam.learning_rate = line->learning_rate;
    adam.gradient_scale = gradients_clip_factor(line->grad_norm, s->clip);
    adam.step = (int64_t)line->step;
    timer_begin(&s->timer, PHASE_OPTIMIZE);
    if (gradients_update(&adam, params, s->sums.dealt) || !gradients_check(params, s->sums.dealt)) return STATUS_OK;
    char found[200];
    snprintf(found, sizeof found, "%s", status_message());
    FAIL(STATUS_DIVERGED,
         "step %.0f: after the update %s: the run has diverged; lower learning-rate, or raise warmup or adam-epsilon; "
         "the last checkpoint is kept",
         line->step, found);
}

static Status share_weights(Step *s, Status updated)
{
    timer_begin(&s->timer, PHASE_WAIT);
    TRY(step_sums_share_weights(&s->sums, updated));
    timer_begin(&s->timer, PHASE_OPTIMIZE);
    if (s->sums.dealt) params_round(&s->model->params); /* what others updated */
    else params_fill_panels(&s->model->params);
    timer_begin(&s->timer, PHASE_OTHER);
    return STATUS_OK;
}

/* --- the step --------------------------------------------------------------------------------------- */

Status step_run(Step *s, const StepInput *in, HistoryLine *line)
{
    const bool early = needs_all_early(s), twice = early && portions_are_many(&s->portions.rule);
    const Portion *portion = s->portions.portion;
    begin(s, in); /* deal and pack this rank's portions */
    count(s);     /* [all] labels and tokens of the batch */
    const int n = s->portions.n;
    for (int i = 0; i < n && twice; i++) {
        forward(s, &portion[i]);
        note(s, &portion[i], i == n - 1); /* [all] begins: class sums */
    }
    if (twice) exchange(s); /* [all] class sums, R; rows */
    for (int i = 0; i < n; i++) {
        begin_portion(s, &portion[i], i == n - 1);
        forward(s, &portion[i]);
        note(s, &portion[i], i == n - 1);         /* [all] begins: class sums */
        if (s->method->method->rows) exchange(s); /* [all] rows */
        add_task(s, &portion[i]);
        if (early) exchange(s); /* [all] class sums, R */
        add_states(s, &portion[i]);
        backward(s, &portion[i]); /* [all] begins: gradients of layers that are complete */
    }
    *line = (HistoryLine){.step = (double)in->step + 1, .epoch = (double)in->epoch + 1};
    if (keeps_own_means(s)) exchange(s), add_rows(s);  /* [all] waits */
    finish_gradients(s);                               /* [all] gradients of the global loss */
    if (!keeps_own_means(s)) exchange(s), add_rows(s); /* [all] class sums, R; its rows are added once */
    add_once(s);
    const Term task = mean_losses(s, line), nc = mean_measure(s); /* [all] [all] */
    line->task_loss = task.value;
    line->nc_loss = nc.value;
    line->nc_classes = s->collapse ? s->collapse->measure.n_active : 0;
    line->loss = sum_terms(task, nc, s->collapse ? s->collapse->options.weight : 0);
    line->nc_grad_norm = nc.is_measured && s->collapse->options.weight > 0 ? s->nc_norm : (double)NAN;
    line->learning_rate = schedule_rate(&s->schedule, in->step);
    line->grad_norm = step_sums_norm(&s->sums); /* [all] */
    TRY(check(task, nc, line));
    return share_weights(s, update(s, line)); /* what this rank owns; [all] the weights, or a failure */
}
