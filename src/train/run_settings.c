/* run_settings.c: the table of keys. The order is that of --help and docs/training.md. */
#include "train/run_settings.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "io/table.h"
#include "train/exclusive.h"
#include "train/runtime.h"

#define AT(field) offsetof(RunSettings, field)

/* May a continued run change it? Then it changes no number of the run, or how long it is. */
typedef enum { FIXED, FREE } Change;

static const struct {
    Change change;
    Setting setting;
} row[] = {
    {FIXED,
     {"method", SETTING_TEXT, "mlm", "", 0, 0, AT(method_name),
      "recipe: mlm (any text), bec (gender-swapped text), mabel (entailment pairs), cda (texts and counterfactuals), "
      "ase (masked pronouns), adept and dpce (words of groups in texts)"}},
    {FREE,
     {"compat", SETTING_CHOICE, "none", "none fnc", 0, 0, AT(compat),
      "fnc: every key as in the published code of the method"}},
    {FREE, {"init", SETTING_PATH, "", "random", 0, 0, AT(model.init), "MODEL.h5 to start from, or random"}},
    {FIXED, {"layers", SETTING_INTEGER, "4", "", 1, 1024, AT(model.layers), "init = random: encoder layers"}},
    {FIXED, {"hidden", SETTING_INTEGER, "128", "", 1, 65536, AT(model.hidden), "init = random: hidden size"}},
    {FIXED, {"heads", SETTING_INTEGER, "4", "", 1, 1024, AT(model.heads), "init = random: attention heads"}},
    {FIXED,
     {"intermediate", SETTING_INTEGER, "512", "", 1, 1048576, AT(model.intermediate),
      "init = random: feed-forward size"}},
    {FIXED,
     {"positions", SETTING_INTEGER, "512", "", 2, 65536, AT(model.positions),
      "init = random: longest sample the model can read"}},
    {FIXED,
     {"initializer-range", SETTING_REAL, "0.02", "", 1e-6, 10, AT(model.initializer_range),
      "init = random: standard deviation of the weights"}},
    {FIXED,
     {"prefix", SETTING_INTEGER, "0", "", 0, 4096, AT(model.prefix),
      "keys and values of its own that every layer puts before a sample's (prefix tuning), beginning at random unless "
      "the "
      "model has them; with freeze = *, !*.prefix they alone are trained"}},
    {FIXED,
     {"prefix-shift", SETTING_SWITCH, "no", "", 0, 0, AT(model.prefix_shifts),
      "tokens are counted from behind the prefix, as past_key_values of transformers does"}},
    {FREE,
     {"vocab", SETTING_PATH, "", "", 0, 0, AT(model.vocab),
      "init = random: vocab.txt (one piece a line), a tokenizer.json, or a Hugging Face folder"}},
    {FIXED, {"cased", SETTING_SWITCH, "no", "", 0, 0, AT(model.cased), "init = random: the vocabulary is cased"}},
    {FREE, {"train-data", SETTING_PATH, "", "", 0, 0, AT(data.path), "text, or a table with a header line"}},
    {FREE, {"format", SETTING_CHOICE, "auto", TABLE_FORMATS, 0, 0, AT(data.format), TABLE_FORMAT_HELP}},
    {FIXED,
     {"split", SETTING_CHOICE, "auto", SPLIT_RULES, 0, 0, AT(data.split),
      "a sample is a line (or row) or a sentence; auto: sentences for a table, lines for text; plain: cut before any "
      "capital, "
      "as published figures are (docs/training.md)"}},
    {FIXED,
     {"text-column", SETTING_TEXT, TABLE_COLUMN, "", 0, 0, AT(data.column),
      "of a table: the column that holds the text"}},
    {FIXED,
     {"pair-column", SETTING_TEXT, "", "", 0, 0, AT(data.pair),
      "of a table: the column of second texts; a sample is then a pair with two token types. Of plain text, any name: "
      "a "
      "TAB separates a pair"}},
    {FREE,
     {"corpus-cache", SETTING_PATH, "auto", "auto no", 0, 0, AT(data.cache),
      "FILE.h5 that keeps the tokenized text for the next run; auto: output/corpus.h5 for 16 MB of text or more; no"}},
    {FREE,
     {"output", SETTING_PATH, "", "", 0, 0, AT(output), "folder for log.tsv, run.conf, checkpoints and model.h5"}},
    {FIXED, {"batch", SETTING_INTEGER, "16", "", 1, 1 << 24, AT(batch), "samples per step, over all ranks"}},
    {FIXED,
     {"max-length", SETTING_INTEGER, "128", "", 3, 65536, AT(data.max_length),
      "pieces per sample with [CLS] and [SEP]; longer ones are cut"}},
    {FREE, {"epochs", SETTING_INTEGER, "", "", 1, 1e9, AT(epochs), "passes over the data (or give steps)"}},
    {FREE, {"steps", SETTING_INTEGER, "", "", 1, 99999999, AT(steps), "optimizer steps (or give epochs)"}},
    {FIXED, {"learning-rate", SETTING_REAL, "5e-5", "", 0, 1e3, AT(optimizer.learning_rate), "peak learning rate"}},
    {FIXED,
     {"schedule", SETTING_CHOICE, "linear", "linear constant cosine", 0, 0, AT(optimizer.schedule),
      "shape of the rate after the warm-up"}},
    {FIXED, {"warmup", SETTING_INTEGER, "0", "", 0, 2e9, AT(optimizer.warmup), "steps of linear warm-up"}},
    {FIXED,
     {"weight-decay", SETTING_REAL, "0", "", 0, 1e3, AT(optimizer.weight_decay),
      "of matrices; biases and LayerNorm are exempt"}},
    {FIXED,
     {"adam", SETTING_CHOICE, "torch", "hf torch", 0, 0, AT(optimizer.adam),
      "form of AdamW: torch.optim's, or transformers' former one"}},
    {FIXED, {"adam-epsilon", SETTING_REAL, "1e-8", "", 1.2e-38, 1, AT(optimizer.epsilon), "epsilon of AdamW"}},
    {FIXED, {"clip", SETTING_REAL, "1", "", 0, 1e9, AT(optimizer.clip), "limit of the gradient norm; 0 = none"}},
    {FIXED, {"dropout", SETTING_REAL, "-1", "", -1, 0.99, AT(dropout), "all dropout rates; -1 = the model's own"}},
    {FIXED,
     {"freeze", SETTING_TEXT, "", "", 0, 0, AT(freeze),
      "tensors that stay as they are: shell patterns of their names, between commas; !PATTERN trains what an earlier "
      "one "
      "froze (bert.embeddings.*)"}},
    {FIXED, {"mask-rate", SETTING_REAL, "0.15", "", 0, 1, AT(mask_rate), "share of positions to predict"}},
    {FIXED, {"seed", SETTING_INTEGER, "42", "", 0, 9e15, AT(seed), "of order, masks, dropout and random weights"}},
    {FREE,
     {"threads", SETTING_INTEGER, "0", "", 0, 4096, AT(work.threads),
      "per rank; 0 = share the cores this rank may use"}},
    {FIXED,
     {"reproducible", SETTING_SWITCH, "no", "", 0, 0, AT(work.reproducible),
      "the same bits on any number of ranks and threads (fixed shards, one summation tree)"}},
    {FIXED,
     {"shards", SETTING_INTEGER, "4", "", 1, 64, AT(work.shards),
      "reproducible: parts of the batch, a power of two, at least as many as ranks"}},
    {FREE,
     {"micro-batch", SETTING_INTEGER, "0", "", 0, 1 << 24, AT(work.micro_batch),
      "samples a rank computes at once, for large batches in little memory; 0 = all of its part"}},
    {FREE,
     {"recompute", SETTING_SWITCH, "no", "", 0, 0, AT(work.recompute),
      "keep only each layer's input and compute the rest again in the backward pass: less memory, a third more work"}},
    {FREE,
     {"shard-optimizer", SETTING_SWITCH, "yes", "", 0, 0, AT(work.shard_optimizer),
      "each rank keeps and updates its share of the optimizer's state (ZeRO-1); the bits are the same"}},
    {FREE,
     {"overlap-sums", SETTING_CHOICE, "auto", "auto yes no", 0, 0, AT(work.overlap_sums),
      "sum gradients behind the backward pass, with a thread; auto: if ranks are on several machines"}},
    {FIXED, {"precision", SETTING_CHOICE, "fp32", "fp32 bf16", 0, 0, AT(work.precision), RUNTIME_PRECISION_HELP}},
    {FREE,
     {"change-precision", SETTING_SWITCH, "no", "", 0, 0, AT(work.change_precision),
      "yes: precision may be another than that of the checkpoint a run goes on from"}},
    {FREE, {"gemm-library", SETTING_CHOICE, "blis", "blis onednn", 0, 0, AT(work.gemm_library), RUNTIME_LIBRARY_HELP}},
    {FREE, {"checkpoint-steps", SETTING_INTEGER, "500", "", 1, 2e9, AT(checkpoint.steps), "steps between checkpoints"}},
    {FREE,
     {"checkpoint-behind", SETTING_SWITCH, "yes", "", 0, 0, AT(checkpoint.behind),
      "write checkpoints behind the next steps, from a copy in memory (12 bytes per parameter on rank 0)"}},
    {FREE,
     {"geometry-steps", SETTING_INTEGER, "0", "", 0, 2e9, AT(geometry_steps),
      "steps between snapshots of the class means' geometry, output/geometry-*.h5 (needs nc-words); 0 = none"}},
    {FIXED,
     {"check-steps", SETTING_INTEGER, "500", "", 1, 2e9, AT(check_steps),
      "of a method that holds out data: steps between looks at them; the weights that do best become the model"}},
    {FREE,
     {"evaluate-steps", SETTING_INTEGER, "0", "", 0, 2e9, AT(evaluate.steps),
      "steps between evaluations of the weights, also before the first step and after the last; 0 = none"}},
    {FREE,
     {"evaluate-tasks", SETTING_TEXT, "", "", 0, 0, AT(evaluate.tasks),
      "TASK=FILE, several between commas: tasks of collapse evaluate"}},
    {FREE,
     {"evaluate-options", SETTING_TEXT, "", "", 0, 0, AT(evaluate.options),
      "KEY=VALUE, several between commas: keys of these tasks (seat-state=cls, pair=him,her), and format and "
      "text-column "
      "for all"}},
    {FREE,
     {"evaluate-metrics", SETTING_TEXT, "", "", 0, 0, AT(evaluate.metrics),
      "TASK.METRIC, several between commas: columns of log.tsv; the task's main ones if not given"}},
    {FIXED,
     {"evaluate-best", SETTING_TEXT, "", "", 0, 0, AT(evaluate.best),
      "TASK.METRIC: the weights that do best by it are kept in output/best.h5"}},
    {FIXED,
     {"evaluate-best-is", SETTING_TEXT, "low", "", 0, 0, AT(evaluate.best_is),
      "which value is best: low, high, or near:X (near:50)"}},
    {FREE, {"keep", SETTING_INTEGER, "2", "", 1, 1e6, AT(checkpoint.keep), "checkpoints to keep"}},
    {FREE,
     {"resume", SETTING_PATH, "auto", "auto never", 0, 0, AT(checkpoint.resume),
      "auto: continue what is in output; never: begin anew, unless the run in output was begun by this line; or a "
      "checkpoint"}},
    {FREE,
     {"max-time", SETTING_DURATION, "0", "", 0, 1e9, AT(max_time_s),
      "stop in time, with a checkpoint: seconds or h:mm:ss; 0 = no limit"}},
    {FREE, {"log-steps", SETTING_INTEGER, "10", "", 1, 2e9, AT(log_steps), "steps between lines of log.tsv"}},
    {FREE,
     {"overwrite", SETTING_SWITCH, "no", "", 0, 0, AT(overwrite),
      "yes: begin anew where output holds a run that this line has not begun; what is there is renamed to *.old, "
      "*.old.2, ..."}},
    {FREE, {"trace", SETTING_PATH, "", "", 0, 0, AT(trace), "FILE.h5: every batch as fed, to replay a run elsewhere"}},
    {FREE,
     {"dry-run", SETTING_SWITCH, "no", "", 0, 0, AT(dry_run),
      "check everything, print the memory needed, stop before step 1"}},
    {FIXED,
     {"nc-weight", SETTING_REAL, "0", "", 0, 1e9, AT(nc.loss.weight),
      "lambda, weight of the collapse regularizer; 0 = off"}},
    {FIXED,
     {"nc-metric", SETTING_CHOICE, "unc3", "unc3 nc3 nc1 nc2", 0, 0, AT(nc.loss.metric), "measure that is made small"}},
    {FREE,
     {"nc-words", SETTING_PATH, "", "", 0, 0, AT(nc.words), "word list: JSON with ids (.json), or one word per line"}},
    {FIXED, PAIRING_PIECES(AT(nc.loss.pairing.pieces))},
    {FIXED, PAIRING_ALIGN(AT(nc.loss.pairing.align))},
    {FIXED, PAIRING_SPACE(AT(nc.loss.pairing.space))},
    {FIXED, PAIRING_IDS(AT(nc.loss.pairing.ids))},
    {FIXED,
     {"nc-grad", SETTING_CHOICE, "rows", "rows both", 0, 0, AT(nc.loss.grad),
      "gradient to the word embeddings only, or into the encoder too"}},
    {FIXED,
     {"nc-reset", SETTING_TEXT, "epoch", "", 0, 0, AT(nc.reset),
      "forget the class means every epoch, run, step, or fade them: ema:B with 0 < B < 1"}},
    {FIXED,
     {"nc-sync", SETTING_CHOICE, "global", "global none", 0, 0, AT(nc.loss.sync),
      "class means over all ranks, or each rank its own (as published)"}},
    {FIXED,
     {"nc-eval", SETTING_CHOICE, "step", "step micro", 0, 0, AT(nc.loss.eval),
      "the measure once a step, on all of its states; micro: after every draw of adept and dpce, and the mean of them "
      "(as published)"}},
};

