/* attention.h: multi-head self-attention, sample by sample, without padding.
 *
 * qkv [N, 3D]: query, key and value of each position side by side; head h owns columns
 * h dh .. (h+1) dh of each third, dh = D / H. Rows of sample b: offset[b] .. offset[b+1]-1.
 * P = dropout(softmax(Q K^T / sqrt(dh))),  O = P V (Vaswani et al. 2017).
 * A layer may put `n_prefix` keys and values of its own before those of every sample (prefix tuning, Li and
 * Liang 2021): they have no queries, and dropout counts them as the first columns of P.
 * The last positions of a sample may be without keys: they see the others, and nobody sees them (padding).
 * Probabilities are not stored: the backward pass computes them again from two numbers per row, ATTENTION_ROWS
 * queries at a time, so that scratch is linear in the length; the sum over a row of P dP is the inner product of
 * dO and O (Dao et al. 2022).
 * qkv and dO may come rounded to bfloat16, O and dqkv go rounded, where products with weights read them: what stands
 * between, P and its gradient, a prefix, and all sums are fp32. Local. */
#ifndef KERNELS_ATTENTION_H
#define KERNELS_ATTENTION_H

#include <stddef.h>

#include "kernels/gemm.h"
#include "kernels/vector.h"

enum { ATTENTION_ROWS = 48 };

typedef struct {
    int n_samples, n_heads, d; /* B, H, D */
    const int *offset;         /* [B+1] */
    const int *query_offset; /* [B+1] forward only: of each sample only some queries, M in all, which stand in the first
                                M rows of qkv, sample by sample; O is [M, D]. NULL: a query at every position */
    const int *keys;         /* [B] positions of a sample, its first, that have keys; NULL: all */
    const Dropout *dropout;  /* [B]: one key per sample; row = head * length + position */
    int longest;             /* most keys of a sample, prefix included, the scratch was cut for */
    real *scratch;           /* attention_scratch(longest, dh, n_threads) numbers, aligned to 64 bytes */
    real *row;               /* [2, H, N]: of each row its largest of Q K^T and 1 / the sum of exponentials */
    int n_prefix;            /* keys before a sample's own; 0 = none */
    const real *prefix;      /* [n_prefix, 2D] of a sample: key and value side by side */
    int64_t prefix_stride;   /* from one sample's prefix to the next; 0 = all share one */
    double *received;        /* [H, N] the forward pass adds to it what a place receives from all queries of its sample:
                                the columns of softmax(Q K^T / sqrt(dh)), summed; or NULL */
} Attention;

size_t attention_scratch(int longest, int dh, int n_threads);

/* out: O [N, D]. */
void attention_forward(const Attention *attention, Operand qkv, Result out);
/* Gradient to qkv [N, 3D], overwritten: x; or, where only products read it, rounded to bfloat16, and of each sample the
 * sums of what was rounded, bias [B, 3D]; the others are NULL. */
typedef struct {
    real *x;
    Bf16 *rounded;
    real *bias;
} AttentionGradient;
/* dqkv from dout [N, D] and the forward pass's rows and O (NULL: the rows' sums of P dP are
 * formed as they stand); dprefix [B, n_prefix, 2D] (overwritten, one per sample), or NULL where the prefix is not
 * trained. */
void attention_backward(const Attention *attention, Operand qkv, const real *out, Operand dout, AttentionGradient dqkv,
                        real *dprefix);

#endif
