/* trainer.c: one global batch per step, every rank its samples of it.
 *
 *   forward -> class sums -> [merge] -> head, loss -> backward -> [sum of gradients] -> R's rows, once
 *   -> norm, clip, AdamW -> log
 *
 * Brackets: all ranks together. A rank without samples takes the same road. */
#include "train/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "io/file.h"
#include "kernels/layers.h"
#include "objectives/masked_lm.h"
#include "parallel/partition.h"
#include "train/checkpoint.h"
#include "train/gradients.h"
#include "train/progress.h"
#include "train/runtime.h"
#include "train/setup.h"
#include "train/trace.h"

static PackedInput input_of(const Batch *b)
{
    return (PackedInput){.n_samples = b->n_samples,
                         .n_tokens = b->n_tokens,
                         .longest = b->longest,
                         .id = b->id,
                         .position = b->position,
                         .kind = b->kind,
                         .offset = b->offset,
                         .sample = b->sample};
}

/* This rank's part of the global batch that begins at state.next_sample. */
static void fill_batch(const Comm *comm, Trainer *t)
{
    const int64_t left = t->corpus.n - t->state.next_sample;
    const int n = left < t->run->batch ? (int)left : (int)t->run->batch;
    const Part part = partition_even(n, comm->rank, comm->n_ranks);
    const Masking masking = {t->run->mask_rate, (uint64_t)t->run->seed, (uint32_t)t->state.epoch};
    batch_fill(&t->corpus, t->vocabulary, t->order + t->state.next_sample + part.first, part.n, &masking, &t->batch);
    t->encoder.step = (uint32_t)t->state.step;
    t->global_samples = n;
}

/* Labels and tokens of the global batch, and whether anybody wants to stop. */
static StopReason count_globally(const Comm *comm, Trainer *t)
{
    int64_t sum[2 + N_STOPS] = {t->batch.n_labels, t->batch.n_tokens};
    sum[2 + stop_wanted(t->step_s)] = 1;
    comm_sum_i64(comm, sum, 2 + N_STOPS);
    t->global_labels = sum[0];
    t->state.tokens += sum[1];
    for (int reason = 1; reason < N_STOPS; reason++)
        if (sum[2 + reason]) return (StopReason)reason;
    return STOP_NO;
}

static bool uses_collapse(const Trainer *t)
{
    return t->run->nc_weight > 0;
}

/* Add this batch's states to the class means and evaluate R. */
static void measure_collapse(const Comm *comm, Trainer *t, const real *hidden)
{
    timer_begin(&t->timer, PHASE_REGULARIZE);
    collapse_loss_begin_step(&t->collapse, t->state.next_sample == 0);
    collapse_loss_add(&t->collapse, &t->batch, hidden);
    timer_begin(&t->timer, PHASE_WAIT);
    collapse_loss_merge(&t->collapse, comm);
    timer_begin(&t->timer, PHASE_REGULARIZE);
    collapse_loss_value(&t->collapse);
}

/* Forward, objectives and backward: this rank's part of the gradients of the global loss. Returns the
 * sum of the losses at this rank's labelled positions. */
static double compute_gradients(const Comm *comm, Trainer *t)
{
    const PackedInput input = input_of(&t->batch);
    const size_t states = (size_t)t->batch.n_tokens * (size_t)t->params.config.hidden;
    params_zero_gradient(&t->params);
    timer_begin(&t->timer, PHASE_FORWARD);
    const real *hidden = encoder_forward(&t->encoder, &input);
    if (uses_collapse(t)) measure_collapse(comm, t, hidden);
    timer_begin(&t->timer, PHASE_HEAD);
    real *dx = t->encoder.dx;
    memset(dx, 0, states * sizeof *dx);
    const double loss = masked_lm_loss(&t->masked_lm, &t->batch, hidden, t->global_labels, dx);
    if (uses_collapse(t) && t->collapse.options.grad == GRAD_BOTH) {
        timer_begin(&t->timer, PHASE_REGULARIZE);
        collapse_loss_states(&t->collapse, &t->batch, hidden, dx);
    }
    timer_begin(&t->timer, PHASE_BACKWARD);
    encoder_backward(&t->encoder, &input, dx);
    return loss;
}

/* Sum the gradients over ranks; the regularizer's rows come once, after the sum (methods.md 7.6).
 * Returns the norm of the regularizer's part. */
