/* trainer.c: the loop around the step: what is logged, kept and written, and how a run ends. */
#include "train/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "io/file.h"
#include "kernels/gemm.h"
#include "parallel/partition.h"
#include "parallel/same.h"
#include "train/checkpoint.h"
#include "train/progress.h"
#include "train/runtime.h"
#include "train/setup.h"
#include "train/snapshot.h"
#include "train/trace.h"

static bool uses_collapse(const Trainer *t)
{
    return t->step.collapse != NULL;
}

static int batch_size(const Trainer *t)
{
    const int64_t left = setup_epoch_items(t) - t->state.next_sample;
    return left < t->run->batch ? (int)left : (int)t->run->batch;
}

/* What any rank has to say: has a write behind the steps failed, and should the run end after this step? */
static void tell(void *context, double *flags)
{
    Trainer *t = context;
    flags[0] = checkpoint_writer_has_failed(&t->writer);
    flags[1 + stop_wanted(timer_now() - t->began_s)] = 1;
}

/* Even contiguous parts of the batch, so that the trace of all ranks is in the order of the batch. */
static void fill_trace(const Comm *comm, Trainer *t, const StepInput *input)
{
    const Part part = partition_even(input->n_items, comm->rank, comm->n_ranks);
    if (!t->trace_item) t->trace_item = memory_alloc((size_t)t->run->batch, sizeof *t->trace_item);
    for (int i = 0; i < part.n; i++) t->trace_item[i] = (BatchItem){input->item[part.first + i], part.first + i};
    t->method.method->fill(&t->method, t->trace_item, part.n, &t->trace_batch);
}

/* The items of the step: those the method chooses, or the next of the epoch's permutation. */
static const int *items_of_step(Trainer *t, int n)
{
    const Method *method = t->method.method;
    if (!method->choose) return t->order + t->state.next_sample;
    if (!t->chosen) t->chosen = memory_alloc((size_t)t->run->batch, sizeof *t->chosen);
    method->choose(&t->method, t->state.step, n, t->chosen);
    return t->chosen;
}

Status trainer_step(const Comm *comm, Trainer *t, HistoryLine *line, StopReason *stop)
{
    const int n = batch_size(t);
    t->began_s = timer_now();
    const StepInput input = {.step = t->state.step,
                             .epoch = t->state.epoch,
                             .begins_epoch = t->state.next_sample == 0,
                             .item = items_of_step(t, n),
                             .n_items = n};
    t->step.tell = tell, t->step.context = t;
    TRY(step_run(&t->step, &input, line));
    if (t->run->trace[0]) fill_trace(comm, t, &input);
    t->write_failed = t->step.sums.flags[0] > 0;
    *stop = stop_first(t->step.sums.flags + 1);
    t->state.tokens += t->step.counts.tokens;
    t->state.seconds += timer_now() - t->began_s;
    line->tokens = (double)t->state.tokens;
    line->seconds = t->state.seconds;
    return STATUS_OK;
}

void trainer_advance(Trainer *t)
{
    t->state.step++;
    t->state.next_sample += batch_size(t);
    if (t->state.next_sample < setup_epoch_items(t)) return;
    t->state.next_sample = 0;
    t->state.epoch++;
    setup_order(t);
}

static Status log_history(const Comm *comm, Trainer *t, const HistoryLine *line)
{
    Status status = STATUS_OK;
    history_add(&t->state.history, line);
    if (comm->rank == 0) status = folder_check(&t->folder);
    if (comm->rank == 0 && !status) status = history_append(&t->state.history, t->log_path);
    return comm_agree(comm, status);
}

static Status record(const Comm *comm, Trainer *t, const HistoryLine *line)
{
    if (t->run->trace[0]) TRY(trace_add(comm, &t->trace, &t->trace_batch, line));
    const bool is_last = t->state.step == t->total_steps;
    const bool is_evaluated = evaluations_are_due(&t->evaluations, t->state.step, t->total_steps);
    if (t->state.step % t->run->log_steps != 0 && !is_last && !is_evaluated) return STATUS_OK;
    return log_history(comm, t, line);
}

