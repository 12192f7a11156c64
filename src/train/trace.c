/* trace.c: gathered on rank 0, written by it. */
#include "train/trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "io/file.h"
#include "train/checkpoint.h"

#define TRACE_FORMAT "collapse-trace"

typedef struct {
    int64_t n_samples, n_tokens;
    int32_t *id, *label, *true_id, *kind; /* one block */
    int32_t *length, *text;               /* lengths of the samples; which of an item's texts; one block */
    int64_t *sample;
} Gathered;

struct TraceStep {
    Gathered batch;
    HistoryLine line;
};

static void free_gathered(Gathered *g)
{
    free(g->id);
    free(g->length);
    free(g->sample);
}

static Gathered gather(const Comm *comm, const Batch *batch)
{
    const Packed *packed = &batch->packed;
    int64_t extent[] = {packed->n_samples, packed->n_tokens};
    comm_sum_i64(comm, extent, 2);
    Gathered g = {.n_samples = extent[0], .n_tokens = extent[1]};
    const size_t b = (size_t)extent[0], n = (size_t)extent[1];
    g.id = memory_alloc(4 * n, sizeof *g.id);
    g.label = g.id + n;
    g.true_id = g.label + n;
    g.kind = g.true_id + n;
    g.length = memory_alloc(2 * b, sizeof *g.length);
    g.text = g.length + b;
    g.sample = memory_alloc(b, sizeof *g.sample);
    int32_t *length = memory_alloc((size_t)packed->n_samples, sizeof *length);
    for (int s = 0; s < packed->n_samples; s++) length[s] = packed->offset[s + 1] - packed->offset[s];
    const int64_t tokens = packed->n_tokens * (int64_t)sizeof(int32_t);
    comm_gather(comm, packed->id, tokens, g.id);
    comm_gather(comm, batch->label, tokens, g.label);
    comm_gather(comm, batch->true_id, tokens, g.true_id);
    comm_gather(comm, packed->kind, tokens, g.kind);
    comm_gather(comm, batch->text, packed->n_samples * (int64_t)sizeof(int32_t), g.text);
    comm_gather(comm, length, packed->n_samples * (int64_t)sizeof(int32_t), g.length);
    comm_gather(comm, batch->item, packed->n_samples * (int64_t)sizeof(int64_t), g.sample);
    free(length);
    return g;
}

static bool any(int64_t n, const int32_t *x)
{
    int64_t i = 0;
    while (i < n && x[i] == 0) i++;
    return i < n;
}

static Status write_arrays(H5File *file, const char *group, const Gathered *g)
{
    const int64_t samples = g->n_samples, ends = samples + 1, tokens = g->n_tokens;
    int64_t *offset = memory_alloc((size_t)ends, sizeof *offset);
    for (int64_t b = 0; b < samples; b++) offset[b + 1] = offset[b] + g->length[b];
    char path[80];
    Status status = STATUS_OK;
    const struct {
        const char *name, *axes;
        H5Kind kind;
        const int64_t *n;
        const void *data;
        bool is_there;
    } part[] = {{"ids", "token", H5_I32, &tokens, g->id, true},
                {"label", "token", H5_I32, &tokens, g->label, true},
                {"true_ids", "token", H5_I32, &tokens, g->true_id, true},
                {"kind", "token", H5_I32, &tokens, g->kind, any(tokens, g->kind)},
                {"text", "sample", H5_I32, &samples, g->text, any(samples, g->text)},
                {"offset", "sample", H5_I64, &ends, offset, true},
                {"sample", "sample", H5_I64, &samples, g->sample, true}};
    for (size_t i = 0; i < sizeof part / sizeof part[0] && !status; i++) {
        if (!part[i].is_there) continue;
        snprintf(path, sizeof path, "%s/%s", group, part[i].name);
        status = h5_write(file, path, part[i].kind, 1, part[i].n, part[i].axes, part[i].data);
    }
    free(offset);
    return status;
}

static void name_group(const HistoryLine *line, char group[40])
{
    snprintf(group, 40, "/step_%06lld", (long long)line->step);
}

static Status write_step(H5File *file, const TraceStep *step)
{
    char group[40];
    const HistoryLine *line = &step->line;
    name_group(line, group);
    if (h5_exists(file, group)) return STATUS_OK; /* a continued run meets steps it has traced before */
    TRY(write_arrays(file, group, &step->batch));
    TRY(h5_put_f64(file, group, "loss", line->loss));
    TRY(h5_put_f64(file, group, "task_loss", line->task_loss));
    TRY(h5_put_f64(file, group, "nc_loss", line->nc_loss));
    TRY(h5_put_f64(file, group, "learning_rate", line->learning_rate));
    return h5_put_f64(file, group, "grad_norm", line->grad_norm);
}

