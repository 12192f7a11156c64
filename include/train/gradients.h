/* gradients.h: what happens to the gradients between the backward pass and the next step. */
#ifndef TRAIN_GRADIENTS_H
#define TRAIN_GRADIENTS_H

#include "kernels/vector.h"
#include "model/params.h"
#include "parallel/bucket_sum.h"

/* Buckets of the gradient block: embeddings, layers, head; empty where a part is frozen (freeze: patterns). Local. */
void gradients_buckets(const BertConfig *config, const char *freeze, int rank, int n_ranks, Buckets *buckets);
enum { GRADIENTS_BUCKET_OF_EMBEDDINGS = 0 };
static inline int gradients_bucket_of_layer(int l)
{
    return l + 1;
}
static inline int gradients_bucket_of_head(const BertConfig *config)
{
    return config->layers + 1;
}

/* One global L2 norm over all gradients. dealt: each rank holds the sums of what it owns (Collective), NULL: of all
 * (Local); the same bits. part: scratch [gradients_norm_parts]. */
double gradients_norm(const Comm *comm, const Params *params, const Buckets *dealt, double *part);
static inline int64_t gradients_norm_parts(int64_t count)
{
    return (count + BUCKET_GRAIN - 1) / BUCKET_GRAIN;
}

/* The factor of clipping to `limit`: min(1, limit / (norm + 1e-6)), as torch; 1 if limit is 0. Local. */
double gradients_clip_factor(double norm, double limit);

/* One AdamW step on all tensors that are trained; biases and LayerNorm weights are exempt from weight decay. dealt:
 * of what this rank owns, NULL: of all. Is everything finite that was written? Local. */
bool gradients_update(const AdamSettings *settings, Params *params, const Buckets *dealt);

/* STATUS_DIVERGED names the first weight or moment (of what this rank owns) that is not finite; params->first may be
 * NULL. Local. */
Status gradients_check(const Params *params, const Buckets *dealt);

#endif
