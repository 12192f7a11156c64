/* step.c: one global batch, every rank its samples of it.
 *
 * All ranks together, in this order: calls marked [all], and nothing else. The sums begun in one call may cross the
 * network behind the computation that follows. A rank without samples takes the same road. */
#include "train/step.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "train/gradients.h"

/* --- what is asked ---------------------------------------------------------------------------------- */

/* The gradient of R to states needs the class sums of the whole batch before the first backward pass. */
static bool needs_sums_early(const Step *s)
{
    return s->collapse && s->collapse->options.grad == GRAD_BOTH;
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
    s->masking.epoch = (uint32_t)in->epoch;
    s->model->encoder.step = (uint32_t)in->step;
    s->is_exchanged = false;
    s->nc_norm = 0;
    portions_deal(&s->portions, in->corpus, s->model->vocabulary, in->sample, in->n_samples, &s->masking);
    step_sums_begin(&s->sums);
    if (s->collapse) collapse_loss_begin_step(s->collapse, in->begins_epoch);
}

static void count(Step *s)
{
    int64_t sum[2] = {0};
    for (int i = 0; i < s->portions.n; i++) {
        sum[0] += s->portions.portion[i].batch.n_labels;
        sum[1] += s->portions.portion[i].batch.packed.n_tokens;
    }
    step_sums_counts(&s->sums, sum, 2);
    s->n_labels = sum[0];
    s->n_tokens = sum[1];
}

static void begin_portion(Step *s, const Portion *portion, bool is_last)
{
    timer_begin(&s->timer, PHASE_OPTIMIZE);
    step_sums_begin_portion(&s->sums, portion->shard, is_last);
}

/* Returns the last hidden states [N, D]. */
static const real *forward(Step *s, const Portion *portion)
{
    timer_begin(&s->timer, PHASE_FORWARD);
    return encoder_forward(&s->model->encoder, &portion->batch.packed);
}

/* What the whole batch must know of these states. is_last: of this rank; then it may be summed. */
static void note(Step *s, const Portion *portion, const real *hidden, bool is_last)
{
    if (!s->collapse || s->is_exchanged) return;
    timer_begin(&s->timer, PHASE_REGULARIZE);
    collapse_loss_add(s->collapse, step_sums_doubles(&s->sums, portion->shard), &portion->batch, hidden);
    if (is_last) step_sums_begin_doubles(&s->sums);
}

/* The class sums of all ranks into the totals, and R from them; once a step. */
static void exchange(Step *s)
{
    if (!s->collapse || s->is_exchanged) return;
    timer_begin(&s->timer, PHASE_WAIT);
    step_sums_finish_doubles(&s->sums);
    timer_begin(&s->timer, PHASE_REGULARIZE);
    collapse_loss_fold(s->collapse, s->sums.n_sets, s->sums.doubles);
    collapse_loss_value(s->collapse);
    s->is_exchanged = true;
}

/* Head and loss; dx [N, D] becomes the gradient to the states. */
static void add_task(Step *s, const Portion *portion, const real *hidden)
{
    real *dx = s->model->encoder.dx;
    timer_begin(&s->timer, PHASE_HEAD);
    memset(dx, 0, (size_t)portion->batch.packed.n_tokens * (size_t)s->model->config.hidden * sizeof *dx);
    step_sums_add_loss(&s->sums, masked_lm_loss(&s->masked_lm, &portion->batch, hidden, s->n_labels, dx));
}

static void add_states(Step *s, const Portion *portion, const real *hidden)
{
    if (!needs_sums_early(s)) return;
    timer_begin(&s->timer, PHASE_REGULARIZE);
    collapse_loss_states(s->collapse, &portion->batch, hidden, s->model->encoder.dx);
}

static void backward(Step *s, const Portion *portion)
{
    Encoder *encoder = &s->model->encoder;
    timer_begin(&s->timer, PHASE_BACKWARD);
    step_sums_head_done(&s->sums);
    encoder_backward(encoder, &portion->batch.packed, encoder->dx, step_sums_layer_done, &s->sums);
    timer_begin(&s->timer, PHASE_OPTIMIZE);
    step_sums_end_portion(&s->sums);
}

static void add_rows(Step *s)
{
    timer_begin(&s->timer, PHASE_OPTIMIZE);
    if (s->collapse) s->nc_norm = collapse_loss_rows(s->collapse, s->model->params.g.word);
}

static void finish_gradients(Step *s)
{
    timer_begin(&s->timer, PHASE_WAIT);
    step_sums_finish(&s->sums);
}

/* The mean over the labels of the batch. */
static Term mean_loss(Step *s)
{
    if (s->tell) s->tell(s->context, s->sums.flags);
    const double sum = step_sums_loss(&s->sums);
    if (s->n_labels == 0) return (Term){(double)NAN, false}; /* nothing to predict in this batch */
    return (Term){sum / (double)s->n_labels, true};
}

/* R in the loss: with nc-sync = none the mean over the ranks that have met two classes. */
static Term mean_measure(Step *s)
{
    if (!s->collapse) return (Term){(double)NAN, false};
    const bool measured = s->collapse->measure.is_measured;
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
    timer_begin(&s->timer, PHASE_OTHER);
    return STATUS_OK;
}

/* --- the step --------------------------------------------------------------------------------------- */

Status step_run(Step *s, const StepInput *in, HistoryLine *line)
{
    const bool early = needs_sums_early(s), twice = early && portions_are_many(&s->portions.rule);
    const Portion *portion = s->portions.portion;
    begin(s, in); /* deal and pack this rank's portions */
    count(s);     /* [all] labels and tokens of the batch */
    const int n = s->portions.n;
    for (int i = 0; i < n && twice; i++) note(s, &portion[i], forward(s, &portion[i]), i == n - 1); /* [all] begins */
    if (twice) exchange(s); /* [all] class sums, R */
    for (int i = 0; i < n; i++) {
        begin_portion(s, &portion[i], i == n - 1);
        const real *hidden = forward(s, &portion[i]);
        note(s, &portion[i], hidden, i == n - 1); /* [all] begins */
        add_task(s, &portion[i], hidden);
        if (early) exchange(s); /* [all] class sums, R */
        add_states(s, &portion[i], hidden);
        backward(s, &portion[i]); /* [all] begins: layers that are complete */
    }
    if (keeps_own_means(s)) exchange(s), add_rows(s);     /* [all] waits */
    finish_gradients(s);                                  /* [all] gradients of the global loss */
    if (!keeps_own_means(s)) exchange(s), add_rows(s);    /* [all] class sums, R; its rows are added once */
    const Term task = mean_loss(s), nc = mean_measure(s); /* [all] [all] */
    *line = (HistoryLine){.step = (double)in->step + 1, .epoch = (double)in->epoch + 1};
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
