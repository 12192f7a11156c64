/* debias.h: what ADEPT and DPCE have in common: neutral words are moved among the prototypes of attribute groups, while
 * the states of the groups' texts stay where the original model had them. Their names and keys are their own.
 *
 * A step is `draws` draws, each of examples of one kind alone (methods/examples):
 *
 *   neutral     alpha times a loss of its words among the prototypes (objectives/prototypes)
 *   a group     beta times the distance of all states of its texts from the original's (objectives/state_distance)
 *   loss        the mean over the draws of the step
 *
 * A prototype is the mean of a group's words' vectors, without dropout, made anew when an epoch begins; it is in every
 * checkpoint. */
#ifndef METHODS_DEBIAS_H
#define METHODS_DEBIAS_H

#include <stddef.h>

#include "methods/examples.h"
#include "methods/original.h"

enum { LAYERS_ALL, LAYERS_FIRST, LAYERS_LAST };
enum { SELECT_MEAN, SELECT_LEGACY };
enum { SAMPLING_CYCLES, SAMPLING_FRESH };
enum { SCHEDULE_STEPS, SCHEDULE_LEGACY };
enum { MSE_TOKENS, MSE_ALL };

/* Options of both, and of one of them: rho is 0 for DPCE. */
typedef struct {
    double alpha, beta, rho;
    int64_t draws, held_out;
    int distance; /* StateDistance */
    int layers, select, sampling, schedule, mse;
    bool proto_mask;
    int algorithm; /* ADEPT: 0 fine-tuning, 1 prompts */
    int product;   /* DPCE: 0 each, 1 mean */
} DebiasOptions;

/* The rows that both have, under the name of the method ("adept"). */
#define DEBIAS_KEYS(name)                                                                                            \
    {name "-alpha",                                                                                                  \
     SETTING_REAL,                                                                                                   \
     "0.3",                                                                                                          \
     "",                                                                                                             \
     0,                                                                                                              \
     1e9,                                                                                                            \
     offsetof(DebiasOptions, alpha),                                                                                 \
     "weight of the neutral words' loss"},                                                                           \
        {name "-beta",                                                                                               \
         SETTING_REAL,                                                                                               \
         "0.7",                                                                                                      \
         "",                                                                                                         \
         0,                                                                                                          \
         1e9,                                                                                                        \
         offsetof(DebiasOptions, beta),                                                                              \
         "weight of the distance from the original's states"},                                                       \
        {name "-draws",                                                                                              \
         SETTING_INTEGER,                                                                                            \
         "4",                                                                                                        \
         "",                                                                                                         \
         1,                                                                                                          \
         4096,                                                                                                       \
         offsetof(DebiasOptions, draws),                                                                             \
         "draws of a step, each of batch / draws examples of one kind, neutral or a group"},                         \
        {name "-held-out",                                                                                           \
         SETTING_INTEGER,                                                                                            \
         "100",                                                                                                      \
         "",                                                                                                         \
         0,                                                                                                          \
         1 << 24,                                                                                                    \
         offsetof(DebiasOptions, held_out),                                                                          \
         "texts of each kind that are not trained on but looked at (check-steps): 0, or 8 and more"},                \
        {name "-layers",                                                                                             \
         SETTING_CHOICE,                                                                                             \
         "all",                                                                                                      \
         "all first last",                                                                                           \
         0,                                                                                                          \
         0,                                                                                                          \
         offsetof(DebiasOptions, layers),                                                                            \
         "states that make a word's vector: of all layers, the embeddings, or the last layer"},                      \
        {name "-distance",                                                                                           \
         SETTING_CHOICE,                                                                                             \
         "mse",                                                                                                      \
         "mse kl",                                                                                                   \
         0,                                                                                                          \
         0,                                                                                                          \
         offsetof(DebiasOptions, distance),                                                                          \
         "from the original's states: mean square, or divergence of softmax over the features and of its negative"}, \
        {name "-select",                                                                                             \
         SETTING_CHOICE,                                                                                             \
         "mean",                                                                                                     \
         "mean legacy",                                                                                              \
         0,                                                                                                          \
         0,                                                                                                          \
         offsetof(DebiasOptions, select),                                                                            \
         "a word's vector: mean over its pieces; legacy: the states before them, over the most pieces in the draw, " \
         "as published"},                                                                                            \
        {name "-sampling",                                                                                           \
         SETTING_CHOICE,                                                                                             \
         "cycles",                                                                                                   \
         "cycles fresh",                                                                                             \
         0,                                                                                                          \
         0,                                                                                                          \
         offsetof(DebiasOptions, sampling),                                                                          \
         "cycles: every text once before any twice; fresh: each draw by itself, as published"},                      \
        {name "-schedule",                                                                                           \
         SETTING_CHOICE,                                                                                             \
         "steps",                                                                                                    \
         "steps legacy",                                                                                             \
         0,                                                                                                          \
         0,                                                                                                          \
         offsetof(DebiasOptions, schedule),                                                                          \
         "legacy: the rate falls as if an epoch had all texts of all kinds, as published"},                          \
        {name "-proto-mask",                                                                                         \
         SETTING_SWITCH,                                                                                             \
         "yes",                                                                                                      \
         "",                                                                                                         \
         0,                                                                                                          \
         0,                                                                                                          \
         offsetof(DebiasOptions, proto_mask),                                                                        \
         "no: prototypes are of texts filled up to the longest of their draw, which they see, as published"},        \
    {                                                                                                                \
        name "-mse", SETTING_CHOICE, "tokens", "tokens all", 0, 0, offsetof(DebiasOptions, mse),                     \
            "mean over the pieces there are; all: over texts filled up to the longest of their draw, as published"   \
    }