static double sum_gradients(const Comm *comm, Trainer *t)
{
    double nc_norm = 0;
    const bool before = uses_collapse(t) && t->collapse.options.sync == SYNC_NONE;
    if (before) nc_norm = collapse_loss_rows(&t->collapse, t->params.g.word);
    timer_begin(&t->timer, PHASE_WAIT);
    gradients_sum(comm, &t->params);
    timer_begin(&t->timer, PHASE_OPTIMIZE);
    if (uses_collapse(t) && !before) nc_norm = collapse_loss_rows(&t->collapse, t->params.g.word);
    return nc_norm;
}

static void update(Trainer *t, HistoryLine *line)
{
    const AdamSettings adam = {.form = t->run->adam == 0 ? ADAM_HF : ADAM_TORCH,
                               .learning_rate = line->learning_rate,
                               .beta_1 = 0.9,
                               .beta_2 = 0.999,
                               .epsilon = t->run->adam_epsilon,
                               .weight_decay = t->run->weight_decay,
                               .gradient_scale = gradients_clip_factor(line->grad_norm, t->run->clip),
                               .step = t->state.step + 1};
    gradients_update(&adam, &t->params);
}

Status trainer_step(const Comm *comm, Trainer *t, HistoryLine *line, StopReason *stop)
{
    const double began_s = timer_now();
    timer_begin(&t->timer, PHASE_DATA);
    fill_batch(comm, t);
    *stop = count_globally(comm, t);
    double loss[2];
    loss[0] = compute_gradients(comm, t);
    loss[1] = uses_collapse(t) ? t->collapse.share * t->collapse.value : 0;
    const double nc_norm = sum_gradients(comm, t);
    comm_sum_f64(comm, loss, 2);
    const bool by_rank = uses_collapse(t) && t->collapse.options.sync == SYNC_NONE;
    *line = (HistoryLine){
        .step = (double)t->state.step + 1, .epoch = (double)t->state.epoch + 1, .tokens = (double)t->state.tokens};
    line->task_loss =
        t->global_labels ? loss[0] / (double)t->global_labels : 0; /* no label: nothing to learn, not NaN */
    line->nc_loss = by_rank ? loss[1] : uses_collapse(t) ? t->collapse.value : 0;
    line->nc_classes = uses_collapse(t) ? t->collapse.measure.n_active : 0;
    line->loss = line->task_loss + t->run->nc_weight * line->nc_loss;
    line->learning_rate = schedule_rate(&t->schedule, t->state.step);
    line->grad_norm = gradients_norm(&t->params);
    line->nc_grad_norm = nc_norm;
    CHECK(isfinite(line->loss) && isfinite(line->grad_norm), STATUS_DIVERGED,
          "step %.0f: loss %g, gradient norm %g: the run has diverged; lower learning-rate, or raise warmup; the last "
          "checkpoint is kept",
          line->step, line->loss, line->grad_norm);
    update(t, line);
    timer_begin(&t->timer, PHASE_OTHER);
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
    if (t->run->trace[0]) TRY(trace_add(comm, t->run->trace, &t->batch, line));
    const bool is_last = t->state.step == t->total_steps;
    if (t->state.step % t->run->log_steps != 0 && !is_last) return STATUS_OK;
    history_add(&t->state.history, line);
    if (comm->rank == 0) status = history_append(&t->state.history, t->log_path);
    return comm_agree(comm, status);
}

static Status save(const Comm *comm, Trainer *t)
{
    timer_begin(&t->timer, PHASE_CHECKPOINT);
    Status status = checkpoint_write(comm, t->run->output, (int)t->run->keep, &t->state);
    timer_begin(&t->timer, PHASE_OTHER);
    return status;
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
        if (is_last || stop || t->state.step % t->run->checkpoint_steps == 0) TRY(save(comm, t));
        if (stop && !is_last)
            FAIL(STATUS_STOPPED, "stopped by %s after step %lld of %lld; run the same line again to continue",
                 stop_reason_text(stop), (long long)t->state.step, (long long)t->total_steps);
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
    stop_init(t->run->max_time_s, t->run->output);
    timer_begin(&t->timer, PHASE_OTHER);
    Status status = train_loop(comm, t);
    timer_begin(&t->timer, PHASE_OTHER);
    if (status && status != STATUS_STOPPED) return status;
    progress_table(comm, &t->timer);
    TRY(status);
    TRY(checkpoint_write_model(comm, t->run->output, &t->state));
    log_line("wrote %s/model.h5", t->run->output);
    return STATUS_OK;
}

Status trainer_run(const Comm *comm, const RunSettings *run, const char *settings, const char *command_line)
{
    runtime_init(comm, (int)run->threads, false);
    Trainer trainer;
    Status status = setup_open(comm, run, settings, command_line, &trainer);
    if (!status && !run->dry_run) status = run_steps(comm, &trainer, settings);
    setup_close(&trainer);
    return status;
}
