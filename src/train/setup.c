/* setup.c: the folder, model, text, words; what the folder's files ask for; memory, weights, an old checkpoint. */
#include "train/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "io/file.h"
#include "train/checkpoint.h"
#include "train/gradients.h"

static bool begins_at_random(const RunSettings *run)
{
    return strcmp(run->model.init, "random") == 0;
}

static Status open_model(const Comm *comm, const RunSettings *run, Model *model)
{
    if (!begins_at_random(run)) return model_open(comm, run->model.init, model);
    const RandomModel random = {.vocab = run->model.vocab,
                                .cased = run->model.cased,
                                .layers = (int)run->model.layers,
                                .hidden = (int)run->model.hidden,
                                .heads = (int)run->model.heads,
                                .intermediate = (int)run->model.intermediate,
                                .positions = (int)run->model.positions,
                                .initializer_range = run->model.initializer_range};
    return model_open_random(comm, &random, model);
}

enum { CACHED_BYTES = 16 << 20 /* a smaller text is tokenized in half a second */ };

/* --- text and words ------------------------------------------------------------------------------- */

/* The prefix asked for, unless the model has it. */
static Status set_prefix(const RunSettings *run, BertConfig *config)
{
    const int prefix = (int)run->model.prefix;
    if (!prefix) return STATUS_OK;
    CHECK(!config->prefix || (config->prefix == prefix && config->prefix_shifts == run->model.prefix_shifts),
          STATUS_USAGE,
          "prefix = %d, prefix-shift = %s, but the model has a prefix of %d, prefix-shift = %s; leave both keys out",
          prefix, run->model.prefix_shifts ? "yes" : "no", config->prefix, config->prefix_shifts ? "yes" : "no");
    CHECK(!run->model.prefix_shifts || prefix + 3 <= config->positions, STATUS_USAGE,
          "prefix = %d with prefix-shift leaves less than 3 of the model's %d positions to a sample", prefix,
          config->positions);
    config->prefix = prefix;
    config->prefix_shifts = run->model.prefix_shifts;
    return STATUS_OK;
}

/* The parts of the model that the method asks for, and what is not trained: parts it does not use, what it freezes, and
 * what the user does, in this order. */
static Status set_parts(const RunSettings *run, Trainer *t)
{
    MethodNeeds needs = {0};
    BertLayout layout;
    TRY(set_prefix(run, &t->model.config));
    if (run->method->ask) TRY(run->method->ask(run_settings_options(run, run->method), &t->model.config, &needs));
    t->row_states = needs.row_states;
    TRY(bert_config_check("the model with the parts that the method asks for", &t->model.config));
    CHECK(!needs.depends_on_ranks || !run->work.reproducible, STATUS_USAGE,
          "reproducible = yes does not go with what method = %s was told: its numbers depend on the ranks, on purpose",
          run->method->name);
    t->freeze =
        memory_print("%s%s%s%s%s%s", needs.pooler ? "" : "bert.pooler.*,", needs.sentence_head ? "" : "sentence.*,",
                     needs.freeze ? needs.freeze : "", ",", run->freeze, ",cls.seq_relationship.*");
    bert_layout_init(&t->model.config, &layout);
    Status status = bert_layout_check_patterns(&layout, "freeze", run->freeze);
    bert_layout_freeze(&layout, t->freeze);
    const bool trains_decoder =
        bert_layout_tensor(&layout, t->model.config.untied ? BERT_DECODER : BERT_WORD, 0)->first <
        layout.n_trained_elements;
    if (needs.pooler && t->model.config.next_sentence)
        log_warning("the pooler is trained, but the next-sentence head that reads it is not: it no longer fits");
    if (layout.n_trained < layout.n)
        log_line("frozen: %d of %d tensors, %.1f of %.1f M parameters", layout.n - layout.n_trained, layout.n,
                 1e-6 * (double)(layout.count - layout.n_trained_elements), 1e-6 * (double)layout.count);
    const bool trains_any = layout.n_trained > 0;
    bert_layout_free(&layout);
    TRY(status);
    CHECK(trains_any, STATUS_USAGE, "freeze = %s leaves nothing to train", run->freeze);
    CHECK(trains_decoder || run->nc.loss.weight == 0 || run->nc.loss.grad == GRAD_BOTH, STATUS_USAGE,
          "nc-weight = %g with nc-grad = rows trains the rows of the decoder alone, but they are frozen; set nc-grad = "
          "both",
          run->nc.loss.weight);
    return STATUS_OK;
}

