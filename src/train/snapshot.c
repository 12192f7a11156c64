/* snapshot.c: running means -> evaluate/geometry_run's measures and file. There is no second pass: variances come from
 * sums of squares, and what needs the within-class covariance is left out. */
#include "train/snapshot.h"

#include <math.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "evaluate/geometry_run.h"

/* The classes met, as the first pass of collapse geometry would leave them. */
static void gather(const Trainer *t, GeometryRun *r)
{
    const ClassMeans *means = &t->collapse.total;
    const size_t d = (size_t)means->n_features;
    for (int c = 0; c < means->n_classes; c++) r->n_classes += means->count[c] > 0;
    const size_t k = (size_t)r->n_classes;
    r->id = memory_alloc(k + 1, sizeof *r->id);
    r->word = memory_alloc(2 * (k + 1), sizeof *r->word);
    r->group = r->word + k + 1;
    r->row = memory_alloc(k * d + 1, sizeof *r->row);
    r->kept = (ClassScatter){.n_classes = (int)k, .n_features = (int)d};
    r->kept.count = memory_alloc(k + 1, sizeof *r->kept.count);
    r->kept.mean = memory_alloc(k * d + 1, sizeof *r->kept.mean);
    r->kept.scatter = memory_alloc(k + 1, sizeof *r->kept.scatter);
    for (int c = 0, at = 0; c < means->n_classes; c++) {
        if (means->count[c] == 0) continue;
        double *mean = r->kept.mean + (size_t)at * d, square = 0;
        for (size_t j = 0; j < d; j++) {
            mean[j] = means->sum[(size_t)c * d + j] / means->weight[c];
            square += mean[j] * mean[j];
            r->row[(size_t)at * d + j] = (double)t->model.params.w.decoder[(size_t)t->words.id[c] * d + j];
        }
        const double variance = means->square[c] / means->weight[c] - square;
        r->kept.count[at] = means->count[c];
        r->kept.scatter[at] = (variance > 0 ? variance : 0) * (double)means->count[c];
        r->id[at] = t->words.id[c];
        r->word[at] = t->words.word[c];
        r->group[at++] = t->words.group[c];
    }
}

static Status check_finite(const char *path, const GeometryRun *r)
{
    const size_t n = (size_t)r->n_classes * (size_t)r->kept.n_features;
    bool finite = true;
    for (size_t i = 0; i < n; i++) finite = finite && isfinite(r->kept.mean[i]) && isfinite(r->row[i]);
    for (int c = 0; c < r->n_classes; c++) finite = finite && isfinite(r->kept.scatter[c]);
    CHECK(finite, STATUS_DIVERGED,
          "%s is not written: a class mean is not finite: the run has diverged; the last checkpoint is kept", path);
    return STATUS_OK;
}

static Status measure_and_write(const Comm *comm, GeometryRun *r, const char *command_line)
{
    Road road;
    const GeometryInput input = {.n_classes = r->n_classes,
                                 .n_features = r->kept.n_features,
                                 .count = r->kept.count,
                                 .mean = r->kept.mean,
                                 .scatter = r->kept.scatter,
                                 .row = r->row};
    TRY(road_open(comm, ROAD_LAPACK, "", r->kept.n_features, &road));
    Status status = geometry_measure(comm, &road, &input, NULL, &r->geometry);
    road_close(&road);
    if (status == STATUS_DATA) { /* the run goes on; what is wrong with it, the step says */
        log_line("step %lld: no geometry: %s", (long long)r->step, status_message());
        return STATUS_OK;
    }
    if (!status && comm->rank == 0) {
        geometry_summarise(r);
        status = geometry_write(r, command_line);
    }
    return comm_agree(comm, status);
}

Status snapshot_write(const Comm *comm, Trainer *t)
{
    TRY(checkpoint_writer_finish(comm, &t->writer));
    TRY(comm_agree(comm, folder_check(&t->folder)));
    timer_begin(&t->step.timer, PHASE_CHECKPOINT);
    char *path = memory_print("%s/geometry-%08lld.h5", t->run->output, (long long)t->state.step);
    const GeometryOptions options = {.model = t->run->output,
                                     .text = t->run->data.path,
                                     .words = t->run->nc.words,
                                     .nc4_text = "",
                                     .output = path,
                                     .min_count = 1,
                                     .pairing = t->run->nc.loss.pairing,
                                     .seed = t->run->seed};
    GeometryRun run = {.comm = comm, .options = &options, .step = t->state.step};
    gather(t, &run);
    Status status = check_finite(path, &run);
    if (!status && run.n_classes >= 2) status = measure_and_write(comm, &run, t->state.command_line);
    else if (!status) log_line("step %lld: %d class met, no geometry yet", (long long)t->state.step, run.n_classes);
    geometry_run_close(&run);
    free(path);
    timer_begin(&t->step.timer, PHASE_OTHER);
    return status;
}
