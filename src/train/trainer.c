/* trainer.c: one global batch per step, every rank its samples of it.
 *
 *   forward -> class sums -> head, loss -> backward -> [class sums, R] -> [sum of gradients] -> R's rows, once
 *   -> norm, clip, AdamW -> [weights] -> log
 *
 * Brackets: all ranks together. The first line is taken for each portion of the rank's samples (portions.h). A rank
 * without samples takes the same road. During the last piece class sums and gradients are handed to bucket_sum as soon
 * as they are final, and may cross the network behind the computation. With shard-optimizer each rank keeps the sums it
 * owns, updates those weights, and all gather the weights. */
#include "train/trainer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "io/file.h"
#include "parallel/partition.h"
#include "train/checkpoint.h"
#include "train/gradients.h"
#include "train/progress.h"
#include "train/runtime.h"
#include "train/setup.h"
#include "train/snapshot.h"
#include "train/trace.h"

static Masking masking_of(const Trainer *t)
{
    return (Masking){t->run->mask_rate, (uint64_t)t->run->seed, (uint32_t)t->state.epoch};
}

/* Labels and tokens of the global batch. */
static void count_globally(const Comm *comm, Trainer *t)
{
    enum { LABELS, TOKENS, N_SUMS };
    int64_t sum[N_SUMS] = {0};
    const int64_t left = t->corpus.n - t->state.next_sample;
    const Masking masking = masking_of(t);
    t->global_samples = left < t->run->batch ? (int)left : (int)t->run->batch;
    portions_deal(&t->portions, &t->corpus, t->model.vocabulary, t->order + t->state.next_sample, t->global_samples,
                  &masking);
    for (int i = 0; i < t->portions.n; i++) {
        sum[LABELS] += t->portions.portion[i].batch.n_labels;
        sum[TOKENS] += t->portions.portion[i].batch.packed.n_tokens;
    }
    comm_sum_i64(comm, sum, N_SUMS);
    t->global_labels = sum[LABELS];
    t->state.tokens += sum[TOKENS];
}

static bool uses_collapse(const Trainer *t)
{
    return run_settings_collects(t->run);
}

/* Forward pass of a portion. Returns its last hidden states. */
static const real *forward(Trainer *t, const Portion *portion)
{
    t->model.encoder.step = (uint32_t)t->state.step;
    timer_begin(&t->timer, PHASE_FORWARD);
    return encoder_forward(&t->model.encoder, &portion->batch.packed);
}

static void add_states(Trainer *t, const Portion *portion, const real *hidden)
{
    timer_begin(&t->timer, PHASE_REGULARIZE);
    collapse_loss_add(&t->collapse, step_sums_doubles(&t->sums, portion->shard), &portion->batch, hidden);
}

/* The step's class sums of all ranks into the totals, and R from them. */
static void evaluate_collapse(Trainer *t)
{
    timer_begin(&t->timer, PHASE_WAIT);
    step_sums_finish_doubles(&t->sums);
    timer_begin(&t->timer, PHASE_REGULARIZE);
    collapse_loss_fold(&t->collapse, t->sums.n_sets, t->sums.doubles);
    collapse_loss_value(&t->collapse);
}

/* Head and loss of a portion; dx [N, D] receives the gradient to the states. */
static void head(Trainer *t, const Portion *portion, const real *hidden)
{
    real *dx = t->model.encoder.dx;
    timer_begin(&t->timer, PHASE_HEAD);
    memset(dx, 0, (size_t)portion->batch.packed.n_tokens * (size_t)t->model.config.hidden * sizeof *dx);
    step_sums_add_loss(&t->sums, masked_lm_loss(&t->masked_lm, &portion->batch, hidden, t->global_labels, dx));
}

/* Objectives on states, and backward pass of a portion. */
static void backward(Trainer *t, const Portion *portion, const real *hidden)
{
    if (uses_collapse(t) && t->collapse.options.grad == GRAD_BOTH) {
        timer_begin(&t->timer, PHASE_REGULARIZE);
        collapse_loss_states(&t->collapse, &portion->batch, hidden, t->model.encoder.dx);
    }
    timer_begin(&t->timer, PHASE_BACKWARD);
    step_sums_head_done(&t->sums);
    encoder_backward(&t->model.encoder, &portion->batch.packed, t->model.encoder.dx, step_sums_layer_done, &t->sums);
    timer_begin(&t->timer, PHASE_OPTIMIZE);
    step_sums_end_portion(&t->sums);
}