/* The method, with its own keys and memory, before it reads. */
void setup_method(Trainer *t)
{
    const RunSettings *run = t->run;
    if (run->method->n_terms > HISTORY_TERMS)
        status_abort(__FILE__, __LINE__, "method %s has more than %d terms", run->method->name, HISTORY_TERMS);
    t->method = (MethodRun){.method = run->method,
                            .options = run_settings_options(run, run->method),
                            .model = &t->model,
                            .batch = (int)run->batch,
                            .row = run->method->row_width + t->row_states * t->model.config.hidden,
                            .masking = {.rate = run->mask_rate, .seed = (uint64_t)run->seed},
                            .own = memory_alloc(1, run->method->own_bytes)};
}

static Status read_data(const Comm *comm, const RunSettings *run, Trainer *t)
{
    CorpusOptions request = {.split = (SplitRule)run->data.split,
                             .format = run->data.format,
                             .column = run->data.column,
                             .pair = run->data.pair,
                             .max_length = (int)run->data.max_length};
    const int positions = bert_config_positions(&t->model.config);
    CHECK(run->data.max_length <= positions, STATUS_USAGE,
          "max-length = %lld, but the model reads at most %d positions", (long long)run->data.max_length, positions);
    CHECK(!run->data.pair[0] || t->model.config.types > 1, STATUS_USAGE,
          "pair-column = %s makes pairs, but the model knows one token type (type_vocab_size = 1)", run->data.pair);
    char *own = file_join(run->output, "corpus.h5");
    const bool automatic = strcmp(run->data.cache, "auto") == 0;
    if (automatic) request.cache_bytes = CACHED_BYTES;
    request.cache = strcmp(run->data.cache, "no") == 0 || run->dry_run ? "" : automatic ? own : run->data.cache;
    setup_method(t);
    Status status = run->method->read(comm, &t->method, run->data.path, &request);
    free(own);
    TRY(status);
    const Dataset *data = &t->method.data;
    log_line("%s: %d samples, %lld pieces, longest %d%s", run->data.path, data->n,
             (long long)data->offset[dataset_texts(data)], data->longest,
             request.cut_separator ? ", cut as published" : "");
    if (data->n_cut) log_line("%d samples were longer than %d pieces and were cut", data->n_cut, data->max_length);
    return STATUS_OK;
}

/* A regularizer over classes that the text does not hold would do nothing, quietly, to the end. */
static Status check_met(const RunSettings *run, const Dataset *data, const WordList *words, const char *asked)
{
    bool *met = memory_alloc((size_t)words->n, sizeof *met);
    int n = 0;
    for (int64_t i = 0; i < data->offset[dataset_texts(data)]; i++) {
        const int class = wordlist_class(words, data->id[i]);
        if (class < 0 || met[class]) continue;
        met[class] = true;
        n++;
    }
    free(met);
    CHECK(n >= 2, STATUS_DATA,
          "%s: holds %d of the %d classes of %s, but %s compares classes and needs at least two; use another text or "
          "list",
          run->data.path, n, words->n, run->nc.words, asked);
    return STATUS_OK;
}