enum { N_ROWS = sizeof row / sizeof row[0], MOST_KEYS = 160 };

/* The rows, then the keys of all methods, with the places of their options in RunSettings. */
static Setting table[MOST_KEYS];
static int n_keys;

/* Where the options of a method begin in run->options. */
static size_t options_at(const Method *method)
{
    size_t at = 0;
    const Method *m;
    for (int i = 0; (m = method_at(i)) && m != method; i++)
        at += (m->options_bytes + sizeof(double) - 1) / sizeof(double) * sizeof(double);
    if (at + method->options_bytes > sizeof((RunSettings *)0)->options)
        status_abort(__FILE__, __LINE__, "no room for the options of method %s", method->name);
    return at;
}

const void *run_settings_options(const RunSettings *run, const Method *method)
{
    return run->options + options_at(method);
}

const Setting *run_settings_table(int *n)
{
    const Method *m;
    n_keys = 0;
    for (int i = 0; i < N_ROWS; i++) table[n_keys++] = row[i].setting;
    for (int i = 0; (m = method_at(i)); i++)
        for (int k = 0; k < m->n_keys; k++) {
            if (n_keys == MOST_KEYS) status_abort(__FILE__, __LINE__, "more than %d keys", MOST_KEYS);
            table[n_keys] = m->key[k];
            table[n_keys++].offset += AT(options) + options_at(m);
        }
    *n = n_keys;
    return table;
}

