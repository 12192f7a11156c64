/* fisher.h: the diagonal of the Fisher information of a model's weights, estimated on lines of text.
 *
 * Of every line the gradient g of the mean cross-entropy of all its pieces, each as its own target, without dropout:
 *
 *   cleared      F = (1/N) sum_i g_i^2
 *   cumulative   F = (1/N) sum_i G_i^2,  G_i = g_1 + ... + g_i       gradients never cleared, as in BERT-ASE's code
 *
 * Lines are cut into FISHER_SHARDS parts, whatever the ranks; a rank takes every n-th, and the parts are added in
 * order: the same bits on any number of ranks. The cumulative form is one chain, which every rank computes. */
#ifndef METHODS_FISHER_H
#define METHODS_FISHER_H

#include "data/batch.h"
#include "model/model.h"
#include "objectives/masked_lm.h"

enum { FISHER_SHARDS = 16 };

typedef struct {
    Model *model;        /* borrowed; its gradients are overwritten */
    MaskedLm *masked_lm; /* borrowed */
    Batch *batch;        /* borrowed: room for one sample */
    const Dataset *lines;
    int n_lines; /* the first of them */
    bool is_cumulative;
} FisherRequest;

/* fisher [params.trained.count]; 0 for weights that are frozen. Collective. */
void fisher_estimate(const Comm *comm, const FisherRequest *request, real *fisher);

/* A file of them: only for the weights it was made of. Collective; fails alike on all ranks. */
Status fisher_read(const Comm *comm, const char *path, const Params *params, real *fisher);
Status fisher_write(const Comm *comm, const char *path, const Params *params, const real *fisher);

#endif