static Status read_words(const Comm *comm, const RunSettings *run, Trainer *t)
{
    if (!run_settings_collects(run)) return STATUS_OK;
    CHECK(
        run->nc.loss.eval == EVAL_STEP || t->method.part_items > 0, STATUS_USAGE,
        "nc-eval = micro takes the measure after every draw of a step, but method = %s has no draws; leave nc-eval out",
        run->method->name);
    TRY(wordlist_read_shared(comm, run->nc.words, t->model.vocabulary, (PieceRule)run->nc.loss.pairing.pieces,
                             &t->words));
    log_line("%s: %d words, %d classes, %d words left out (of several pieces or unknown)", run->nc.words,
             t->words.n_words, t->words.n, t->words.n_dropped);
    char *asked = run->nc.loss.weight > 0 ? memory_print("nc-weight = %g", run->nc.loss.weight)
                                          : memory_print("geometry-steps = %lld", (long long)run->geometry_steps);
    Status status = wordlist_check_pairs(&t->words, run->nc.words, asked);
    if (!status) status = check_met(run, &t->method.data, &t->words, asked);
    free(asked);
    return status;
}

/* --- memory ---------------------------------------------------------------------------------------- */

static int batch_of(const Trainer *t)
{
    const int most = setup_epoch_items(t);
    return t->run->batch < most ? (int)t->run->batch : most;
}

/* Of a step, after each of which the measure is taken. */
static int parts_of_step(const Trainer *t)
{
    return t->run->nc.loss.eval == EVAL_MICRO ? batch_of(t) / t->method.part_items : 1;
}

static int samples_of_item(const Trainer *t)
{
    return t->method.data.n_texts * (t->run->method->copies > 0 ? t->run->method->copies : 1);
}

static PortionRule portion_rule(const Comm *comm, const RunSettings *run, const Trainer *t)
{
    const Dataset *data = &t->method.data;
    return (PortionRule){.rank = comm->rank,
                         .n_ranks = comm->n_ranks,
                         .n_shards = run->work.reproducible ? (int)run->work.shards : 0,
                         .micro_batch = (int)run->work.micro_batch,
                         .batch = batch_of(t),
                         .per_item = samples_of_item(t),
                         .longest = data->longest};
}

static StepSumsRule sums_rule(const Comm *comm, const RunSettings *run, const Trainer *t)
{
    const bool several_nodes = comm->node_ranks < comm->n_ranks, collects = run_settings_collects(run);
    const int overlap = run->work.overlap_sums;
    return (StepSumsRule){
        .n_shards = run->work.reproducible ? (int)run->work.shards : 0,
        .deals_optimizer = run->work.shard_optimizer,
        .in_background = overlap == OVERLAP_AUTO ? several_nodes : overlap == OVERLAP_YES,
        .n_doubles = collects ? parts_of_step(t) * collapse_loss_doubles(t->words.n, t->model.config.hidden) : 0,
        .shares_doubles = run->nc.loss.sync == SYNC_GLOBAL,
        .n_rows = (int64_t)t->method.row * batch_of(t),
        .n_terms = 1 + run->method->n_terms,
        .n_flags = N_STEP_FLAGS,
        .freeze = t->freeze};
}

/* Where the state's arrays lie. */
static void lay_out_state(const RunSettings *run, Trainer *t)
{
    t->state.params = &t->model.params;
    t->state.dealt = t->step.sums.dealt;
    t->state.checks = method_checks(&t->method) || t->evaluations.best >= 0;
    t->state.n_carried = run->method->carries ? run->method->carries(&t->method, t->state.carried) : 0;
    if (t->state.checks)
        t->state.best_weight = arena_cut(&t->arena, (size_t)t->model.params.layout.count, sizeof(real));
    if (!run_settings_collects(run)) return;
    t->state.means = &t->collapse.total;
    t->state.class_id = t->words.id;
    t->state.means_by_rank = run->nc.loss.sync == SYNC_NONE;
}

static void set_step(const RunSettings *run, Trainer *t)
{
    Step *s = &t->step;
    s->model = &t->model;
    s->collapse = run_settings_collects(run) ? &t->collapse : NULL;
    s->method = &t->method;
    s->clip = run->optimizer.clip;
    s->adam = (AdamSettings){.form = run->optimizer.adam == 0 ? ADAM_HF : ADAM_TORCH,
                             .beta_1 = 0.9,
                             .beta_2 = 0.999,
                             .epsilon = run->optimizer.epsilon,
                             .weight_decay = run->optimizer.weight_decay};
}