/* last: the run ends here, so the file must be complete before we go on. */
static Status save(const Comm *comm, Trainer *t, bool last)
{
    timer_begin(&t->step.timer, PHASE_CHECKPOINT);
    TRY(comm_agree(comm, folder_check(&t->folder)));
    if (t->run->trace[0]) TRY(trace_flush(comm, &t->trace));
    Status status = t->writes_behind ? checkpoint_writer_start(comm, &t->writer, t->run->output,
                                                               (int)t->run->checkpoint.keep, &t->state)
                                     : checkpoint_write(comm, t->run->output, (int)t->run->checkpoint.keep, &t->state);
    if (!status && last) status = checkpoint_writer_finish(comm, &t->writer);
    timer_begin(&t->step.timer, PHASE_OTHER);
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

/* These weights did best so far. */
static void keep_best(TrainState *s, double value)
{
    s->best_step = s->step, s->best_value = value;
    memcpy(s->best_weight, s->params->weight, (size_t)s->params->layout.count * sizeof *s->best_weight);
}

/* Evaluations on the way, and their best weights so far in a file. */
static Status evaluate(const Comm *comm, Trainer *t, HistoryLine *line)
{
    const Evaluations *e = &t->evaluations;
    TrainState *s = &t->state;
    evaluations_leave_out(line);
    if (!evaluations_are_due(e, s->step, t->total_steps)) return STATUS_OK;
    timer_begin(&t->step.timer, PHASE_OTHER);
    TRY(evaluations_run(comm, e, &t->model, line));
    const double value = e->best >= 0 && s->step > 0 ? evaluations_distance(e, line) : (double)NAN;
    if (isnan(value) || (s->best_step > 0 && value >= s->best_value)) return STATUS_OK;
    keep_best(s, value);
    log_line("after step %lld: the best %s so far; its weights are kept in %s/best.h5", (long long)s->step,
             e->score[e->best], t->run->output);
    TRY(checkpoint_writer_finish(comm, &t->writer));
    TRY(comm_agree(comm, folder_check(&t->folder)));
    return checkpoint_write_best(comm, t->run->output, s);
}

/* The state before the first step: what later ones are compared with. A run that goes on has it, and its best weights
 * are those of its checkpoint, whatever a killed run has written since. */
static Status begin_evaluations(const Comm *comm, Trainer *t)
{
    if (t->state.step > 0 && t->evaluations.best >= 0 && t->state.best_step > 0)
        TRY(checkpoint_write_best(comm, t->run->output, &t->state));
    if (t->state.step > 0 || t->evaluations.n == 0) return STATUS_OK;
    const double none = (double)NAN;
    HistoryLine line = {.loss = none,
                        .task_loss = none,
                        .nc_loss = none,
                        .learning_rate = none,
                        .grad_norm = none,
                        .nc_grad_norm = none};
    for (int k = 0; k < HISTORY_TERMS; k++) line.term[k] = none;
    TRY(evaluate(comm, t, &line));
    return log_history(comm, t, &line);
}

/* The method looks at its held-out data. */
static Status look(const Comm *comm, Trainer *t)
{
    TrainState *s = &t->state;
    double value = 0;
    timer_begin(&t->step.timer, PHASE_OTHER);
    TRY(t->method.method->check(comm, &t->method, &value));
    CHECK(isfinite(value), STATUS_DIVERGED, "step %lld: the check of held-out data gives %g: the run has diverged",
          (long long)s->step, value);
    const bool is_best = s->best_step == 0 || value < s->best_value;
    log_line("after step %lld: %.6g on held-out data%s", (long long)s->step, value, is_best ? ", the best so far" : "");
    if (!is_best) return STATUS_OK;
    keep_best(s, value);
    return STATUS_OK;
}

/* The finished model has the weights that did best. */
static void take_best(Trainer *t)
{
    TrainState *s = &t->state;
    if (!method_checks(&t->method) || s->best_step == 0) return;
    log_line("the model is that of step %lld: %.6g on held-out data", (long long)s->best_step, s->best_value);
    memcpy(s->params->weight, s->best_weight, (size_t)s->params->layout.count * sizeof *s->best_weight);
    params_round(s->params);
}

/* What a step leaves is on disk before the checkpoint that goes past it: trace, log, snapshot. So a run that was killed
 * at any moment writes again whatever it had not written. */
static Status train_loop(const Comm *comm, Trainer *t)
{
    Progress progress;
    progress_begin(&progress, t->state.step, t->total_steps, t->state.tokens, uses_collapse(t) ? t->metric : NULL);
    bool is_first = true;
    while (t->state.step < t->total_steps) {
        HistoryLine line;
        StopReason stop;
        if (t->method.method->begin && (is_first || t->state.next_sample == 0))
            TRY(t->method.method->begin(comm, &t->method, t->state.epoch));
        is_first = false;
        TRY(trainer_step(comm, t, &line, &stop));
        trainer_advance(t);
        TRY(evaluate(comm, t, &line));
        TRY(record(comm, t, &line));
        progress_step(&progress, &line);
        const bool is_last = t->state.step == t->total_steps;
        if (t->run->geometry_steps && (t->state.step % t->run->geometry_steps == 0 || is_last))
            TRY(snapshot_write(comm, t));
        if (method_checks(&t->method) && (is_last || t->state.step % t->run->check_steps == 0)) TRY(look(comm, t));
        if (is_last || stop || t->state.step % t->run->checkpoint.steps == 0)
            TRY(save(comm, t, is_last || stop != STOP_NO));
        if (t->write_failed) TRY(checkpoint_writer_finish(comm, &t->writer)); /* says why, on all ranks */
        if (stop) TRY(end_early(comm, t, stop));
    }
    return STATUS_OK;
}

static Status write_start_files(const Comm *comm, const Trainer *t, const char *settings)
{
    Status status = STATUS_OK;
    if (comm->rank == 0) {
        status = folder_write_settings(&t->folder, settings);
        if (!status) status = history_write_table(&t->state.history, t->log_path);
    }
    return comm_agree(comm, status);
}

static Status run_steps(const Comm *comm, Trainer *t, const char *settings)
{
    if (t->state.step >= t->total_steps)
        log_line("nothing to train: %lld of %lld steps are done", (long long)t->state.step, (long long)t->total_steps);
    TRY(write_start_files(comm, t, settings));
    if (t->run->trace[0])
        TRY(trace_open(comm, t->run->trace, t->state.step, settings, t->state.command_line, &t->trace));
    timer_begin(&t->step.timer, PHASE_OTHER);
    TRY(begin_evaluations(comm, t));
    Status status = train_loop(comm, t);
    timer_begin(&t->step.timer, PHASE_OTHER);
    if (status && status != STATUS_STOPPED && status != STATUS_ASKED) return status;
    progress_table(comm, &t->step.timer);
    TRY(status);
    take_best(t);
    TRY(checkpoint_write_model(comm, t->run->output, &t->state));
    log_line("wrote %s/model.h5", t->run->output);
    return STATUS_OK;
}

Status trainer_run(const Comm *comm, const RunSettings *run, const char *settings, const char *command_line)
{
    stop_init(run->max_time_s, comm->rank == 0 ? run->output : "");
    const GemmChoice products = run_settings_products(run);
    TRY(runtime_init(comm, (int)run->work.threads, &products, false));
    Trainer trainer = {0};
    char *kernels = memory_print("kernels (precision; gemm-library; BLIS_ARCH_TYPE) = %s, %s, %s\n",
                                 gemm_precision_key(), gemm_library(), gemm_family());
    Status status =
        run->work.reproducible ? same_check(comm, kernels) : STATUS_OK; /* its bits are those of the kernels */
    free(kernels);
    if (!status) status = setup_open(comm, run, settings, command_line, &trainer);
    if (!status && !run->dry_run && !trainer.is_done) status = run_steps(comm, &trainer, settings);
    setup_close(&trainer);
    return status;
}