/* This rank's part of the gradients of the global loss, portion by portion. The gradient of R to states needs R before
 * the first backward pass: with several portions that takes a forward pass of its own. */
static void compute_gradients(Trainer *t)
{
    const int n = t->portions.n;
    const Portion *portion = t->portions.portion;
    const bool states = uses_collapse(t) && t->collapse.options.grad == GRAD_BOTH,
               first_pass = states && portions_are_many(&t->portions.rule);
    timer_begin(&t->timer, PHASE_OPTIMIZE);
    step_sums_begin(&t->sums);
    if (uses_collapse(t)) collapse_loss_begin_step(&t->collapse, t->state.next_sample == 0);
    for (int i = 0; i < n && first_pass; i++) add_states(t, &portion[i], forward(t, &portion[i]));
    if (first_pass) {
        step_sums_begin_doubles(&t->sums);
        evaluate_collapse(t);
    }
    for (int i = 0; i < n; i++) {
        const bool is_last = i == n - 1, adds = uses_collapse(t) && !first_pass;
        timer_begin(&t->timer, PHASE_OPTIMIZE);
        step_sums_begin_portion(&t->sums, portion[i].shard, is_last);
        const real *hidden = forward(t, &portion[i]);
        if (adds) add_states(t, &portion[i], hidden);
        if (adds && is_last) step_sums_begin_doubles(&t->sums);
        head(t, &portion[i], hidden);
        if (states && !first_pass) evaluate_collapse(t);
        backward(t, &portion[i], hidden);
    }
}

/* Sum the gradients over ranks; the regularizer's rows come once, after the sum (methods.md 7.6).
 * Returns the norm of the regularizer's part. */
static double sum_gradients(Trainer *t)
{
    double nc_norm = 0;
    const bool before = uses_collapse(t) && t->collapse.options.sync == SYNC_NONE;
    if (before && t->collapse.options.grad == GRAD_ROWS) evaluate_collapse(t); /* of this rank alone */
    if (before) nc_norm = collapse_loss_rows(&t->collapse, t->model.params.g.word);
    timer_begin(&t->timer, PHASE_WAIT);
    step_sums_finish(&t->sums);
    if (uses_collapse(t) && t->collapse.options.grad == GRAD_ROWS && !before) evaluate_collapse(t);
    timer_begin(&t->timer, PHASE_OPTIMIZE);
    if (uses_collapse(t) && !before) nc_norm = collapse_loss_rows(&t->collapse, t->model.params.g.word);
    return nc_norm;
}

/* The sum of the losses at all labels of the global batch: shards in order, or ranks in order. With it goes what any
 * rank has to say: has a write behind the steps failed, and should the run end after this step? */