/* Cut everything a run needs from the arena: once to count, once to take. */
static void lay_out(const Comm *comm, const RunSettings *run, Trainer *t)
{
    const BertConfig *config = &t->model.config;
    const PortionRule rule = portion_rule(comm, run, t);
    t->method.batch = rule.batch;
    const ModelRoom room = {.use = run->work.recompute ? ENCODER_RECOMPUTES : ENCODER_TRAINS,
                            .samples = portions_most_samples(&rule),
                            .tokens = (int)portions_most_tokens(&rule),
                            .longest = t->method.data.longest,
                            .train = {step_sums_moments(&t->step.sums), t->freeze, !portions_are_many(&rule)},
                            .all_gradients = run->method->all_states,
                            .panels = run->work.reproducible};
    model_lay_out(&t->arena, &room, &t->model);
    run->method->lay_out(&t->arena, &t->method);
    if (run_settings_collects(run))
        collapse_loss_init(&t->arena, &run->nc.loss, &t->words, &t->model.head, comm->n_ranks,
                           run->nc.loss.eval == EVAL_MICRO ? t->method.part_items : 0, parts_of_step(t), &t->collapse);
    set_step(run, t);
    portions_init(&t->arena, &rule, &t->step.portions);
    step_sums_lay_out(&t->arena, &t->model.params, &t->step.sums);
    lay_out_state(run, t);
    if (t->writes_behind) checkpoint_writer_init(&t->arena, comm, &t->state, &t->writer);
    const int traced = rule.batch * rule.per_item;
    if (run->trace[0]) batch_init(&t->arena, traced, traced * rule.longest, &t->trace_batch);
    const double own = run->dropout;
    t->model.encoder.hidden_dropout = own < 0 ? config->hidden_dropout : own;
    t->model.encoder.attention_dropout = own < 0 ? config->attention_dropout : own;
    t->model.encoder.seed = (uint64_t)run->seed;
}

void setup_memory(const Comm *comm, Trainer *t)
{
    const RunSettings *run = t->run;
    const BertConfig *config = &t->model.config;
    t->writes_behind = run->checkpoint.behind && !run->trace[0]; /* HDF5 serves one thread */
    const StepSumsRule rule = sums_rule(comm, run, t);
    step_sums_plan(comm, config, &rule, &t->step.sums);
    lay_out(comm, run, t);
    const int64_t trains = t->model.params.trained.count;
    const double need = (double)t->arena.used / 1e6, count = 1e-6 * (double)t->model.params.layout.count * sizeof(real);
    const double trained = 1e-6 * (double)trains * sizeof(real);
    const double copy = t->writes_behind && comm->rank == 0 ? count + 2 * trained : 0;
    const int64_t owned = step_sums_moments(&t->step.sums), moments = owned < 0 ? trains : owned;
    const double rounded = t->model.params.is_bf16 ? 1e-6 * (double)t->model.params.layout.count * sizeof(Bf16) : 0;
    const double panels = 1e-6 * (double)params_panels_bytes(&t->model.params);
    const double blocks = count + trained + 2e-6 * (double)sizeof(real) * (double)moments + rounded + panels;
    log_line("model: %d layers, hidden %d, %.1f M parameters", config->layers, config->hidden,
             1e-6 * (double)t->model.params.layout.count);
    log_line("memory of rank 0: %.0f MB: parameters, gradients, moments%s %.0f; states and statistics %.0f; copy for "
             "checkpoints %.0f; "
             "and the corpus, %.0f",
             need,
             rounded > 0  ? ", rounded weights"
             : panels > 0 ? ", weights in panels"
                          : "",
             blocks, need - blocks - copy, copy,
             4e-6 * (double)t->method.data.offset[dataset_texts(&t->method.data)] + 12e-6 * t->method.data.n);
    if (run->dry_run) return;
    arena_open(&t->arena);
    lay_out(comm, run, t);
    step_sums_open(&t->step.sums);
    if (comm->n_ranks > 1)
        log_line("gradients are summed %s; the optimizer's state is %s",
                 rule.in_background ? "behind the backward pass" : "after it",
                 t->step.sums.dealt ? "dealt to the ranks" : "the same on all ranks");
}

