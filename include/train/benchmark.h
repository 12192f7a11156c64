/* benchmark.h: the trainer's own step on random data of a known shape. */
#ifndef TRAIN_BENCHMARK_H
#define TRAIN_BENCHMARK_H

#include <stdbool.h>
#include <stdint.h>

#include "parallel/comm.h"
#include "train/run_settings.h"

typedef enum { BENCHMARK_BASE, BENCHMARK_MINILM, BENCHMARK_TINY } BenchmarkModel;

typedef struct {
    int model; /* BenchmarkModel */
    int64_t batch, length, steps;
    double fill;
    bool regularizer;
    bool sums;       /* time sums over ranks instead of steps */
    RunSettings run; /* as in train, for the keys the command takes over and for the defaults of the others */
} BenchmarkOptions;

typedef struct {
    BenchmarkOptions options;
    double tokens_per_s; /* real tokens, all ranks: median over the timed steps, as the next */
    double seconds_per_step;
    double seconds_best;     /* the shortest */
    double gflops;           /* floating-point operations of all matrix products / time, all ranks */
    double gemm_peak_gflops; /* best speed of the encoder's products alone, all ranks */
    double peak_rss_mb;      /* largest over ranks */
    int64_t allocations;     /* inside the timed steps, all ranks: none */
    int ranks, threads;
} BenchmarkResult;

/* Sums over ranks: time = latency + bytes / speed, fitted over 4 KB to 128 MB (relative errors). */
typedef struct {
    int ranks;
    double latency_s, bytes_per_s;
} SumsResult;
/* Collective. */
void benchmark_sums(const Comm *comm, SumsResult *result);

/* Collective. */
Status benchmark_run(const Comm *comm, const BenchmarkOptions *options, BenchmarkResult *result);

#endif
