/* bucket_sum.c: a queue of sums, and one thread that works it off. */
#include "parallel/bucket_sum.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "parallel/partition.h"

static int64_t grain_of(int64_t place)
{
    return (place + BUCKET_GRAIN - 1) / BUCKET_GRAIN;
}

/* Parts of a bucket of grains first .. last - 1. Which rank begins differs by bucket, so that what does not
 * come out even is spread. */
static void cut_bucket(int64_t count, int bucket, int64_t first, int64_t last, int n_ranks, Span *part)
{
    for (int r = 0; r < n_ranks; r++) {
        const Part grains = partition_even((int)(last - first), (r + bucket) % n_ranks, n_ranks);
        const int64_t begin = (first + grains.first) * BUCKET_GRAIN, end = begin + (int64_t)grains.n * BUCKET_GRAIN;
        part[r] = (Span){begin < count ? begin : count, (end < count ? end : count) - (begin < count ? begin : count)};
    }
}

void buckets_init(int64_t count, int n, const int64_t *start, int rank, int n_ranks, Buckets *b)
{
    *b = (Buckets){.n_ranks = n_ranks, .rank = rank, .n = n, .count = count};
    b->part = memory_alloc((size_t)n * (size_t)n_ranks, sizeof *b->part);
    b->owned_at = memory_alloc((size_t)n + 1, sizeof *b->owned_at);
    for (int i = 0; i < n; i++) {
        const int64_t first = grain_of(start[i]), last = grain_of(i + 1 < n ? start[i + 1] : count);
        cut_bucket(count, i, first, last, n_ranks, b->part + (size_t)i * (size_t)n_ranks);
        b->owned_at[i + 1] = b->owned_at[i] + buckets_mine(b, i).n;
    }
}

void buckets_free(Buckets *b)
{
    free(b->part);
    free(b->owned_at);
    *b = (Buckets){0};
}

static const Span *parts_of(const Buckets *b, int bucket)
{
    return b->part + (size_t)bucket * (size_t)b->n_ranks;
}

void buckets_gather(const Comm *comm, const Buckets *b, real *x)
{
    for (int i = 0; i < b->n; i++) comm_gather_spans(comm, COMM_REAL, x, parts_of(b, i));
}

void buckets_collect(const Comm *comm, const Buckets *b, const real *owned, real *whole)
{
    for (int i = 0; i < b->n; i++) comm_collect_span(comm, owned + b->owned_at[i], parts_of(b, i), whole);
}

void buckets_deal(const Comm *comm, const Buckets *b, const real *whole, real *owned)
{
    for (int i = 0; i < b->n; i++) comm_deal_span(comm, whole, parts_of(b, i), owned + b->owned_at[i]);
}

/* --- sums --------------------------------------------------------------------------------------- */

static void work(const Comm *comm, const BucketJob *job)
{
    if (!job->part) {
        comm_sum(comm, job->kind, job->x, job->n);
        return;
    }
    comm_sum_parts(comm, job->kind, job->x, job->part);
    if (job->gathers) comm_gather_spans(comm, job->kind, job->x, job->part);
}

static void *work_off(void *context)
{
    BucketSum *s = context;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        while (s->n_done == s->n_jobs && !s->ends) pthread_cond_wait(&s->changed, &s->lock);
        if (s->n_done == s->n_jobs) break;
        const BucketJob job = s->job[s->n_done];
        pthread_mutex_unlock(&s->lock);
        work(&s->twin, &job);
        pthread_mutex_lock(&s->lock);
        s->n_done++;
        pthread_cond_broadcast(&s->changed);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

void bucket_sum_open(const Comm *comm, const Buckets *buckets, real *x, bool in_background, BucketSum *s)
{
    *s = (BucketSum){.comm = comm, .buckets = buckets, .x = x};
    s->job = memory_alloc((size_t)buckets->n + 1, sizeof *s->job);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    /* all ranks or none, for the twin is a collective call; a rank without a thread works when it waits */
    if (comm->n_ranks == 1 || !in_background || !comm->may_use_thread) return;
    comm_twin(comm, &s->twin);
    s->has_thread = pthread_create(&s->thread, NULL, work_off, s) == 0;
}

void bucket_sum_close(BucketSum *s)
{
    if (!s->job) return;
    if (s->has_thread) {
        pthread_mutex_lock(&s->lock);
        s->ends = true;
        pthread_cond_broadcast(&s->changed);
        pthread_mutex_unlock(&s->lock);
        pthread_join(s->thread, NULL);
    }
    comm_twin_free(&s->twin);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->changed);
    free(s->job);
    *s = (BucketSum){0};
}

static void add_job(BucketSum *s, const BucketJob *job)
{
    if (s->comm->n_ranks == 1) return;
    pthread_mutex_lock(&s->lock);
    s->job[s->n_jobs++] = *job;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

void bucket_sum_begin(BucketSum *s, int bucket, bool gathers)
{
    const BucketJob job = {.kind = COMM_REAL, .x = s->x, .part = parts_of(s->buckets, bucket), .gathers = gathers};
    add_job(s, &job);
}

void bucket_sum_begin_f64(BucketSum *s, double *x, int64_t n)
{
    const BucketJob job = {.kind = COMM_F64, .x = x, .n = n};
    add_job(s, &job);
}

void bucket_sum_finish(BucketSum *s)
{
    const Comm *comm = s->twin.world ? &s->twin : s->comm;
    pthread_mutex_lock(&s->lock);
    for (; s->n_done < s->n_jobs && !s->has_thread; s->n_done++) work(comm, &s->job[s->n_done]);
    while (s->n_done < s->n_jobs) pthread_cond_wait(&s->changed, &s->lock);
    s->n_jobs = s->n_done = 0;
    pthread_mutex_unlock(&s->lock);
}