static Status load_weights(const Comm *comm, const RunSettings *run, Trainer *t)
{
    if (!begins_at_random(run)) return model_load(comm, run->model.init, (uint64_t)run->seed, &t->model);
    model_begin((uint64_t)run->seed, &t->model);
    return STATUS_OK;
}

/* --- continuing ------------------------------------------------------------------------------------ */

static int64_t hash_samples(const Dataset *data)
{
    const size_t bytes = (size_t)data->offset[dataset_texts(data)] * sizeof *data->id;
    uint64_t hash = XXH3_64bits(data->id, bytes);
    if (data->kind) hash ^= XXH3_64bits(data->kind, bytes);
    if (data->part) /* with it, what an item is for and where its word stands */
        hash ^= XXH3_64bits(data->part, (size_t)data->n * sizeof *data->part) ^
                XXH3_64bits(data->mark, (size_t)data->mark_offset[dataset_texts(data)] * sizeof *data->mark);
    return (int64_t)hash;
}

static Status plan_start(const Comm *comm, const char *settings, Trainer *t, FolderPlan *plan)
{
    t->state.samples_hash = hash_samples(&t->method.data);
    const FolderQuestion question = {settings, t->total_steps, t->state.samples_hash};
    TRY(folder_plan(comm, &t->folder, &question, plan));
    t->is_done = *plan == FOLDER_IS_DONE;
    return STATUS_OK;
}

void setup_state(const char *settings, const char *command_line, Trainer *t)
{
    const RunSettings *run = t->run;
    t->state.seed = run->seed;
    t->state.history.term = run->method->term;
    t->state.history.n_terms = run->method->n_terms;
    t->state.history.score = t->evaluations.score;
    t->state.history.n_scores = t->evaluations.n_scores;
    t->state.settings = settings;
    t->state.command_line = command_line;
    t->state.tokenizer = vocabulary_tokenizer(t->model.vocabulary);
    t->state.pairing = &run->nc.loss.pairing;
    static const char *const metric[] = {"unc3", "nc3", "nc1", "nc2"};
    t->metric = metric[run->nc.loss.metric];
}

static Status read_checkpoint(const Comm *comm, const char *path, Trainer *t)
{
    TRY(checkpoint_read(comm, path, &t->state));
    params_round(&t->model.params);
    log_line("continuing %s: step %lld, epoch %lld, sample %lld", path, (long long)t->state.step,
             (long long)t->state.epoch + 1, (long long)t->state.next_sample);
    return STATUS_OK;
}

/* From the newest checkpoint. Damaged ones are set aside; so is a finished model that the run goes beyond. Without any
 * checkpoint the run begins, and what was not begun by this line is set aside. */
static Status go_on(const Comm *comm, Trainer *t)
{
    const Folder *f = &t->folder;
    char *path;
    TRY(checkpoint_find(comm, t->run->output, &path));
    const bool found = path[0] != '\0';
    Status status = found ? read_checkpoint(comm, path, t) : STATUS_OK;
    free(path);
    TRY(status);
    if (!found) return folder_set_aside(comm, f, f->is_own ? ASIDE_CHECKPOINTS : ASIDE_ALL & ~ASIDE_TRACE, -1);
    const bool goes_beyond = f->has_model && t->state.step < t->total_steps;
    TRY(folder_set_aside(comm, f, ASIDE_CHECKPOINTS | (goes_beyond ? ASIDE_MODEL : 0), t->state.step));
    /* Only now: beside damaged newer ones, the one read may not be among those kept. */
    if (comm->rank == 0) checkpoint_remove_old(t->run->output, (int)t->run->checkpoint.keep);
    return STATUS_OK;
}

/* From the checkpoint that was named; what the folder holds behind it, or of another run, is set aside. */
static Status branch(const Comm *comm, Trainer *t)
{
    TRY(read_checkpoint(comm, t->run->checkpoint.resume, t));
    char *folder = file_folder(t->run->checkpoint.resume);
    int is_here = comm->rank == 0 && file_is_same(folder, t->run->output);
    free(folder);
    comm_broadcast(comm, &is_here, sizeof is_here);
    return folder_set_aside(comm, &t->folder, ASIDE_ALL & ~ASIDE_TRACE, is_here ? t->state.step : -1);
}

