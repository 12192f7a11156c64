/* benchmark.c: a random corpus of exactly the batches to be timed, then trainer_step. */
#include "train/benchmark.h"

#include <stdio.h>
#include <stdlib.h>

#include "analysis/statistics.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "kernels/gemm.h"
#include "train/progress.h"
#include "train/trainer.h"

static const double LIMIT_S = 1; /* for the measurement of one product */
enum { WARM_STEPS = 2, N_CLASSES = 400, VOCAB = 30522, FIRST_WORD = 1000 };

static BertConfig config_of(int model)
{
    BertConfig c = bert_config_default();
    if (model == BENCHMARK_MINILM) c.layers = 6, c.hidden = 384, c.intermediate = 1536;
    if (model == BENCHMARK_TINY) c.layers = 2, c.hidden = 128, c.heads = 2, c.intermediate = 512;
    return c;
}

/* Pieces named after their ids; the special ones where BERT has them. */
static Status make_vocabulary(Vocabulary **vocabulary)
{
    static const int place[N_SPECIALS] = {0, 100, 101, 102, 103};
    char(*name)[16] = memory_alloc(VOCAB, sizeof *name);
    const char **piece = memory_alloc(VOCAB, sizeof *piece);
    for (int i = 0; i < VOCAB; i++) {
        snprintf(name[i], sizeof name[i], "piece%d", i);
        piece[i] = name[i];
    }
    for (int s = 0; s < N_SPECIALS; s++) piece[place[s]] = vocabulary_special_text((Special)s);
    Status status = vocabulary_new("bench", piece, VOCAB, true, vocabulary);
    free(piece);
    free(name);
    return status;
}

/* Lengths: all `length`, or uniform between 0.1 and 2 fill - 0.1 of it, at least 8. */
static void make_corpus(const BenchmarkOptions *o, Dataset *corpus)
{
    const int n = (int)(o->batch * (o->steps + WARM_STEPS));
    corpus->n = n;
    corpus->n_texts = 1;
    corpus->longest = corpus->max_length = (int)o->length;
    corpus->offset = memory_alloc((size_t)n + 1, sizeof *corpus->offset);
    corpus->id = memory_alloc((size_t)n * (size_t)o->length, sizeof *corpus->id);
    for (int s = 0; s < n; s++) {
        const RandomKey key = random_key(1, RANDOM_BENCH, 0, 0, (uint32_t)s);
        uint32_t word[4];
        random_words(&key, UINT32_MAX, word);
        double share = o->fill < 1 ? random_unit(word[0]) * 2 * (o->fill - 0.1) + 0.1 : 1;
        int length = (int)(share * (double)o->length);
        length = length < 8 ? 8 : length > o->length ? (int)o->length : length;
        int32_t *id = corpus->id + corpus->offset[s];
        for (int t = 0; t < length; t++) {
            random_words(&key, (uint32_t)t, word);
            id[t] = FIRST_WORD + (int32_t)random_below(word[0], VOCAB - FIRST_WORD);
        }
        corpus->offset[s + 1] = corpus->offset[s] + length;
    }
}

static void make_words(WordList *words)
{
    *words = (WordList){.n = N_CLASSES, .n_words = N_CLASSES};
    words->id = memory_alloc(N_CLASSES, sizeof *words->id);
    words->word = memory_alloc(N_CLASSES, sizeof *words->word);
    words->group = memory_alloc(N_CLASSES, sizeof *words->group);
    words->class_of = memory_alloc(VOCAB, sizeof *words->class_of);
    words->n_ids = VOCAB;
    for (int id = 0; id < VOCAB; id++) words->class_of[id] = -1;
    for (int k = 0; k < N_CLASSES; k++) {
        words->id[k] = FIRST_WORD + 70 * k;
        words->class_of[words->id[k]] = k;
    }
}

/* Operations of all matrix products of one step on this rank: 2 per multiply-add; backward = 2 x forward. */
static double step_flops(const BertConfig *c, const Batch *b)
{
    const double d = c->hidden, n = b->packed.n_tokens, labels = b->n_labels;
    double attention = 0;
    for (int s = 0; s < b->packed.n_samples; s++) {
        const double length = packed_length(&b->packed, s);
        attention += length * length;
    }
    const double layer = n * (4 * d * d + 2 * d * c->intermediate) * 3 +
                         attention * d * 6; /* the second computation of the scores is not counted */
    return 2 * (c->layers * layer + 3 * labels * (d * d + d * (double)c->vocab));
}

static double portions_flops(const BertConfig *c, const Portions *p)
{
    double sum = 0;
    for (int i = 0; i < p->n; i++) sum += step_flops(c, &p->portion[i].batch);
    return sum;
}