static int row_of(const char *key)
{
    int i = 0;
    while (i < N_ROWS && strcmp(row[i].setting.name, key) != 0) i++;
    return i;
}

const Setting *run_settings_row(const char *key)
{
    const int i = row_of(key);
    return i < N_ROWS ? &row[i].setting : NULL;
}

bool run_settings_may_change(const char *key)
{
    const int i = row_of(key);
    return i < N_ROWS && row[i].change == FREE;
}

/* A key of another method says nothing here, unless it has its default (as in a run.conf, which names all keys). Where
 * a flag chose the method, the file's keys of the one it named are left out. */
static Status check_owners(Settings *settings, const Method *chosen)
{
    const bool by_flag = settings_is_flag(settings, "method");
    const Method *m;
    for (int i = 0; (m = method_at(i)); i++)
        for (int k = 0; m != chosen && k < m->n_keys; k++) {
            const char *name = m->key[k].name, *value = settings_value(settings, name);
            if (!value || strcmp(value, m->key[k].fallback) == 0) continue;
            CHECK(by_flag && !settings_is_flag(settings, name), STATUS_USAGE,
                  "%s = %s is a key of method %s, but method = %s", name, value, m->name, chosen->name);
            exclusive_leave_out(settings, name, "method");
        }
    return STATUS_OK;
}