static Status continue_old(const Comm *comm, FolderPlan plan, Trainer *t)
{
    switch (plan) {
    case FOLDER_BEGINS: return folder_set_aside(comm, &t->folder, ASIDE_ALL, -1);
    case FOLDER_BRANCHES: return branch(comm, t);
    default: return go_on(comm, t);
    }
}

/* Tensor by tensor, so that it does not depend on their order in memory. */
static void hash_weights(const Params *params, char hash[HASH_TEXT_SIZE])
{
    const BertLayout *layout = &params->layout;
    uint64_t all[2] = {0, 0};
    for (int i = 0; i < layout->n; i++) {
        const BertTensor *t = &layout->tensor[i];
        const uint64_t name = XXH3_64bits(t->name, strlen(t->name));
        const XXH128_hash_t h = XXH3_128bits_withSeed(params->weight + t->first, (size_t)t->count * sizeof(real), name);
        all[0] ^= h.low64, all[1] ^= h.high64;
    }
    snprintf(hash, HASH_TEXT_SIZE, "%016llx%016llx", (unsigned long long)all[1], (unsigned long long)all[0]);
}

int setup_epoch_items(const Trainer *t)
{
    return t->method.epoch_items > 0 ? t->method.epoch_items : t->method.data.n;
}

static int64_t steps_of_epoch(const Trainer *t)
{
    return (setup_epoch_items(t) + t->run->batch - 1) / t->run->batch;
}

static void set_length(const RunSettings *run, Trainer *t)
{
    const int64_t per_epoch = steps_of_epoch(t), counted = t->method.schedule_steps;
    t->total_steps = run->steps > 0 ? run->steps : run->epochs * per_epoch;
    t->step.schedule =
        (Schedule){(ScheduleKind)run->optimizer.schedule, run->optimizer.learning_rate, run->optimizer.warmup,
                   counted ? t->total_steps * counted / per_epoch : t->total_steps};
    log_line("%lld steps of %lld samples, %lld steps per epoch", (long long)t->total_steps,
             (long long)(run->batch < setup_epoch_items(t) ? run->batch : setup_epoch_items(t)), (long long)per_epoch);
    if (run->optimizer.warmup >= t->step.schedule.total)
        log_warning("warmup = %lld is the whole run of %lld steps or more: the rate does not reach learning-rate",
                    (long long)run->optimizer.warmup, (long long)t->step.schedule.total);
}

/* The schedule is a function of the run's length: a run that goes on and is to be of another length is told what
 * becomes of its rate. */
static void log_new_length(const Trainer *t)
{
    const TrainState *s = &t->state;
    const int64_t per_epoch = steps_of_epoch(t), counted = t->method.schedule_steps;
    const int64_t before = s->planned_steps > 0 ? s->planned_steps : s->planned_epochs * per_epoch;
    Schedule planned = t->step.schedule;
    planned.total = counted ? before * counted / per_epoch : before;
    if (before <= 0 || before == t->total_steps || s->step >= t->total_steps) return;
    log_line(
        "the run was made %s, %lld steps instead of %lld, and its schedule with it: the rate of step %lld is %.4g, it "
        "would have been %.4g",
        before < t->total_steps ? "longer" : "shorter", (long long)t->total_steps, (long long)before,
        (long long)s->step + 1, schedule_rate(&t->step.schedule, s->step), schedule_rate(&planned, s->step));
}

/* Shards are dealt whole, so that many ranks cannot be kept busy by few of them. */
static Status check_shards(const Comm *comm, const RunSettings *run)
{
    if (!run->work.reproducible) return STATUS_OK;
    CHECK((run->work.shards & (run->work.shards - 1)) == 0, STATUS_USAGE, "shards = %lld is not a power of two",
          (long long)run->work.shards);
    CHECK(comm->n_ranks <= run->work.shards, STATUS_USAGE,
          "%d ranks, but the batch is cut into %lld shards; raise shards, a power of two, to at least %d",
          comm->n_ranks, (long long)run->work.shards, comm->n_ranks);
    if (run->work.shards % comm->n_ranks)
        log_line("%lld shards on %d ranks: not all have the same work", (long long)run->work.shards, comm->n_ranks);
    return STATUS_OK;
}

