/* checkpoint_writer.c: copy, thread, join. */
#include "train/checkpoint_writer.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/timer.h"

void checkpoint_writer_init(Arena *arena, const Params *params, bool writes_here, CheckpointWriter *w)
{
    const size_t count = (size_t)params->layout.count;
    memset(w, 0, sizeof *w);
    if (!writes_here) return;
    w->params = *params;
    w->params.weight = arena_cut(arena, count, sizeof(real));
    w->params.first = arena_cut(arena, count, sizeof(real));
    w->params.second = arena_cut(arena, count, sizeof(real));
}

static void *write_copy(void *context)
{
    CheckpointWriter *w = context;
    const double began_s = timer_now();
    w->status = checkpoint_write_file(w->folder, w->keep, &w->state, &w->means);
    if (w->status) snprintf(w->message, sizeof w->message, "%s", status_message()); /* it is this thread's */
    w->time_s = timer_now() - began_s;
    atomic_store(&w->has_ended, true);
    return NULL;
}

/* Join the thread; the status of its write, with the sentence adopted by this thread. */
static Status join(CheckpointWriter *w)
{
    if (!w->is_running) return STATUS_OK;
    if (w->has_thread) pthread_join(w->thread, NULL);
    w->is_running = false;
    history_free(&w->state.history);
    checkpoint_free_means(&w->means);
    if (w->status) status_adopt(w->message);
    else log_line("checkpoint of step %lld written behind the steps in %.1f s", (long long)w->state.step, w->time_s);
    return w->status;
}

static void copy_state(CheckpointWriter *w, const TrainState *state)
{
    const size_t bytes = (size_t)state->params->layout.count * sizeof(real);
    w->state = *state;
    w->state.params = &w->params;
    memcpy(w->params.weight, state->params->weight, bytes);
    w->state.history = (History){0};
    for (size_t i = 0; i < state->history.n; i++) history_add(&w->state.history, &state->history.line[i]);
}

Status checkpoint_writer_start(const Comm *comm, CheckpointWriter *w, const char *folder, int keep,
                               const TrainState *state)
{
    TRY(checkpoint_writer_finish(comm, w));
    GatheredMeans means = checkpoint_gather_means(comm, state);
    checkpoint_collect_moments(comm, state, w->params.first, w->params.second);
    if (comm->rank != 0) return STATUS_OK;
    copy_state(w, state);
    w->means = means;
    w->folder = folder;
    w->keep = keep;
    atomic_store(&w->has_ended, false);
    w->has_thread = pthread_create(&w->thread, NULL, write_copy, w) == 0;
    w->is_running = true;
    if (!w->has_thread) write_copy(w); /* none to be had: in step; the join that follows tells how it went */
    return STATUS_OK;
}

bool checkpoint_writer_has_failed(CheckpointWriter *w)
{
    return w->is_running && atomic_load(&w->has_ended) && w->status != STATUS_OK;
}

Status checkpoint_writer_finish(const Comm *comm, CheckpointWriter *w)
{
    return comm_agree(comm, join(w));
}

void checkpoint_writer_close(CheckpointWriter *w)
{
    join(w);
}
