/* fisher.c: gradients of single lines, their squares, and a file of them. */
#include "methods/fisher.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "io/file.h"
#include "kernels/layers.h"
#include "kernels/team.h"
#include "parallel/partition.h"

#define FISHER_FORMAT "collapse-fisher"

/* The gradient of one line, in params.gradient. */
static void line_gradient(const FisherRequest *r, int line)
{
    Model *m = r->model;
    Batch *batch = r->batch;
    const int last = m->config.layers;
    batch_clear(batch);
    batch_add(r->lines, (BatchItem){line, 0}, 0, 0, batch);
    for (int t = 0; t < batch->packed.n_tokens; t++) batch->label[t] = batch->packed.id[t];
    batch->n_labels = batch->packed.n_tokens;
    params_begin_gradient(&m->params);
    encoder_forward(&m->encoder, &batch->packed);
    encoder_clear_gradients(&m->encoder, batch->packed.n_tokens);
    masked_lm_scaled(r->masked_lm, batch, m->encoder.h[last], 1.0 / batch->n_labels, m->encoder.dh[last]);
    encoder_backward(&m->encoder, &batch->packed, NULL, NULL);
    params_add_gradients(&m->params);
    params_drop_held(&m->params);
}

static void add_squares(int64_t n, const real *g, real *sum)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers(3 * n))
    for (int64_t i = 0; i < n; i++) sum[i] += g[i] * g[i];
}

static void estimate_chain(const FisherRequest *r, real *fisher)
{
    const int64_t n = r->model->params.trained.count;
    real *chain = memory_alloc((size_t)n, sizeof *chain);
    for (int line = 0; line < r->n_lines; line++) {
        line_gradient(r, line);
        layers_add(n, r->model->params.gradient, chain);
        add_squares(n, chain, fisher);
    }
    free(chain);
}

/* Shards k n_ranks ... of a round, one per rank; added in order. */
static void estimate_round(const Comm *comm, const FisherRequest *r, int first, real *mine, real *sent, real *fisher)
{
    const int64_t n = r->model->params.trained.count;
    const int shard = first + comm->rank;
    const Part part = partition_even(r->n_lines, shard < FISHER_SHARDS ? shard : 0, FISHER_SHARDS);
    memset(mine, 0, (size_t)n * sizeof *mine);
    for (int i = 0; i < part.n && shard < FISHER_SHARDS; i++) {
        line_gradient(r, part.first + i);
        add_squares(n, r->model->params.gradient, mine);
    }
    for (int k = 0; k < comm->n_ranks && first + k < FISHER_SHARDS; k++) {
        if (k == comm->rank) memcpy(sent, mine, (size_t)n * sizeof *sent);
        else memset(sent, 0, (size_t)n * sizeof *sent);
        comm_sum_real(comm, sent, n); /* one rank's numbers and zeros: exact */
        layers_add(n, sent, fisher);
    }
}

static void estimate_shards(const Comm *comm, const FisherRequest *r, real *fisher)
{
    const size_t n = (size_t)r->model->params.trained.count;
    real *mine = memory_alloc(n, sizeof *mine), *sent = memory_alloc(n, sizeof *sent);
    for (int first = 0; first < FISHER_SHARDS; first += comm->n_ranks)
        estimate_round(comm, r, first, mine, sent, fisher);
    free(mine);
    free(sent);
}

void fisher_estimate(const Comm *comm, const FisherRequest *r, real *fisher)
{
    Encoder *e = &r->model->encoder;
    const int64_t n = r->model->params.trained.count;
    const double hidden = e->hidden_dropout, attention = e->attention_dropout;
    memset(fisher, 0, (size_t)n * sizeof *fisher);
    e->hidden_dropout = e->attention_dropout = 0;
    if (r->is_cumulative) estimate_chain(r, fisher);
    else estimate_shards(comm, r, fisher);
    e->hidden_dropout = hidden, e->attention_dropout = attention;
    for (int64_t i = 0; i < n; i++) fisher[i] /= (real)r->n_lines;
}

/* --- file -------------------------------------------------------------------------------------------- */

typedef struct {
    const Params *params;
    const real *fisher;
} FisherBody;

static void hash_weights(const Params *params, char hash[HASH_TEXT_SIZE])
{
    hash_xxh128(params->weight, (size_t)params->layout.count * sizeof(real), hash);
}

static Status write_body(H5File *file, const void *context)
{
    const FisherBody *body = context;
    char hash[HASH_TEXT_SIZE];
    hash_weights(body->params, hash);
    TRY(h5_write_header(file, FISHER_FORMAT, "", ""));
    TRY(h5_put_text(file, "/", "weights_xxh128", hash));
    return model_file_write_block(file, "/fisher", &body->params->trained, body->fisher);
}

static Status read_local(const char *path, const Params *params, real *fisher)
{
    H5File *file;
    char hash[HASH_TEXT_SIZE], *stored = NULL;
    hash_weights(params, hash);
    TRY(h5_open(path, &file));
    Status status = h5_check_format(file, FISHER_FORMAT, "name another file in ase-fisher");
    if (!status) status = h5_get_text(file, "/", "weights_xxh128", &stored);
    if (!status && strcmp(stored, hash) != 0)
        status = status_set(STATUS_USAGE, __FILE__, __LINE__,
                            "%s: was estimated for other weights, or with other tensors frozen; name another file in "
                            "ase-fisher",
                            path);
    if (!status) status = model_file_read_block(file, "/fisher", &params->trained, fisher);
    free(stored);
    h5_close(&file);
    return status;
}

Status fisher_read(const Comm *comm, const char *path, const Params *params, real *fisher)
{
    TRY(comm_agree(comm, comm->rank == 0 ? read_local(path, params, fisher) : STATUS_OK));
    comm_broadcast(comm, fisher, params->trained.count * (int64_t)sizeof *fisher);
    return STATUS_OK;
}

Status fisher_write(const Comm *comm, const char *path, const Params *params, const real *fisher)
{
    Status status = comm->rank == 0 ? h5_write_file(path, write_body, &(FisherBody){params, fisher}) : STATUS_OK;
    return comm_agree(comm, status);
}