/* Tokens are counted in 32 bits. */
static Status check_size(const Comm *comm, const RunSettings *run, const Trainer *t)
{
    const PortionRule rule = portion_rule(comm, run, t);
    const int64_t tokens = portions_most_tokens(&rule), all = portions_all_tokens(&rule);
    CHECK(all <= INT32_MAX, STATUS_USAGE, "batch = %lld means up to %lld tokens on a rank; use more ranks",
          (long long)run->batch, (long long)all);
    CHECK(tokens <= INT32_MAX / 8, STATUS_USAGE,
          "batch = %lld means up to %lld tokens at once on a rank; set micro-batch, or use more ranks",
          (long long)run->batch, (long long)tokens);
    return STATUS_OK;
}

static Status open_folder(const Comm *comm, const RunSettings *run, Trainer *t)
{
    Inputs inputs = {0};
    evaluations_inputs(&t->evaluations, &inputs);
    Status status = folder_open(comm, run, &inputs, &t->folder);
    inputs_free(&inputs);
    return status;
}

Status setup_open(const Comm *comm, const RunSettings *run, const char *settings, const char *command_line, Trainer *t)
{
    *t = (Trainer){.run = run};
    FolderPlan plan;
    TRY(check_shards(comm, run));
    TRY(evaluations_open(comm, run, &t->evaluations));
    TRY(open_folder(comm, run, t));
    TRY(open_model(comm, run, &t->model));
    TRY(comm_agree(comm, interrupt_status()));
    TRY(set_parts(run, t));
    TRY(read_data(comm, run, t));
    CHECK(!run->evaluate.best[0] || !method_checks(&t->method), STATUS_USAGE,
          "evaluate-best does not go with method = %s, which chooses the weights that do best by its own held-out data",
          run->method->name);
    TRY(read_words(comm, run, t));
    if (run_settings_collects(run) && !begins_at_random(run))
        TRY(pairing_tell_changes(comm, run->model.init, &run->nc.loss.pairing));
    TRY(check_size(comm, run, t));
    set_length(run, t);
    if (!run->dry_run) TRY(plan_start(comm, settings, t, &plan));
    if (t->is_done) return STATUS_OK;
    setup_memory(comm, t);
    if (run->dry_run) return STATUS_OK;
    TRY(comm_agree(comm, interrupt_status()));
    TRY(load_weights(comm, run, t));
    if (run->method->start) TRY(run->method->start(comm, &t->method));
    setup_state(settings, command_line, t);
    if (strcmp(run->model.init, "random") != 0) hash_weights(&t->model.params, t->state.init_hash);
    TRY(continue_old(comm, plan, t));
    log_new_length(t);
    TRY(comm_agree(comm, interrupt_status()));
    t->log_path = file_join(run->output, "log.tsv");
    setup_order(t);
    return STATUS_OK;
}

void setup_order(Trainer *t)
{
    if (!t->order) t->order = memory_alloc((size_t)t->method.data.n, sizeof *t->order);
    random_permutation((uint64_t)t->run->seed, (uint32_t)t->state.epoch, t->method.data.n, t->order);
}

void setup_close(Trainer *t)
{
    checkpoint_writer_close(&t->writer);
    step_sums_close(&t->step.sums);
    history_free(&t->state.history);
    model_close(&t->model);
    trace_close(&t->trace);
    arena_close(&t->arena);
    evaluations_close(&t->evaluations);
    wordlist_free(&t->words);
    dataset_free(&t->method.data);
    if (t->method.own && t->run->method->close) t->run->method->close(&t->method);
    free(t->method.own);
    free(t->trace_item);
    free(t->chosen);
    free(t->freeze);
    free(t->order);
    free(t->log_path);
    folder_close(&t->folder);
    *t = (Trainer){0};
}
