/* bucket_sum.h: the sum of a block over ranks, bucket by bucket, while the rest of the block is still being computed.
 *
 * A block is cut into buckets at the places where what becomes final together begins (the layers), and each
 * bucket into one part per rank, along a grid of BUCKET_GRAIN numbers that does not depend on the ranks.
 * The parts of a rank are what it owns: there it holds the sums, keeps the optimizer's state and makes
 * the update (ZeRO stage 1, Rajbhandari et al. 2020).
 *
 * With a thread, sums go on behind the computation from bucket_sum_begin on; without, they are made by
 * bucket_sum_finish. The bits are the same. Between begin and finish nobody else may call MPI. */
#ifndef PARALLEL_BUCKET_SUM_H
#define PARALLEL_BUCKET_SUM_H

#include <pthread.h>

#include "parallel/comm.h"

enum { BUCKET_GRAIN = 8192 };

typedef struct {
    int n_ranks, rank;
    int n;             /* buckets */
    int64_t count;     /* numbers of the block */
    Span *part;        /* owned [n, n_ranks] */
    int64_t *owned_at; /* owned [n+1]: place of this rank's part of a bucket among all it owns */
} Buckets;

/* start [n], ascending from 0: where bucket i begins; it ends where the next begins, both rounded up to
 * the grid, so a bucket may be empty. Local. */
void buckets_init(int64_t count, int n, const int64_t *start, int rank, int n_ranks, Buckets *buckets);
void buckets_free(Buckets *buckets);

static inline Span buckets_part(const Buckets *b, int bucket, int rank)
{
    return b->part[bucket * b->n_ranks + rank];
}

static inline Span buckets_mine(const Buckets *b, int bucket)
{
    return buckets_part(b, bucket, b->rank);
}

static inline int64_t buckets_owned(const Buckets *b)
{
    return b->owned_at[b->n];
}

/* All-gather the parts of x [count], in place. Collective. */
void buckets_gather(const Comm *comm, const Buckets *buckets, real *x);
/* All ranks' owned numbers to whole [count] on rank 0 (NULL elsewhere), and back. Collective. */
void buckets_collect(const Comm *comm, const Buckets *buckets, const real *owned, real *whole);
void buckets_deal(const Comm *comm, const Buckets *buckets, const real *whole, real *owned);

typedef struct {
    CommNumber kind;
    void *x;
    const Span *part; /* NULL: n numbers, summed on all ranks */
    int64_t n;
    bool gathers;
} BucketJob;

typedef struct {
    const Comm *comm;       /* borrowed */
    const Buckets *buckets; /* borrowed */
    real *x;                /* borrowed [count] */
    BucketJob *job;         /* owned [buckets + 1] */
    int n_jobs, n_done;
    bool has_thread, ends;
    Comm twin;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
} BucketSum;

/* in_background: with a thread, where MPI allows it. Collective. */
void bucket_sum_open(const Comm *comm, const Buckets *buckets, real *x, bool in_background, BucketSum *sum);
void bucket_sum_close(BucketSum *sum); /* Collective */

/* x will not change any more in this bucket. All ranks say so in the same order. gathers: the sum goes to
 * all ranks, else each keeps its part. Does not wait. */
void bucket_sum_begin(BucketSum *sum, int bucket, bool gathers);
/* The same for some other n numbers, on all ranks; at most one array at a time. */
void bucket_sum_begin_f64(BucketSum *sum, double *x, int64_t n);
/* Wait for everything begun. Collective. */
void bucket_sum_finish(BucketSum *sum);

#endif
