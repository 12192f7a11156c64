/* gradients.c: flat loops over the block. */
#include "train/gradients.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kernels/layers.h"

double gradients_norm(const Comm *comm, const Params *params, const Buckets *dealt, double *part)
{
    const int64_t n = gradients_norm_parts(params->layout.count);
    if (!dealt) layers_square_sums(params->layout.count, BUCKET_GRAIN, params->gradient, part);
    else {
        memset(part, 0, (size_t)n * sizeof *part);
        for (int i = 0; i < dealt->n; i++) {
            const Span mine = buckets_mine(dealt, i);
            layers_square_sums(mine.n, BUCKET_GRAIN, params->gradient + mine.first, part + mine.first / BUCKET_GRAIN);
        }
        comm_sum_f64(comm, part, n); /* one rank's number and zeros: exact */
    }
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += part[i];
    return sqrt(sum);
}

double gradients_clip_factor(double norm, double limit)
{
    if (limit <= 0) return 1;
    const double factor = limit / (norm + 1e-6);
    return factor < 1 ? factor : 1;
}

/* The part of the tensors' numbers that lies in span; its moments begin at moment_at. */
static void update_span(const AdamSettings *settings, Params *params, Span span, int64_t moment_at)
{
    const BertLayout *layout = &params->layout;
    AdamSettings exempt = *settings;
    exempt.weight_decay = 0;
    for (int i = 0; i < layout->n;) { /* runs of tensors that are treated alike */
        const bool decay = settings->weight_decay > 0 && layout->tensor[i].decays;
        int64_t first = layout->tensor[i].first, end = first;
        for (; i < layout->n && (settings->weight_decay > 0 && layout->tensor[i].decays) == decay; i++)
            end = layout->tensor[i].first + layout->tensor[i].count;
        if (first < span.first) first = span.first;
        if (end > span.first + span.n) end = span.first + span.n;
        if (first >= end) continue;
        const int64_t moment = moment_at + first - span.first;
        layers_adamw(end - first, decay ? settings : &exempt, params->weight + first, params->gradient + first,
                     params->first + moment, params->second + moment);
    }
}

void gradients_update(const AdamSettings *settings, Params *params, const Buckets *dealt)
{
    if (!dealt) update_span(settings, params, (Span){0, params->layout.count}, 0);
    for (int i = 0; dealt && i < dealt->n; i++)
        update_span(settings, params, buckets_mine(dealt, i), dealt->owned_at[i]);
}

void gradients_buckets(const BertConfig *config, int rank, int n_ranks, Buckets *buckets)
{
    BertLayout layout;
    bert_layout_init(config, &layout);
    int64_t *start = memory_alloc((size_t)config->layers + 2, sizeof *start);
    for (int i = layout.n - 1; i >= 0; i--) { /* the first tensor of a bucket is looked at last */
        const BertTensor *t = &layout.tensor[i];
        if (t->part == PART_EMBEDDINGS) start[GRADIENTS_BUCKET_OF_EMBEDDINGS] = t->first;
        if (t->part == PART_LAYER) start[gradients_bucket_of_layer(t->layer)] = t->first;
        if (t->part == PART_HEAD) start[gradients_bucket_of_head(config)] = t->first;
    }
    buckets_init(layout.count, config->layers + 2, start, rank, n_ranks, buckets);
    free(start);
    bert_layout_free(&layout);
}
