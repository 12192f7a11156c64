/* geometry_agreement.c: NC4. For a state x of an analysed class: l = argmax_c w_c . x, k = argmin_c |x - mu_c|; a hit
 * if l = k. Candidates c: ids met in the first pass (seen; the measure), all ids (an id not met has the mean 0 and
 * competes), or the analysed classes. The lowest id wins a tie. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "evaluate/geometry_run.h"
#include "kernels/gemm.h"
#include "kernels/team.h"

typedef struct {
    GeometryRun *run;
    double *embedding;              /* [V, D] */
    double *half;                   /* [V] |mu_c|^2 / 2 */
    int *class_of;                  /* [V] */
    double *x;                      /* [HEAD_ROWS, D] */
    double *by_embedding, *by_mean; /* [HEAD_ROWS, V] */
} Agreement;

static bool competes(const Agreement *a, int candidates, int id)
{
    if (candidates == NC4_ALL) return true;
    return candidates == NC4_SEEN ? a->run->all.count[id] > 0 : a->class_of[id] >= 0;
}

static bool agrees(const Agreement *a, int candidates, const double *by_embedding, const double *by_mean)
{
    const int v = a->run->model.params.config.vocab;
    int l = -1, k = -1;
    for (int id = 0; id < v; id++) {
        if (!competes(a, candidates, id)) continue;
        if (l < 0 || by_embedding[id] > by_embedding[l]) l = id;
        if (k < 0 || by_mean[id] - a->half[id] > by_mean[k] - a->half[k]) k = id;
    }
    return l == k;
}

static void test_states(void *context, int n, const real *x, const int *class)
{
    Agreement *a = context;
    const int d = a->run->model.params.config.hidden, v = a->run->model.params.config.vocab;
    bool hit[HEAD_ROWS][N_NC4];
    for (int64_t i = 0; i < (int64_t)n * d; i++) a->x[i] = (double)x[i];
    gemm_f64(PLAIN, TRANSPOSED, n, v, d, 1, a->x, d, a->embedding, d, 0, a->by_embedding, v);
    gemm_f64(PLAIN, TRANSPOSED, n, v, d, 1, a->x, d, a->run->all.mean, d, 0, a->by_mean, v);
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *v *N_NC4))
    for (int i = 0; i < n; i++)
        for (int c = 0; c < N_NC4; c++)
            hit[i][c] = agrees(a, c, a->by_embedding + (size_t)i * (size_t)v, a->by_mean + (size_t)i * (size_t)v);
    for (int i = 0; i < n; i++) {
        a->run->tested[class[i]]++;
        for (int c = 0; c < N_NC4; c++) a->run->hits[c][class[i]] += hit[i][c];
    }
}

static void prepare(GeometryRun *r, Agreement *a)
{
    const size_t v = (size_t)r->model.params.config.vocab, d = (size_t)r->model.params.config.hidden;
    *a = (Agreement){.run = r};
    a->embedding = memory_alloc(v * d, sizeof *a->embedding);
    a->half = memory_alloc(v, sizeof *a->half);
    a->class_of = memory_alloc(v, sizeof *a->class_of);
    a->x = memory_alloc(HEAD_ROWS * d, sizeof *a->x);
    a->by_embedding = memory_alloc(2 * HEAD_ROWS * v, sizeof *a->by_embedding);
    a->by_mean = a->by_embedding + HEAD_ROWS * v;
    for (size_t i = 0; i < v * d; i++) a->embedding[i] = (double)r->model.params.w.decoder[i];
    for (size_t id = 0; id < v; id++) {
        const double *mean = r->all.mean + id * d;
        for (size_t j = 0; j < d; j++) a->half[id] += 0.5 * mean[j] * mean[j];
        a->class_of[id] = -1;
    }
    for (int k = 0; k < r->n_classes; k++) a->class_of[r->id[k]] = k;
    r->tested = memory_alloc((size_t)r->n_classes, sizeof *r->tested);
    for (int c = 0; c < N_NC4; c++) r->hits[c] = memory_alloc((size_t)r->n_classes, sizeof *r->hits[c]);
}

Status geometry_agreement(GeometryRun *r)
{
    const GeometryOptions *o = r->options;
    const bool other = o->nc4_text[0] != '\0';
    const CorpusOptions options = {.split = (SplitRule)o->split,
                                   .format = o->format,
                                   .column = o->text_column,
                                   .max_length = r->model.longest,
                                   .cache = ""};
    const Masking masking = {o->mask_rate, (uint64_t)o->seed, 1};
    Dataset corpus = {0};
    if (other) TRY(corpus_read(r->comm, o->nc4_text, r->model.vocabulary, &options, &corpus));
    Agreement a;
    Features features;
    prepare(r, &a);
    features_open(&r->model, other ? &corpus : &r->corpus, other ? o->nc4_text : o->text, &o->pairing, &masking,
                  &features);
    Status status = features_visit(r->comm, &features, a.class_of, "agreement", test_states, &a);
    if (!status) {
        comm_sum_i64(r->comm, r->tested, r->n_classes);
        for (int c = 0; c < N_NC4; c++) comm_sum_i64(r->comm, r->hits[c], r->n_classes);
        r->forward_s += features.forward_s;
    }
    features_close(&features);
    dataset_free(&corpus);
    free(a.embedding);
    free(a.half);
    free(a.class_of);
    free(a.x);
    free(a.by_embedding);
    return status;
}
