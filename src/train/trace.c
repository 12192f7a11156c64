/* trace.c: gathered on rank 0, written by it. */
#include "train/trace.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "io/file.h"

static Status open_local(const char *path, int64_t step, const char *command_line)
{
    H5File *file;
    if (step > 0 && file_exists(path)) {
        if (h5_open(path, &file) == STATUS_OK) return h5_close(&file);
        log_warning("%s; the trace begins anew at step %lld", status_message(), (long long)step + 1);
    }
    TRY(h5_create(path, &file));
    Status status = h5_write_header(file, "collapse-trace", command_line, "");
    Status closed = h5_close(&file);
    return status ? status : closed;
}

Status trace_open(const Comm *comm, const char *path, int64_t step, const char *command_line)
{
    return comm_agree(comm, comm->rank == 0 ? open_local(path, step, command_line) : STATUS_OK);
}

typedef struct {
    int64_t n_samples, n_tokens;
    int32_t *id, *label, *true_id, *length; /* lengths of the samples */
    int64_t *sample;
} Gathered;

static Gathered gather(const Comm *comm, const Batch *batch)
{
    const Packed *packed = &batch->packed;
    int64_t extent[] = {packed->n_samples, packed->n_tokens};
    comm_sum_i64(comm, extent, 2);
    Gathered g = {.n_samples = extent[0], .n_tokens = extent[1]};
    const size_t b = (size_t)extent[0], n = (size_t)extent[1];
    g.id = memory_alloc(3 * n, sizeof *g.id);
    g.label = g.id + n;
    g.true_id = g.label + n;
    g.length = memory_alloc(b, sizeof *g.length);
    g.sample = memory_alloc(b, sizeof *g.sample);
    int32_t *length = memory_alloc((size_t)packed->n_samples, sizeof *length);
    for (int s = 0; s < packed->n_samples; s++) length[s] = packed->offset[s + 1] - packed->offset[s];
    const int64_t tokens = packed->n_tokens * (int64_t)sizeof(int32_t);
    comm_gather(comm, packed->id, tokens, g.id);
    comm_gather(comm, batch->label, tokens, g.label);
    comm_gather(comm, batch->true_id, tokens, g.true_id);
    comm_gather(comm, length, packed->n_samples * (int64_t)sizeof(int32_t), g.length);
    comm_gather(comm, batch->item, packed->n_samples * (int64_t)sizeof(int64_t), g.sample);
    free(length);
    return g;
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
    } part[] = {{"ids", "token", H5_I32, &tokens, g->id},
                {"label", "token", H5_I32, &tokens, g->label},
                {"true_ids", "token", H5_I32, &tokens, g->true_id},
                {"offset", "sample", H5_I64, &ends, offset},
                {"sample", "sample", H5_I64, &samples, g->sample}};
    for (size_t i = 0; i < sizeof part / sizeof part[0] && !status; i++) {
        snprintf(path, sizeof path, "%s/%s", group, part[i].name);
        status = h5_write(file, path, part[i].kind, 1, part[i].n, part[i].axes, part[i].data);
    }
    free(offset);
    return status;
}

static Status add_local(const char *path, const Gathered *g, const HistoryLine *line)
{
    char group[40];
    snprintf(group, sizeof group, "/step_%06lld", (long long)line->step);
    H5File *file;
    TRY(h5_open_append(path, &file));
    Status status = STATUS_OK;
    if (!h5_exists(file, group)) { /* a continued run meets steps it has traced before */
        status = write_arrays(file, group, g);
        if (!status) status = h5_put_f64(file, group, "loss", line->loss);
        if (!status) status = h5_put_f64(file, group, "task_loss", line->task_loss);
        if (!status) status = h5_put_f64(file, group, "nc_loss", line->nc_loss);
        if (!status) status = h5_put_f64(file, group, "learning_rate", line->learning_rate);
        if (!status) status = h5_put_f64(file, group, "grad_norm", line->grad_norm);
    }
    Status closed = h5_close(&file);
    return status ? status : closed;
}

Status trace_add(const Comm *comm, const char *path, const Batch *batch, const HistoryLine *line)
{
    Gathered g = gather(comm, batch);
    Status status = comm->rank == 0 ? add_local(path, &g, line) : STATUS_OK;
    free(g.id);
    free(g.length);
    free(g.sample);
    return comm_agree(comm, status);
}