/* What the published code does: 32 texts a draw, gradients of 4 draws added up, one device. */
#define DEBIAS_FNC(name)                                                                                               \
    {"batch", "128"}, {name "-draws", "4"}, {"learning-rate", "5e-4"}, {"epochs", "10"}, {"schedule", "linear"},       \
        {"warmup", "0"}, {"weight-decay", "0"}, {"adam", "hf"}, {"adam-epsilon", "1e-8"}, {"clip", "1"},               \
        {"seed", "42"}, {"max-length", "512"}, {"check-steps", "500"}, {name "-alpha", "0.3"}, {name "-beta", "0.7"},  \
        {name "-held-out", "100"}, {name "-layers", "all"}, {name "-distance", "mse"}, {name "-select", "legacy"},     \
        {name "-sampling", "fresh"}, {name "-schedule", "legacy"}, {name "-proto-mask", "no"}, {name "-mse", "all"},   \
        {"nc-weight", "5"}, {"nc-metric", "unc3"}, {"nc-pieces", "first"}, {"nc-align", "shift"},                      \
        {"nc-space", "hidden"}, {"nc-ids", "true"}, {"nc-grad", "rows"}, {"nc-reset", "epoch"}, {"nc-sync", "global"}, \
    {                                                                                                                  \
        "nc-eval", "micro"                                                                                             \
    }

/* What a draw's texts are together. */
typedef struct {
    int kind, n;      /* texts */
    int longest;      /* pieces of the longest text */
    int most_pieces;  /* of the word of most pieces */
    int64_t n_tokens; /* of all texts */
} Draw;

/* own of both. */
typedef struct {
    Examples examples;
    Original original;
    Batch one;              /* samples outside of steps */
    Draw *draw;             /* [draws] of the step */
    int *item, *row;        /* [batch], [longest] */
    double *prototype;      /* [groups, K, D] */
    double prototype_epoch; /* made when this epoch began; -1: not yet */
    double *v, *dv;         /* [K, D] of a word */
    double *drow;           /* [batch, MOST_GROUPS] gradient to the rows */
    double *p;              /* [MOST_GROUPS, batch] */
    double *near;           /* [draws] loss of neutral draws */
} Debias;                   /* arrays live in the arena */

/* The hooks of both (methods/method.h); own is a Debias. Those with a Comm are Collective, the others Local. */
Status debias_read(const Comm *comm, MethodRun *m, const char *path, CorpusOptions *request);
Status debias_start(const Comm *comm, MethodRun *m);
Status debias_begin(const Comm *comm, MethodRun *m, int64_t epoch);
Status debias_check(const Comm *comm, MethodRun *m, double *value);
void debias_lay_out(Arena *arena, MethodRun *m);
int debias_carries(MethodRun *m, MethodArray *array);
void debias_choose(const MethodRun *m, int64_t step, int n, int *item);
void debias_fill(MethodRun *m, const BatchItem *item, int n, Batch *batch);
void debias_rows(MethodRun *m, const Batch *batch, double *row);
void debias_whole(MethodRun *m, const StepCounts *counts, const double *row);
void debias_add(MethodRun *m, const Batch *batch, const StepCounts *counts, double *sum);
void debias_close(MethodRun *m);

#define DEBIAS_HOOKS                                                                                                 \
    .own_bytes = sizeof(Debias), .all_states = true, .row_width = MOST_GROUPS, .mean = PER_ITEM, .n_terms = 2,       \
    .read = debias_read, .lay_out = debias_lay_out, .carries = debias_carries, .start = debias_start,                \
    .begin = debias_begin, .choose = debias_choose, .fill = debias_fill, .rows = debias_rows, .whole = debias_whole, \
    .add = debias_add, .check = debias_check, .close = debias_close

#endif
