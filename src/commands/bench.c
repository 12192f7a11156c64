/* bench.c: training steps on random data; the numbers as a table and, last line, as JSON. */
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "commands/command.h"
#include "kernels/gemm.h"
#include "train/benchmark.h"
#include "train/runtime.h"

static const Setting own[] = {
    {"model", SETTING_CHOICE, "base", "base minilm tiny", 0, 0, offsetof(BenchmarkOptions, model),
     "12 x 768, 6 x 384 or 2 x 128 (layers x hidden), 30,522 pieces"},
    {"batch", SETTING_INTEGER, "16", "", 1, 65536, offsetof(BenchmarkOptions, batch), "samples per step, all ranks"},
    {"length", SETTING_INTEGER, "128", "", 8, 512, offsetof(BenchmarkOptions, length), "longest sample"},
    {"fill", SETTING_NUMBER, "1", "", 0.1, 1, offsetof(BenchmarkOptions, fill),
     "mean share of a row that is filled; padding is never computed"},
    {"steps", SETTING_INTEGER, "4", "", 1, 100000, offsetof(BenchmarkOptions, steps),
     "timed steps, after two that are not"},
    {"regularizer", SETTING_SWITCH, "yes", "", 0, 0, offsetof(BenchmarkOptions, regularizer),
     "with the collapse regularizer on 400 classes"},
    {"sums", SETTING_SWITCH, "no", "", 0, 0, offsetof(BenchmarkOptions, sums),
     "time sums over the ranks by size instead of steps: for a scaling model"},
};
enum { N_OWN = sizeof own / sizeof own[0] };

/* Keys that mean what they mean in train, and have its defaults. */
static const char *const as_in_train[] = {"threads",      "reproducible", "shards",      "shard-optimizer",
                                          "overlap-sums", "recompute",    "micro-batch", "dropout"};
enum { N_TAKEN = sizeof as_in_train / sizeof as_in_train[0], N_KEYS = N_OWN + N_TAKEN };

static Setting table[N_KEYS];

static void make_table(void)
{
    for (int i = 0; i < N_OWN; i++) table[i] = own[i];
    for (int i = 0; i < N_TAKEN; i++) {
        table[N_OWN + i] = *run_settings_row(as_in_train[i]);
        table[N_OWN + i].offset += offsetof(BenchmarkOptions, run);
    }
}

static void print_result(const BenchmarkResult *r)
{
    static const char *const model[] = {"base", "minilm", "tiny"};
    json_t *root =
        json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:i, s:i, s:s, s:s, s:i, s:i, s:f, s:i, s:I}", "tokens_per_s",
                  r->tokens_per_s, "seconds_per_step", r->seconds_per_step, "seconds_per_step_best", r->seconds_best,
                  "gflops", r->gflops, "gemm_peak_gflops", r->gemm_peak_gflops, "peak_rss_mb", r->peak_rss_mb, "ranks",
                  r->ranks, "threads", r->threads, "kernel_family", gemm_family(), "model", model[r->options.model],
                  "batch", (int)r->options.batch, "length", (int)r->options.length, "fill", r->options.fill, "steps",
                  (int)r->options.steps, "allocations", (json_int_t)r->allocations);
    char *text = json_dumps(root, JSON_REAL_PRECISION(6));
    printf("%s\n", text);
    free(text);
    json_decref(root);
}

static Status time_sums(const Comm *comm)
{
    SumsResult r;
    CHECK(comm->n_ranks > 1, STATUS_USAGE, "sums are over ranks: start with mpirun -n 2 or more");
    benchmark_sums(comm, &r);
    if (comm->rank == 0)
        printf("{\"ranks\": %d, \"latency_us\": %.1f, \"gb_per_s\": %.3f}\n", r.ranks, 1e6 * r.latency_s,
               1e-9 * r.bytes_per_s);
    return STATUS_OK;
}

static Status time_steps(const Comm *comm, const BenchmarkOptions *options)
{
    BenchmarkResult result;
    TRY(benchmark_run(comm, options, &result));
    if (comm->rank == 0) print_result(&result);
    return STATUS_OK;
}

static Status run(int argc, char **argv)
{
    const Comm *comm = command_comm();
    Settings settings;
    BenchmarkOptions options = {.run = run_settings_default()};
    make_table();
    Status status =
        comm_agree(comm, command_read(table, N_KEYS, argc, argv, 0, false, "no operand", &settings, &options));
    if (!status) {
        runtime_init(comm, (int)options.run.work.threads, false);
        status = options.sums ? time_sums(comm) : time_steps(comm, &options);
    }
    settings_free(&settings);
    return status;
}

static void help(void)
{
    make_table();
    settings_help(table, N_KEYS);
}

const Command command_bench = {
    "bench",
    "[mpirun -n N] collapse bench [--model=base|minilm|tiny] [--batch=16] [--length=128] [--fill=1.0] [--steps=4]",
    "time training steps on random data",
    run,
    help,
    true,
    false};
