/* run_settings.h: the keys of `collapse train`, as one table and one struct. Local. */
#ifndef TRAIN_RUN_SETTINGS_H
#define TRAIN_RUN_SETTINGS_H

#include "data/corpus.h"
#include "data/wordlist.h"
#include "io/settings.h"
#include "methods/method.h"
#include "objectives/collapse_loss.h"
#include "train/schedule.h"

typedef enum { OVERLAP_AUTO, OVERLAP_YES, OVERLAP_NO } OverlapSums;

typedef struct {
    const char *method_name, *init, *train_data, *output;
    int compat; /* 0 none, 1 fnc */
    int64_t layers, hidden, heads, intermediate, positions;
    double initializer_range;
    const char *vocab;
    bool cased;
    int split; /* SplitRule */
    const char *text_column, *corpus_cache;
    int64_t batch, max_length, epochs, steps;
    double learning_rate;
    int schedule; /* ScheduleKind */
    int64_t warmup;
    double weight_decay;
    int adam; /* 0 hf, 1 torch */
    double adam_epsilon, clip, dropout, mask_rate;
    int64_t seed, threads;
    bool reproducible, checkpoint_behind, shard_optimizer, recompute;
    int overlap_sums; /* OverlapSums */
    int64_t shards, micro_batch;
    int64_t checkpoint_steps, keep, geometry_steps;
    const char *resume;
    double max_time_s;
    int64_t log_steps;
    const char *trace;
    bool dry_run;
    int bec_pad, bec_length;
    double nc_weight;
    int nc_metric, nc_pieces, nc_align, nc_space, nc_ids, nc_grad, nc_sync;
    const char *nc_words, *nc_reset;
    CollapseReset reset; /* from nc_reset */
    double ema;
    const Method *method; /* from method_name */
} RunSettings;

const Setting *run_settings_table(int *n);
/* Are class means collected: for the regularizer, or for snapshots of them? */
bool run_settings_collects(const RunSettings *run);
/* Complete settings with defaults, check every value and their combinations, fill run. Texts are
 * borrowed from settings. */
Status run_settings_resolve(Settings *settings, RunSettings *run);
/* Keys whose value may differ between the run that wrote a checkpoint and the one that continues it. */
bool run_settings_may_change(const char *key);
/* What `collapse train --help` prints below the usage. */
void run_settings_help(void);

#endif
