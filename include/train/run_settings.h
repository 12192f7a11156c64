/* run_settings.h: the keys of `collapse train`, as one table and one struct. Local. */
#ifndef TRAIN_RUN_SETTINGS_H
#define TRAIN_RUN_SETTINGS_H

#include "data/corpus.h"
#include "data/wordlist.h"
#include "io/settings.h"
#include "kernels/gemm.h"
#include "methods/method.h"
#include "objectives/collapse_loss.h"
#include "train/schedule.h"

typedef enum { OVERLAP_AUTO, OVERLAP_YES, OVERLAP_NO } OverlapSums;

/* By part. Texts are borrowed from Settings; int fields that name an enum hold one of its values. */
typedef struct {
    const char *method_name;
    const Method *method;
    int compat; /* 0 none, 1 fnc */
    struct {
        const char *init, *vocab;
        bool cased;
        int64_t layers, hidden, heads, intermediate, positions;
        double initializer_range;
        int64_t prefix;
        bool prefix_shifts;
    } model; /* but init: of init = random */
    struct {
        const char *path, *column, *pair, *cache;
        int split, format; /* SplitRule, TableFormat */
        int64_t max_length;
    } data;
    int64_t batch, epochs, steps, seed;
    double dropout, mask_rate;
    const char *freeze; /* patterns of bert_layout_freeze */
    struct {
        double learning_rate, weight_decay, epsilon, clip;
        int schedule; /* ScheduleKind */
        int64_t warmup;
        int adam; /* 0 hf, 1 torch */
    } optimizer;
    struct {
        int64_t threads, shards, micro_batch;
        bool reproducible, recompute, shard_optimizer;
        int overlap_sums;            /* OverlapSums */
        int gemm_library, precision; /* GemmLibrary, Precision */
        bool change_precision;
    } work; /* how it is spread over ranks, threads and memory */
    struct {
        int64_t steps, keep;
        bool behind;
        const char *resume;
    } checkpoint;
    const char *settings_file; /* where keys came from, besides flags; "" = none */
    const char *output, *trace;
    int64_t log_steps, geometry_steps, check_steps;
    struct {
        int64_t steps;
        const char *tasks, *options, *metrics, *best, *best_is;
    } evaluate; /* on the way: train/evaluation */
    double max_time_s;
    bool dry_run, overwrite;
    struct {
        CollapseOptions loss;
        const char *words, *reset; /* reset: as given; loss.reset and loss.ema come from it */
    } nc;
    _Alignas(double) char options[2048]; /* of the methods' own keys: run_settings_options */
} RunSettings;

const Setting *run_settings_table(int *n);
GemmChoice run_settings_products(const RunSettings *run);
/* The keys of a method of its own, in its own struct. */
const void *run_settings_options(const RunSettings *run, const Method *method);
/* Are class means collected: for the regularizer, or for snapshots of them? */
bool run_settings_collects(const RunSettings *run);
/* Complete settings with defaults, check every value and their combinations, fill run. Texts are
 * borrowed from settings. */
Status run_settings_resolve(Settings *settings, RunSettings *run);
/* May the key differ between the run that wrote a checkpoint and the one that continues it? */
bool run_settings_may_change(const char *key);
/* What keys have that nobody gave, the method's own defaults aside. Texts live as long as the program. */
RunSettings run_settings_default(void);
/* A row of the table by name; for a command that takes the key as train does. */
const Setting *run_settings_row(const char *key);
/* The value of key in merged `key = value` lines; a copy owned by the caller, NULL if absent. */
char *run_settings_value(const char *lines, const char *key);
/* What `collapse train --help` prints below the usage. */
void run_settings_help(void);

#endif
