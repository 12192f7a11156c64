/* features.c: block -> forward pass -> gathered rows -> visit. */
#include "evaluate/features.h"

#include <math.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/timer.h"
#include "model/rows.h"

static void lay_out(Features *f)
{
    const size_t d = (size_t)f->model->params.config.hidden;
    batch_init(&f->arena, FEATURE_SAMPLES, FEATURE_SAMPLES * f->corpus->longest, &f->batch);
    f->x = arena_cut(&f->arena, HEAD_ROWS * d, sizeof(real));
    f->row = arena_cut(&f->arena, HEAD_ROWS, sizeof(int));
    f->label = arena_cut(&f->arena, HEAD_ROWS, sizeof(int));
}

void features_open(Model *model, const Dataset *corpus, const char *name, const Pairing *pairing,
                   const Masking *masking, Features *f)
{
    *f = (Features){.model = model, .corpus = corpus, .name = name, .pairing = *pairing, .masking = *masking};
    if (pairing->align != ALIGN_MASKED) f->masking.rate = 0;
    lay_out(f);
    arena_open(&f->arena);
    lay_out(f);
}

void features_close(Features *f)
{
    arena_close(&f->arena);
    *f = (Features){0};
}

static bool all_finite(int64_t n, const real *x)
{
    double sum = 0; /* a NaN or an infinity stays one */
    for (int64_t i = 0; i < n; i++) sum += (double)x[i] * 0;
    return sum == 0;
}

static Status flush(Features *f, const real *hidden, int n, FeatureVisit visit, void *context)
{
    const int d = f->model->params.config.hidden;
    if (!n) return STATUS_OK;
    rows_gather(n, d, f->row, hidden, f->x);
    const real *x = f->pairing.space == SPACE_HIDDEN ? f->x : mlm_head_transform(&f->model->head, n, f->x);
    CHECK(all_finite((int64_t)n * d, x), STATUS_DATA,
          "%s: sample %lld or one of the %d after it has a state that is not finite; are the model's weights sound?",
          f->name, (long long)f->batch.item[0] + 1, f->batch.packed.n_samples - 1);
    const double began_s = timer_now();
    visit(context, n, x, f->label);
    f->visit_s += timer_now() - began_s;
    return STATUS_OK;
}

static Status visit_block(Features *f, int first, int n, const int *wanted, FeatureVisit visit, void *context)
{
    BatchItem order[FEATURE_SAMPLES];
    int rows = 0;
    for (int i = 0; i < n; i++) order[i] = (BatchItem){first + i, i};
    batch_fill(f->corpus, f->model->vocabulary, order, n, &f->masking, &f->batch);
    const Batch *b = &f->batch;
    const int *ids = f->pairing.ids == IDS_TRUE ? b->true_id : b->packed.id; /* differ where masks are fed */
    const real *hidden = encoder_forward(&f->model->encoder, &b->packed);
    for (int s = 0; s < b->packed.n_samples; s++) {
        const int start = b->packed.offset[s], length = packed_length(&b->packed, s);
        for (int t = 0; t < length; t++) {
            const int id = batch_paired_id(b, (CollapseAlign)f->pairing.align, ids, start, length, t),
                      label = id >= 0 && wanted ? wanted[id] : id;
            if (label < 0) continue;
            f->row[rows] = start + t;
            f->label[rows++] = label;
            if (rows < HEAD_ROWS) continue;
            TRY(flush(f, hidden, rows, visit, context));
            rows = 0;
        }
    }
    return flush(f, hidden, rows, visit, context);
}

Status features_visit(const Comm *comm, Features *f, const int *wanted, const char *what, FeatureVisit visit,
                      void *context)
{
    const int n = f->corpus->n, blocks = (n + FEATURE_SAMPLES - 1) / FEATURE_SAMPLES;
    const double began_s = timer_now(), visited_s = f->visit_s;
    Status status = STATUS_OK;
    for (int b = comm->rank; b < blocks && !status; b += comm->n_ranks) {
        const int first = b * FEATURE_SAMPLES, left = n - first;
        status = visit_block(f, first, left < FEATURE_SAMPLES ? left : FEATURE_SAMPLES, wanted, visit, context);
        log_status("%s: %d of %d samples", what, first, n);
    }
    f->forward_s += timer_now() - began_s - (f->visit_s - visited_s);
    return comm_agree(comm, status);
}
