/* step_sums.c: every way of adding, one branch each. */
#include "train/step_sums.h"

#include <string.h>

#include "kernels/layers.h"
#include "train/gradients.h"

static bool by_shard(const StepSums *s)
{
    return s->rule.n_shards > 0;
}

void step_sums_plan(const Comm *comm, const BertConfig *config, const StepSumsRule *rule, StepSums *s)
{
    *s = (StepSums){.comm = comm, .rule = *rule, .n_sets = rule->n_shards ? rule->n_shards : 1};
    gradients_buckets(config, rule->freeze, comm->rank, comm->n_ranks, &s->buckets);
    s->dealt = rule->deals_optimizer && comm->n_ranks > 1 ? &s->buckets : NULL;
}

int64_t step_sums_moments(const StepSums *s)
{
    return s->dealt ? buckets_owned(s->dealt) : -1;
}

/* Terms of all sets, then the flags. */
static size_t n_losses(const StepSums *s)
{
    return (size_t)(s->n_sets * s->rule.n_terms + s->rule.n_flags);
}

void step_sums_lay_out(Arena *arena, Params *params, StepSums *s)
{
    const int64_t count = params->trained.count;
    s->params = params;
    s->norm_part = arena_cut(arena, (size_t)gradients_norm_parts(count), sizeof *s->norm_part);
    s->loss = arena_cut(arena, n_losses(s), sizeof *s->loss);
    s->flags = s->loss ? s->loss + s->n_sets * s->rule.n_terms : NULL;
    s->rows = arena_cut(arena, (size_t)s->rule.n_rows, sizeof *s->rows);
    s->doubles = arena_cut(arena, (size_t)s->n_sets * (size_t)s->rule.n_doubles, sizeof *s->doubles);
    if (by_shard(s))
        tree_stack_init(arena, s->rule.n_shards, s->comm->n_ranks, count, layers_add, params->gradient, &s->tree);
}

void step_sums_open(StepSums *s)
{
    bucket_sum_open(s->comm, &s->buckets, s->params->gradient, s->rule.in_background, &s->sums);
}

void step_sums_close(StepSums *s)
{
    bucket_sum_close(&s->sums);
    buckets_free(&s->buckets);
}

void step_sums_begin(StepSums *s)
{
    memset(s->loss, 0, n_losses(s) * sizeof *s->loss);
    memset(s->rows, 0, (size_t)s->rule.n_rows * sizeof *s->rows);
    memset(s->doubles, 0, (size_t)s->n_sets * (size_t)s->rule.n_doubles * sizeof *s->doubles);
    if (by_shard(s)) tree_stack_clear(&s->tree);
    else params_begin_gradient(s->params);
}

void step_sums_begin_portion(StepSums *s, int shard, bool is_last)
{
    s->shard = shard;
    s->is_final = is_last && !by_shard(s);
    if (!by_shard(s)) return;
    params_point_gradient(s->params, tree_stack_leaf(&s->tree, shard));
    params_begin_gradient(s->params);
}

void step_sums_head_done(StepSums *s)
{
    if (s->is_final) bucket_sum_begin(&s->sums, gradients_bucket_of_head(&s->params->config), !s->dealt);
}

void step_sums_layer_done(void *context, int l)
{
    StepSums *s = context;
    if (s->is_final) bucket_sum_begin(&s->sums, gradients_bucket_of_layer(l), !s->dealt);
}

void step_sums_end_portion(StepSums *s)
{
    params_add_gradients(s->params);
    if (by_shard(s)) tree_stack_push(&s->tree, s->shard);
}

double *step_sums_doubles(const StepSums *s, int shard)
{
    return s->doubles + shard * s->rule.n_doubles;
}

double *step_sums_terms(const StepSums *s, int shard)
{
    return s->loss + shard * s->rule.n_terms;
}

/* A shard's sums are one rank's numbers and the others' zeros: exact in any order. They are few, and not begun early.
 */
void step_sums_begin_doubles(StepSums *s)
{
    const bool begins = s->rule.n_doubles > 0 && s->rule.shares_doubles && !by_shard(s);
    if (begins) bucket_sum_begin_f64(&s->sums, s->doubles, s->rule.n_doubles);
}

void step_sums_finish_doubles(StepSums *s)
{
    bucket_sum_finish(&s->sums);
    for (int set = 0; set < s->n_sets && by_shard(s); set++)
        comm_sum_f64(s->comm, s->doubles + set * s->rule.n_doubles, s->rule.n_doubles);
    comm_sum_f64(s->comm, s->rows, s->rule.n_rows); /* of every number one rank's, and zeros: exact */
}

void step_sums_counts(StepSums *s, int64_t *x, int n)
{
    comm_sum_i64(s->comm, x, n);
}

void step_sums_numbers(StepSums *s, double *x, int n)
{
    comm_sum_f64(s->comm, x, n);
}

void step_sums_finish(StepSums *s)
{
    if (by_shard(s)) params_point_gradient(s->params, tree_sum_finish(s->comm, &s->tree));
    else bucket_sum_begin(&s->sums, GRADIENTS_BUCKET_OF_EMBEDDINGS, !s->dealt);
    bucket_sum_finish(&s->sums);
    params_drop_held(s->params);
}

void step_sums_losses(StepSums *s, double *term)
{
    comm_sum_f64(s->comm, s->loss, (int64_t)n_losses(s));
    for (int k = 0; k < s->rule.n_terms; k++) {
        term[k] = 0;
        for (int set = 0; set < s->n_sets; set++) term[k] += s->loss[set * s->rule.n_terms + k];
    }
}

double step_sums_norm(StepSums *s)
{
    return gradients_norm(s->comm, s->params, s->dealt, s->norm_part);
}

Status step_sums_share_weights(StepSums *s, Status updated)
{
    TRY(comm_agree(s->comm, updated));
    if (s->dealt) buckets_gather(s->comm, s->dealt, s->params->weight);
    return STATUS_OK;
}