RunSettings run_settings_default(void)
{
    Settings none;
    RunSettings run = {0};
    int n;
    const Setting *all = run_settings_table(&n);
    settings_init(&none, all, n);
    if (settings_store(&none, &run)) status_abort(__FILE__, __LINE__, "a default is wrong: %s", status_message());
    settings_free(&none);
    return run;
}

char *run_settings_value(const char *lines, const char *key)
{
    Slice rest = slice_of(lines), line, name;
    while (slice_next_line(&rest, &line)) {
        slice_next_field(&line, '=', &name);
        if (slice_is(slice_trim(name), key)) return slice_copy(slice_trim(line));
    }
    return NULL;
}

GemmChoice run_settings_products(const RunSettings *run)
{
    return (GemmChoice){.library = (GemmLibrary)run->work.gemm_library,
                        .precision = (Precision)run->work.precision,
                        .fixed_order = run->work.reproducible};
}

bool run_settings_collects(const RunSettings *run)
{
    return run->nc.loss.weight > 0 || run->geometry_steps > 0;
}

static Status parse_reset(RunSettings *run)
{
    static const struct {
        const char *name;
        CollapseReset reset;
    } plain[] = {{"epoch", RESET_EPOCH}, {"run", RESET_RUN}, {"step", RESET_STEP}};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (strcmp(plain[i].name, run->nc.reset) != 0) continue;
        run->nc.loss.reset = plain[i].reset;
        return STATUS_OK;
    }
    const bool is_ema = strncmp(run->nc.reset, "ema:", 4) == 0 && text_to_double(run->nc.reset + 4, &run->nc.loss.ema);
    CHECK(is_ema && run->nc.loss.ema > 0 && run->nc.loss.ema < 1, STATUS_USAGE,
          "nc-reset = '%s' is not epoch, run, step or ema:B with 0 < B < 1", run->nc.reset);
    run->nc.loss.reset = RESET_EMA;
    return STATUS_OK;
}

