/* gradients.c: flat loops over the block. */
#include "train/gradients.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kernels/layers.h"

double gradients_norm(const Comm *comm, const Params *params, const Buckets *dealt, double *part)
{
    const int64_t n = gradients_norm_parts(params->trained.count);
    if (!dealt) layers_square_sums(params->trained.count, BUCKET_GRAIN, params->gradient, part);
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

/* The part of the tensors' numbers that lies in span; its moments begin at moment_at. Is what it wrote finite? */
static bool update_span(const AdamSettings *settings, Params *params, Span span, int64_t moment_at)
{
    const BertLayout *layout = &params->trained;
    AdamSettings exempt = *settings;
    exempt.weight_decay = 0;
    Bf16 *rounded = params->rounded;
    bool finite = true;
    for (int i = 0; i < layout->n;) { /* runs of tensors that are treated alike */
        const bool decay = settings->weight_decay > 0 && layout->tensor[i].decays;
        int64_t first = layout->tensor[i].first, end = first;
        for (; i < layout->n && (settings->weight_decay > 0 && layout->tensor[i].decays) == decay; i++)
            end = layout->tensor[i].first + layout->tensor[i].count;
        if (first < span.first) first = span.first;
        if (end > span.first + span.n) end = span.first + span.n;
        if (first >= end) continue;
        const int64_t moment = moment_at + first - span.first;
        finite &=
            layers_adamw(end - first, decay ? settings : &exempt, params->weight + first, params->gradient + first,
                         params->first + moment, params->second + moment, rounded ? rounded + first : NULL);
    }
    return finite;
}

bool gradients_update(const AdamSettings *settings, Params *params, const Buckets *dealt)
{
    if (!dealt) return update_span(settings, params, (Span){0, params->trained.count}, 0);
    bool finite = true;
    for (int i = 0; i < dealt->n; i++)
        finite &= update_span(settings, params, buckets_mine(dealt, i), dealt->owned_at[i]);
    return finite;
}

/* The first of n numbers that is not finite, or -1. */
static int64_t first_bad(int64_t n, const real *x)
{
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(x[i])) return i;
    return -1;
}

/* Is span free of NaN and infinities? The first number that is not is named in the status. */
static Status check_span(const Params *p, Span span, int64_t moment_at)
{
    const real *block[] = {p->weight + span.first, p->first ? p->first + moment_at : NULL,
                           p->first ? p->second + moment_at : NULL};
    static const char *const what[] = {"weight", "first moment", "second moment"};
    for (int b = 0; b < (p->first ? 3 : 1); b++) {
        const int64_t at = first_bad(span.n, block[b]);
        if (at < 0) continue;
        const BertTensor *t = p->layout.tensor;
        while (t->first + t->count <= span.first + at) t++;
        FAIL(STATUS_DIVERGED, "a %s of %s is %g", what[b], t->name, (double)block[b][at]);
    }
    return STATUS_OK;
}

Status gradients_check(const Params *params, const Buckets *dealt)
{
    if (!dealt) return check_span(params, (Span){0, params->trained.count}, 0);
    for (int i = 0; i < dealt->n; i++) TRY(check_span(params, buckets_mine(dealt, i), dealt->owned_at[i]));
    return STATUS_OK;
}

void gradients_buckets(const BertConfig *config, const char *freeze, int rank, int n_ranks, Buckets *buckets)
{
    BertLayout layout;
    bert_layout_init(config, &layout);
    if (freeze && freeze[0]) bert_layout_freeze(&layout, freeze);
    const int n = config->layers + 2;
    int64_t *start = memory_alloc((size_t)n, sizeof *start);
    for (int k = 0; k < n; k++) start[k] = -1;
    for (int i = layout.n_trained - 1; i >= 0; i--) { /* the first tensor of a bucket is looked at last */
        const BertTensor *t = &layout.tensor[i];
        if (t->part == PART_EMBEDDINGS) start[GRADIENTS_BUCKET_OF_EMBEDDINGS] = t->first;
        if (t->part == PART_LAYER) start[gradients_bucket_of_layer(t->layer)] = t->first;
        if (t->part == PART_HEAD) start[gradients_bucket_of_head(config)] = t->first;
    }
    for (int k = n - 1; k >= 0; k--) /* an empty one ends where it begins */
        if (start[k] < 0) start[k] = k + 1 < n ? start[k + 1] : layout.n_trained_elements;
    buckets_init(layout.n_trained_elements, n, start, rank, n_ranks, buckets);
    free(start);
    bert_layout_free(&layout);
}
