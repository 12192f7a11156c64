/* portions.h: how the global batch is cut. Local, the same rule on all ranks.
 *
 * The items of a batch are dealt by their number of tokens: to the ranks, or, with reproducible = yes, to shards,
 * which do not depend on the ranks; a rank then owns a contiguous range of shards. A rank computes its items in one
 * portion, in portions of at most micro-batch items, or shard by shard. Each is packed once a step. */
#ifndef TRAIN_PORTIONS_H
#define TRAIN_PORTIONS_H

#include "methods/method.h"
#include "parallel/partition.h"

typedef struct {
    int rank, n_ranks;
    int n_shards;    /* reproducible = yes; else 0 */
    int micro_batch; /* items of a portion at most; 0 = no limit; not with shards */
    int batch;       /* items of the largest step, all ranks */
    int per_item;    /* samples of an item */
    int longest;     /* tokens of the longest sample */
} PortionRule;

typedef struct {
    Batch batch;
    int shard; /* 0 without shards */
} Portion;

typedef struct {
    PortionRule rule;
    Portion *portion; /* [n] of the step at hand, in order; at least 1 without shards */
    int n;
    Batch pool;             /* the memory of all of them */
    BatchItem *item;        /* [batch] part after part */
    int *first;             /* [parts + 2] where a part begins */
    int *tokens, *part_of;  /* [batch] */
    PartitionLoad *scratch; /* [batch + parts] */
} Portions;                 /* arrays live in the arena */

void portions_init(Arena *arena, const PortionRule *rule, Portions *portions);

/* Cut and pack the step's n items (number [n]: in the method's data, in the order of the batch). */
void portions_deal(Portions *portions, MethodRun *method, const int *number, int n);

/* Can any rank have more than one? */
bool portions_are_many(const PortionRule *rule);
/* The largest portion there can be, and all portions of a rank together. */
int portions_most_samples(const PortionRule *rule);
int64_t portions_most_tokens(const PortionRule *rule);
int64_t portions_all_tokens(const PortionRule *rule);

#endif