static Status check_needed(const RunSettings *run)
{
    CHECK(run->model.init[0], STATUS_USAGE, "init is missing: a MODEL.h5 (collapse-import makes one), or random");
    CHECK(run->data.path[0], STATUS_USAGE, "train-data is missing: the text to train on");
    CHECK(run->output[0], STATUS_USAGE, "output is missing: the folder for checkpoints and the model");
    CHECK(strcmp(run->model.init, "random") != 0 || run->model.vocab[0], STATUS_USAGE,
          "init = random needs vocab = vocab.txt (collapse vocab makes one)");
    CHECK(run->nc.loss.weight == 0 || run->nc.words[0], STATUS_USAGE, "nc-weight = %g needs nc-words = a word list",
          run->nc.loss.weight);
    CHECK(run->geometry_steps == 0 || run->nc.words[0], STATUS_USAGE,
          "geometry-steps = %lld needs nc-words = a word list (nc-weight may be 0)", (long long)run->geometry_steps);
    CHECK(run->geometry_steps == 0 || run->nc.loss.sync == SYNC_GLOBAL, STATUS_USAGE,
          "geometry-steps needs nc-sync = global: there must be one set of class means");
    return STATUS_OK;
}

static Status check_method(const RunSettings *run)
{
    if (run->method) return STATUS_OK;
    char names[256] = "";
    const Method *m;
    for (int i = 0; (m = method_at(i)); i++) {
        const size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, " %s", m->name);
    }
    FAIL(STATUS_USAGE, "method = '%s' is not one of:%s", run->method_name, names);
}

Status run_settings_resolve(Settings *settings, RunSettings *run)
{
    *run = (RunSettings){.settings_file = ""};
    exclusive_settle(settings);
    CHECK(!settings_is_given(settings, "steps") || !settings_is_given(settings, "epochs"), STATUS_USAGE,
          "both steps and epochs are given; keep one of them");
    TRY(settings_store(settings, run));
    run->method = method_find(run->method_name);
    TRY(check_method(run));
    TRY(check_owners(settings, run->method));
    TRY(method_give_defaults(run->method, run->compat == 1, settings));
    TRY(settings_store(settings, run));
    CHECK(run->dropout >= 0 || run->dropout == -1, STATUS_USAGE,
          "dropout = %g is not a rate from 0 to 0.99, or -1 for the model's own", run->dropout);
    CHECK(run->mask_rate >= 1e-6, STATUS_USAGE, "mask-rate = %g leaves nothing to predict; the usual value is 0.15",
          run->mask_rate);
    CHECK(!run->work.reproducible || run->work.micro_batch == 0, STATUS_USAGE,
          "micro-batch does not go with reproducible = yes; raise shards instead");
    CHECK(!run->work.reproducible || run->nc.loss.sync == SYNC_GLOBAL, STATUS_USAGE,
          "nc-sync = none depends on the ranks and does not go with reproducible = yes");
    CHECK(run->nc.loss.eval == EVAL_STEP || run->nc.loss.grad == GRAD_ROWS || run->nc.loss.weight == 0, STATUS_USAGE,
          "nc-eval = micro has a gradient to the rows alone, but nc-grad = both; set nc-eval = step");
    TRY(check_needed(run));
    return parse_reset(run);
}

void run_settings_help(void)
{
    printf("Keys (in the file as key = value, or as flags; a flag wins over the file, also over a key that excludes it "
           "(--steps over epochs), and of two equal flags the last):\n");
    int n;
    const Setting *all = run_settings_table(&n);
    settings_help(all, n);
    printf("\nMethods and the values they give to keys that are not set:\n");
    const Method *m;
    for (int i = 0; (m = method_at(i)); i++) {
        printf("  %-6s %s\n        ", m->name, m->summary);
        for (const MethodValue *v = m->usual; v->key; v++) printf(" %s=%s", v->key, v->value);
        printf("\n");
        if (!m->fnc) continue;
        printf("         with compat = fnc:");
        for (const MethodValue *v = m->fnc; v->key; v++) printf(" %s=%s", v->key, v->value);
        printf("\n");
    }
}
