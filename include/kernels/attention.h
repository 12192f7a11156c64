/* attention.h: multi-head self-attention, sample by sample, without padding.
 *
 * qkv [N, 3D]: query, key and value of each position side by side; head h owns columns
 * h dh .. (h+1) dh of each third, dh = D / H. Rows of sample b: offset[b] .. offset[b+1]-1.
 * P = dropout(softmax(Q K^T / sqrt(dh))),  O = P V (Vaswani et al. 2017).
 * Probabilities are not stored: the backward pass computes them again. Local. */
#ifndef KERNELS_ATTENTION_H
#define KERNELS_ATTENTION_H

#include <stddef.h>

#include "kernels/vector.h"

typedef struct {
    int n_samples, n_heads, d; /* B, H, D */
    const int *offset;         /* [B+1] */
    const Dropout *dropout;    /* [B]: one key per sample; row = head * length + position */
    int longest;               /* longest sample the scratch was cut for */
    real *scratch;             /* attention_scratch(longest, n_threads) numbers */
} Attention;

size_t attention_scratch(int longest, int n_threads);

/* out [N, D] */
void attention_forward(const Attention *attention, const real *qkv, real *out);
/* dqkv [N, 3D] (overwritten) from dout [N, D]. */
void attention_backward(const Attention *attention, const real *qkv, const real *dout, real *dqkv);

#endif