static double sum_losses(Trainer *t, double began_s, StopReason *stop)
{
    double *failed = t->sums.flags, *stops = failed + 1;
    *failed = checkpoint_writer_has_failed(&t->writer);
    stops[stop_wanted(timer_now() - began_s)] = 1;
    const double sum = step_sums_loss(&t->sums);
    t->write_failed = *failed > 0;
    *stop = stop_first(stops);
    return sum;
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

/* R in the loss: with nc-sync = none the mean over the ranks that have met two classes. */
static Term sum_measures(const Comm *comm, Trainer *t)
{
    if (!uses_collapse(t)) return (Term){(double)NAN, false};
    const CollapseLoss *c = &t->collapse;
    const bool measured = c->measure.is_measured;
    if (c->options.sync == SYNC_GLOBAL) return (Term){c->value, measured};
    double sum[] = {measured ? c->value * c->share : 0, measured};
    comm_sum_f64(comm, sum, 2);
    if (sum[1] == 0) return (Term){(double)NAN, false};
    return (Term){sum[0] * (comm->n_ranks / sum[1]), true};
}

/* sum: over the labels of all ranks. */
static Term mean_loss(const Trainer *t, double sum)
{
    if (t->global_labels == 0) return (Term){(double)NAN, false}; /* nothing to predict in this batch */
    return (Term){sum / (double)t->global_labels, true};
}

/* Weights and moments are tested as they are written: what is not finite reaches no file. */
static Status update(const Comm *comm, Trainer *t, HistoryLine *line)
{
    const AdamSettings adam = {.form = t->run->optimizer.adam == 0 ? ADAM_HF : ADAM_TORCH,
                               .learning_rate = line->learning_rate,
                               .beta_1 = 0.9,
                               .beta_2 = 0.999,
                               .epsilon = t->run->optimizer.epsilon,
                               .weight_decay = t->run->optimizer.weight_decay,
                               .gradient_scale = gradients_clip_factor(line->grad_norm, t->run->optimizer.clip),
                               .step = t->state.step + 1};
    Status status = STATUS_OK;
    if (!gradients_update(&adam, &t->model.params, t->sums.dealt) && gradients_check(&t->model.params, t->sums.dealt)) {
        char found[200];
        snprintf(found, sizeof found, "%s", status_message());
        status =
            status_set(STATUS_DIVERGED, __FILE__, __LINE__,
                       "step %.0f: after the update %s: the run has diverged; lower learning-rate, or raise warmup "
                       "or adam-epsilon; the last checkpoint is kept",
                       line->step, found);
    }
    timer_begin(&t->timer, PHASE_WAIT);
    TRY(comm_agree(comm, status));
    step_sums_share_weights(&t->sums);
    return STATUS_OK;
}

/* Even contiguous parts of the batch, so that the trace of all ranks is in the order of the batch. */
static void fill_trace(const Comm *comm, Trainer *t)
{
    const Part part = partition_even(t->global_samples, comm->rank, comm->n_ranks);
    const Masking masking = masking_of(t);
    batch_fill(&t->corpus, t->model.vocabulary, t->order + t->state.next_sample + part.first, part.n, &masking,
               &t->trace_batch);
}

Status trainer_step(const Comm *comm, Trainer *t, HistoryLine *line, StopReason *stop)
{
    const double began_s = timer_now();
    timer_begin(&t->timer, PHASE_DATA);
    count_globally(comm, t);
    compute_gradients(t);
    const double nc_norm = sum_gradients(t);
    const Term task = mean_loss(t, sum_losses(t, began_s, stop)), nc = sum_measures(comm, t);
    *line = (HistoryLine){
        .step = (double)t->state.step + 1, .epoch = (double)t->state.epoch + 1, .tokens = (double)t->state.tokens};
    line->task_loss = task.value;
    line->nc_loss = nc.value;
    line->nc_classes = uses_collapse(t) ? t->collapse.measure.n_active : 0;
    line->loss = sum_terms(task, nc, t->run->nc.loss.weight);
    line->learning_rate = schedule_rate(&t->schedule, t->state.step);
    line->grad_norm = step_sums_norm(&t->sums);
    line->nc_grad_norm = nc.is_measured && t->run->nc.loss.weight > 0 ? nc_norm : (double)NAN;
    CHECK(is_sound(task) && is_sound(nc) && isfinite(line->grad_norm), STATUS_DIVERGED,
          "step %.0f: loss %g, gradient norm %g: the run has diverged; lower learning-rate, or raise warmup; the last "
          "checkpoint is kept",
          line->step, line->loss, line->grad_norm);
    TRY(update(comm, t, line));
    timer_begin(&t->timer, PHASE_OTHER);
    if (t->run->trace[0]) fill_trace(comm, t);
    t->step_s = timer_now() - began_s;
    t->state.seconds += t->step_s;
    line->seconds = t->state.seconds;
    return STATUS_OK;
}

void trainer_advance(Trainer *t)
{
    t->state.step++;
    t->state.next_sample += t->global_samples;
    if (t->state.next_sample < t->corpus.n) return;
    t->state.next_sample = 0;
    t->state.epoch++;
    setup_order(t);
}

static Status record(const Comm *comm, Trainer *t, const HistoryLine *line)
{
    Status status = STATUS_OK;
    if (t->run->trace[0]) TRY(trace_add(comm, t->run->trace, &t->trace_batch, line));
    const bool is_last = t->state.step == t->total_steps;
    if (t->state.step % t->run->log_steps != 0 && !is_last) return STATUS_OK;
    history_add(&t->state.history, line);
    if (comm->rank == 0) status = history_append(&t->state.history, t->log_path);
    return comm_agree(comm, status);
}

/* last: the run ends here, so the file must be complete before we go on. */
static Status save(const Comm *comm, Trainer *t, bool last)
{
    timer_begin(&t->timer, PHASE_CHECKPOINT);
    Status status = t->writes_behind ? checkpoint_writer_start(comm, &t->writer, t->run->output,
                                                               (int)t->run->checkpoint.keep, &t->state)
                                     : checkpoint_write(comm, t->run->output, (int)t->run->checkpoint.keep, &t->state);
    if (!status && last) status = checkpoint_writer_finish(comm, &t->writer);
    timer_begin(&t->timer, PHASE_OTHER);
    return status;
}

/* The checkpoint is written. The file `stop` is obeyed once: it must not stop the next run too. */
static Status end_early(const Comm *comm, const Trainer *t, StopReason stop)
{
    const char *note = "";
    if (comm->rank == 0 && stop == STOP_FILE)
        note = stop_remove_file() ? " (now removed)" : " (which cannot be removed: remove it)";
    if (t->state.step == t->total_steps) return STATUS_OK;
    FAIL(stop_code(stop), "stopped by %s%s after step %lld of %lld; run the same line again to continue",
         stop_reason_text(stop), note, (long long)t->state.step, (long long)t->total_steps);
}

static Status train_loop(const Comm *comm, Trainer *t)
{
    Progress progress;
    progress_begin(&progress, t->state.step, t->total_steps, t->state.tokens, uses_collapse(t) ? t->metric : NULL);
    while (t->state.step < t->total_steps) {
        HistoryLine line;
        StopReason stop;
        TRY(trainer_step(comm, t, &line, &stop));
        trainer_advance(t);
        TRY(record(comm, t, &line));
        progress_step(&progress, &line);
        const bool is_last = t->state.step == t->total_steps;
        if (is_last || stop || t->state.step % t->run->checkpoint.steps == 0)
            TRY(save(comm, t, is_last || stop != STOP_NO));
        if (t->run->geometry_steps && (t->state.step % t->run->geometry_steps == 0 || is_last))
            TRY(snapshot_write(comm, t));
        if (t->write_failed) TRY(checkpoint_writer_finish(comm, &t->writer)); /* says why, on all ranks */
        if (stop) TRY(end_early(comm, t, stop));
    }
    return STATUS_OK;
}

static Status write_start_files(const Comm *comm, const Trainer *t, const char *settings)
{
    Status status = STATUS_OK;
    if (comm->rank == 0) {
        char *path = file_join(t->run->output, "run.conf");
        status = file_write_text(path, settings, strlen(settings));
        free(path);
        if (!status) status = history_write_table(&t->state.history, t->log_path);
    }
    return comm_agree(comm, status);
}

static Status run_steps(const Comm *comm, Trainer *t, const char *settings)
{
    if (t->state.step >= t->total_steps)
        log_line("nothing to train: %lld of %lld steps are done", (long long)t->state.step, (long long)t->total_steps);
    TRY(write_start_files(comm, t, settings));
    if (t->run->trace[0]) TRY(trace_open(comm, t->run->trace, t->state.step, t->state.command_line));
    timer_begin(&t->timer, PHASE_OTHER);
    Status status = train_loop(comm, t);
    timer_begin(&t->timer, PHASE_OTHER);
    if (status && status != STATUS_STOPPED && status != STATUS_ASKED) return status;
    progress_table(comm, &t->timer);
    TRY(status);
    TRY(checkpoint_write_model(comm, t->run->output, &t->state));
    log_line("wrote %s/model.h5", t->run->output);
    return STATUS_OK;
}

Status trainer_run(const Comm *comm, const RunSettings *run, const char *settings, const char *command_line)
{
    stop_init(run->max_time_s, comm->rank == 0 ? run->output : "");
    runtime_init(comm, (int)run->work.threads, false);
    Trainer trainer;
    Status status = setup_open(comm, run, settings, command_line, &trainer);
    if (!status && !run->dry_run) status = run_steps(comm, &trainer, settings);
    setup_close(&trainer);
    return status;
}