/* Best speed of the encoder's products on this rank's rows, weighted by their operations. */
static double products_gflops(const BertConfig *c, int n)
{
    const int d = c->hidden, i = c->intermediate;
    const int shape[][3] = {{n, 3 * d, d}, {n, d, d},     {n, i, d}, {n, d, i}, {3 * d, d, n},
                            {i, d, n},     {n, d, 3 * d}, {d, i, n}, {d, d, n}};
    double work = 0, time_s = 0;
    for (size_t s = 0; s < sizeof shape / sizeof shape[0]; s++) {
        const double gflop = 2e-9 * shape[s][0] * shape[s][1] * shape[s][2];
        work += gflop;
        time_s += gflop / gemm_measure(shape[s][0], shape[s][1], shape[s][2], 3, LIMIT_S).gflops;
    }
    return work / time_s;
}

/* Every figure is the median of its values step by step, so that one step others disturbed does not shift it. */
static Status time_steps(const Comm *comm, Trainer *t, const BenchmarkOptions *o, BenchmarkResult *r)
{
    const int n = (int)o->steps;
    double *step_s = memory_alloc((size_t)n, sizeof *step_s), *flops = memory_alloc((size_t)n, sizeof *flops);
    double *rate = memory_alloc((size_t)n, sizeof *rate);
    Status status = STATUS_OK;
    for (int s = -WARM_STEPS; s < n && !status; s++) {
        HistoryLine line;
        StopReason stop;
        if (s == 0) t->step.timer = (Timer){0};
        comm_barrier(comm);
        const int64_t allocations = memory_allocations(), tokens = t->state.tokens;
        const double began_s = timer_now();
        status = trainer_step(comm, t, &line, &stop);
        if (s >= 0) r->allocations += memory_allocations() - allocations;
        comm_barrier(comm);
        if (s >= 0) {
            step_s[s] = timer_now() - began_s;
            rate[s] = (double)(t->state.tokens - tokens) / step_s[s];
            flops[s] = portions_flops(&t->model.config, &t->step.portions);
        }
        trainer_advance(t);
    }
    comm_sum_f64(comm, flops, n);
    comm_sum_i64(comm, &r->allocations, 1);
    for (int s = 0; s < n; s++) flops[s] *= 1e-9 / step_s[s];
    r->tokens_per_s = statistics_median(n, rate);
    r->gflops = statistics_median(n, flops);
    r->seconds_per_step = statistics_median(n, step_s);
    r->seconds_best = step_s[0];
    free(step_s), free(flops), free(rate);
    return status;
}

Status benchmark_run(const Comm *comm, const BenchmarkOptions *o, BenchmarkResult *r)
{
    CHECK(o->batch * (o->steps + WARM_STEPS) <= INT32_MAX, STATUS_USAGE,
          "batch = %lld and steps = %lld make more than 2^31 samples; lower one of them", (long long)o->batch,
          (long long)o->steps);
    RunSettings run = o->run;
    run.method = method_find("mlm");
    run.batch = o->batch, run.steps = o->steps + WARM_STEPS, run.seed = 1;
    run.optimizer.schedule = SCHEDULE_CONSTANT;
    run.nc.loss.weight = o->regularizer ? 10 : 0;
    run.output = ".";
    run.checkpoint.behind = false; /* none is written: no memory for a copy */
    Trainer t = {.run = &run, .total_steps = run.steps, .evaluations = {.best = -1}};
    t.step.schedule = (Schedule){SCHEDULE_CONSTANT, run.optimizer.learning_rate, 0, run.steps};
    *r = (BenchmarkResult){.options = *o, .ranks = comm->n_ranks, .threads = gemm_threads()};
    TRY(make_vocabulary(&t.model.vocabulary));
    setup_method(&t);
    make_corpus(o, &t.method.data);
    make_words(&t.words);
    t.model.config = config_of(o->model);
    setup_memory(comm, &t);
    model_begin(1, &t.model);
    setup_state("", "", &t);
    setup_order(&t);
    timer_begin(&t.step.timer, PHASE_OTHER);
    Status status = time_steps(comm, &t, o, r);
    timer_begin(&t.step.timer, PHASE_OTHER);
    if (!status) progress_table(comm, &t.step.timer);
    r->peak_rss_mb = comm_spread(comm, (double)memory_peak_bytes() / 1e6).max; /* before operands of products alone */
    const int most_tokens = t.step.portions.portion[0].batch.packed.n_tokens;
    double peak[] = {products_gflops(&t.model.config, most_tokens > 0 ? most_tokens : 1)};
    comm_sum_f64(comm, peak, 1);
    r->gemm_peak_gflops = peak[0];
    setup_close(&t);
    return status;
}
