/* gradients.h: what happens to the gradients between the backward pass and the next step. */
#ifndef TRAIN_GRADIENTS_H
#define TRAIN_GRADIENTS_H

#include "kernels/vector.h"
#include "model/params.h"
#include "parallel/comm.h"

/* Sum the gradient block over all ranks, in rank order. Collective. */
void gradients_sum(const Comm *comm, Params *params);

/* One global L2 norm over all gradients. Local. */
double gradients_norm(const Params *params);

/* The factor of clipping to `limit`: min(1, limit / (norm + 1e-6)), as torch; 1 if limit is 0. Local. */
double gradients_clip_factor(double norm, double limit);

/* One AdamW step on all tensors; biases and LayerNorm weights are exempt from weight decay. Local. */
void gradients_update(const AdamSettings *settings, Params *params);

#endif