static Status write_header(H5File *file, const Trace *t)
{
    TRY(h5_write_header(file, TRACE_FORMAT, t->command_line, ""));
    return h5_put_text(file, "/", "settings", t->settings);
}

/* The file's steps and the gathered ones, in a copy that is verified and takes the file's place. */
static Status write_copy(Trace *t, const char *target, const char *partial)
{
    H5File *file;
    const bool is_new = t->replaces || !file_exists(target);
    TRY(is_new ? STATUS_OK : file_copy(target, partial));
    TRY(is_new ? h5_create(partial, &file) : h5_open_append(partial, &file));
    Status status = is_new ? write_header(file, t) : STATUS_OK;
    for (size_t i = 0; i < t->n && !status; i++) status = write_step(file, &t->step[i]);
    Status closed = h5_close(&file);
    if (!status) status = closed;
    if (!status) status = h5_verify_file(partial);
    return status ? status : file_commit(partial, target);
}

static void forget_steps(Trace *t)
{
    for (size_t i = 0; i < t->n; i++) free_gathered(&t->step[i].batch);
    t->n = 0;
    t->pending_bytes = 0;
}

static Status flush_local(Trace *t)
{
    if (t->n == 0) return STATUS_OK;
    char *target = file_target(t->path), *partial = file_partial_name(target);
    Status status = write_copy(t, target, partial);
    if (status) unlink(partial);
    else t->replaces = false;
    free(partial);
    free(target);
    forget_steps(t);
    return status;
}

static Status check_kind(const Trace *t)
{
    H5File *file;
    TRY(h5_open(t->path, &file));
    Status status = h5_check_format(file, TRACE_FORMAT, "name another trace");
    h5_close(&file);
    return status;
}

/* Is the file that is there of this run, and does it reach the step we go on from? */
static Status check_old(const Trace *t, int64_t step)
{
    H5File *file;
    char *stored = NULL, group[40];
    const HistoryLine last = {.step = (double)step};
    TRY(check_kind(t));
    TRY(h5_open(t->path, &file));
    Status status = STATUS_OK;
    const bool tells = h5_has_attribute(file, "/", "settings");
    if (tells) status = h5_get_text(file, "/", "settings", &stored);
    if (!status && stored) status = checkpoint_check_settings(t->path, stored, t->settings);
    name_group(&last, group);
    if (!status && !h5_exists(file, group))
        log_warning("%s: has no step %lld: the steps before it are missing", t->path, (long long)step);
    h5_close(&file);
    free(stored);
    return status;
}

static Status open_local(Trace *t, int64_t step)
{
    char *target = file_target(t->path);
    file_remove_partials(target);
    free(target);
    TRY(file_check_writable(t->path));
    if (!file_exists(t->path)) {
        if (step > 0) log_warning("%s: is new: the trace begins at step %lld", t->path, (long long)step + 1);
        return STATUS_OK;
    }
    Status status = step > 0 ? check_old(t, step) : check_kind(t);
    t->replaces = step == 0 && !status;
    if (status != STATUS_DATA) return status;
    log_warning("%s; it is set aside, and the trace begins at step %lld", status_message(), (long long)step + 1);
    return file_set_aside(t->path, file_aside_number(t->path, 1));
}

Status trace_open(const Comm *comm, const char *path, int64_t step, const char *settings, const char *command_line,
                  Trace *t)
{
    *t = (Trace){.path = path, .settings = settings, .command_line = command_line};
    return comm_agree(comm, comm->rank == 0 ? open_local(t, step) : STATUS_OK);
}

Status trace_add(const Comm *comm, Trace *t, const Batch *batch, const HistoryLine *line)
{
    Gathered g = gather(comm, batch);
    int64_t bytes = 0;
    if (comm->rank == 0) {
        memory_reserve((void **)&t->step, &t->capacity, t->n + 1, sizeof *t->step);
        t->step[t->n++] = (TraceStep){g, *line};
        t->pending_bytes += 12 * g.n_tokens + 12 * g.n_samples;
        bytes = t->pending_bytes;
    } else {
        free_gathered(&g);
    }
    comm_broadcast(comm, &bytes, sizeof bytes);
    return bytes > TRACE_PENDING_BYTES ? trace_flush(comm, t) : STATUS_OK;
}

Status trace_flush(const Comm *comm, Trace *t)
{
    return comm_agree(comm, comm->rank == 0 ? flush_local(t) : STATUS_OK);
}

void trace_close(Trace *t)
{
    forget_steps(t);
    free(t->step);
    *t = (Trace){0};
}
