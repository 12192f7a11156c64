/* bench.c: training steps on random data; the numbers as a table and, last line, as JSON. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "commands/command.h"
#include "io/json.h"
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
static const char *const as_in_train[] = {"threads",   "reproducible", "shards",  "shard-optimizer", "overlap-sums",
                                          "recompute", "micro-batch",  "dropout", "gemm-library",    "precision"};
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

static void print_json(json_t *root, int digits)
{
    char *text = json_print(root, digits);
    printf("%s\n", text);
    free(text);
}

static void print_result(const BenchmarkResult *r)
{
    static const char *const model[] = {"base", "minilm", "tiny"};
    const BenchmarkOptions *o = &r->options;
    json_t *root = json_object();
    json_put(root, "tokens_per_s", json_number(r->tokens_per_s));
    json_put(root, "seconds_per_step", json_number(r->seconds_per_step));
    json_put(root, "seconds_per_step_best", json_number(r->seconds_best));
    json_put(root, "gflops", json_number(r->gflops));
    json_put(root, "gemm_peak_gflops", json_number(r->gemm_peak_gflops));
    json_put(root, "peak_rss_mb", json_number(r->peak_rss_mb));
    json_put(root, "ranks", json_integer(r->ranks));
    json_put(root, "threads", json_integer(r->threads));
    json_put(root, "precision", json_text(gemm_precision_key()));
    json_put(root, "gemm_library", json_text(gemm_library_key()));
    json_put(root, "kernel_family", json_text(gemm_family()));
    json_put(root, "model", json_text(model[o->model]));
    json_put(root, "batch", json_integer(o->batch));
    json_put(root, "length", json_integer(o->length));
    json_put(root, "fill", json_number(o->fill));
    json_put(root, "steps", json_integer(o->steps));
    json_put(root, "allocations", json_integer(r->allocations));
    print_json(root, 6);
}

static Status time_sums(const Comm *comm)
{
    SumsResult r;
    CHECK(comm->n_ranks > 1, STATUS_USAGE, "sums are over ranks: start with mpirun -n 2 or more");
    benchmark_sums(comm, &r);
    if (comm->rank != 0) return STATUS_OK;
    json_t *root = json_object();
    json_put(root, "ranks", json_integer(r.ranks));
    json_put(root, "latency_us", json_number(1e6 * r.latency_s));
    json_put(root, "gb_per_s", json_number(1e-9 * r.bytes_per_s));
    print_json(root, 4);
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
        command_agree(&settings, command_read(table, N_KEYS, argc, argv, 0, false, "no operand", &settings, &options));
    if (!status) {
        const GemmChoice products = run_settings_products(&options.run);
        status = runtime_init(comm, (int)options.run.work.threads, &products, false);
        if (!status) status = options.sums ? time_sums(comm) : time_steps(comm, &options);
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
