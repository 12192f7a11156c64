/* checkpoint_writer.c: copy, thread, join. */
#include "train/checkpoint_writer.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/timer.h"

void checkpoint_writer_init(Arena *arena, const Comm *comm, TrainState *state, CheckpointWriter *w)
{
    memset(w, 0, sizeof *w);
    w->n_ranks = comm->n_ranks;
    state_arrays(state, &w->whole);
    for (int i = 0; i < w->whole.n; i++) {
        StateArray *array = &w->whole.array[i];
        array->data = comm->rank == 0 ? arena_cut(arena, state_array_bytes(comm, array), 1) : NULL;
    }
}

static void *write_copy(void *context)
{
    CheckpointWriter *w = context;
    const double began_s = timer_now();
    w->status = checkpoint_write_file(w->folder, w->keep, &w->state, &w->whole, w->n_ranks);
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
    if (w->status) status_adopt(w->message);
    else log_line("checkpoint of step %lld written behind the steps in %.1f s", (long long)w->state.step, w->time_s);
    return w->status;
}

static void copy_history(const History *from, History *to)
{
    *to = *from;
    to->line = NULL;
    to->n = to->capacity = 0;
    for (size_t i = 0; i < from->n; i++) history_add(to, &from->line[i]);
}

Status checkpoint_writer_start(const Comm *comm, CheckpointWriter *w, const char *folder, int keep, TrainState *state)
{
    TRY(checkpoint_writer_finish(comm, w));
    StateList list;
    state_arrays(state, &list);
    for (int i = 0; i < list.n; i++) state_array_collect(comm, &list.array[i], w->whole.array[i].data);
    if (comm->rank != 0) return STATUS_OK;
    w->state = *state;
    copy_history(&state->history, &w->state.history);
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
