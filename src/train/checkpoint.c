/* checkpoint.c: rank 0 reads and writes, the others receive. */
#include "train/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/file.h"
#include "train/folder.h"
#include "train/run_settings.h"

void checkpoint_remove_old(const char *folder, int keep)
{
    int64_t *step;
    const int n = folder_steps(folder, "step", &step);
    for (int i = keep; i < n; i++) {
        char *path = folder_step_path(folder, "step", step[i]);
        unlink(path);
        free(path);
    }
    free(step);
}

/* --- writing ------------------------------------------------------------------------------------ */

static Status write_header(H5File *file, const char *format, const TrainState *s)
{
    char hash[HASH_TEXT_SIZE];
    hash_sha256(s->settings, strlen(s->settings), hash);
    TRY(h5_write_header(file, format, s->command_line, hash));
    return s->pairing ? pairing_write(file, s->pairing) : STATUS_OK;
}

typedef struct {
    const TrainState *state;
    const StateList *whole;
    int n_sets;
} CheckpointBody;

static Status write_checkpoint_body(H5File *file, const void *context)
{
    const CheckpointBody *body = context;
    const TrainState *s = body->state;
    TRY(write_header(file, CHECKPOINT_FORMAT, s));
    TRY(model_file_write_head(file, &s->params->config, s->tokenizer));
    for (int i = 0; i < body->whole->n; i++) {
        const StateArray *array = &body->whole->array[i];
        TRY(state_array_write(file, array, body->n_sets, array->data));
    }
    if (s->means) TRY(h5_put_i64(file, "/collapse", "sets", s->means_by_rank ? body->n_sets : 1));
    TRY(h5_put_text(file, "/progress", "settings", s->settings));
    TRY(h5_put_text(file, "/progress", "init_hash", s->init_hash));
    return history_write(&s->history, file);
}

typedef struct {
    const TrainState *state;
    const real *weight;
    int64_t step; /* after which it has these weights */
} ModelBody;

/* The finished model tells of which run it is, so that the run is not done again, nor another one over it. */
static Status write_model_body(H5File *file, const void *context)
{
    const ModelBody *body = context;
    const TrainState *s = body->state;
    TRY(write_header(file, MODEL_FORMAT, s));
    TRY(h5_put_i64(file, "/", "step", body->step));
    TRY(h5_put_i64(file, "/", "samples_hash", s->samples_hash));
    TRY(h5_put_text(file, "/", "settings", s->settings));
    return model_file_write(file, &s->params->config, &s->params->layout, body->weight, s->tokenizer);
}

/* The last door before a file: every step was tested, and what is written is tested again. */
static Status check_finite(const char *path, const StateList *whole, int n_sets)
{
    for (int i = 0; i < whole->n; i++) {
        const StateArray *array = &whole->array[i];
        CHECK(state_array_is_finite(array, n_sets), STATUS_DIVERGED,
              "%s is not written: %s holds a number that is not finite: the run has diverged; the last checkpoint is "
              "kept",
              path, array->name);
    }
    return STATUS_OK;
}

Status checkpoint_write_file(const char *folder, int keep, const TrainState *s, const StateList *whole, int n_sets)
{
    char *path = folder_step_path(folder, "step", s->step);
    Status status = check_finite(path, whole, n_sets);
    if (!status) status = h5_write_file(path, write_checkpoint_body, &(CheckpointBody){s, whole, n_sets});
    if (!status) checkpoint_remove_old(folder, keep);
    free(path);
    return status;
}

Status checkpoint_write(const Comm *comm, const char *folder, int keep, TrainState *s)
{
    StateList list, whole;
    state_arrays(s, &list);
    whole = list;
    for (int i = 0; i < list.n; i++) {
        const StateArray *array = &list.array[i];
        if (array->spread == SPREAD_SAME) continue; /* rank 0 has it */
        whole.array[i].data = comm->rank == 0 ? memory_alloc(state_array_bytes(comm, array), 1) : NULL;
        state_array_collect(comm, array, whole.array[i].data);
    }
    Status status = comm->rank == 0 ? checkpoint_write_file(folder, keep, s, &whole, comm->n_ranks) : STATUS_OK;
    for (int i = 0; i < list.n; i++)
        if (whole.array[i].data != list.array[i].data) free(whole.array[i].data);
    return comm_agree(comm, status);
}

static Status write_model(const Comm *comm, const char *folder, const char *name, const ModelBody *body)
{
    Status status = STATUS_OK;
    if (comm->rank == 0) {
        char *path = file_join(folder, name);
        const StateArray weights = {.name = "/model/weights",
                                    .kind = H5_F32,
                                    .data = (void *)(uintptr_t)body->weight,
                                    .layout = &body->state->params->layout};
        status = check_finite(path, &(StateList){.array = {weights}, .n = 1}, 1);
        if (!status) status = h5_write_file(path, write_model_body, body);
        free(path);
    }
    return comm_agree(comm, status);
}

Status checkpoint_write_model(const Comm *comm, const char *folder, const TrainState *s)
{
    return write_model(comm, folder, "model.h5", &(ModelBody){s, s->params->weight, s->step});
}

Status checkpoint_write_best(const Comm *comm, const char *folder, const TrainState *s)
{
    return write_model(comm, folder, "best.h5", &(ModelBody){s, s->best_weight, s->best_step});
}

/* --- finding and reading ------------------------------------------------------------------------ */

/* Its hashes match, and it is a checkpoint whose tensors have the shapes of its configuration. */
static Status check_whole(const char *path)
{
    H5File *file;
    BertConfig config;
    TRY(h5_verify_file(path));
    TRY(model_file_open(path, &file, &config));
    Status status = h5_check_format(file, CHECKPOINT_FORMAT, "checkpoints are written by collapse train");
    h5_close(&file);
    return status;
}

/* Only what is damaged is passed over: a file that may not be read, or is held by another program, may be whole. */
Status checkpoint_newest(const char *folder, bool tells, int64_t *newest)
{
    int64_t *step;
    const int n = folder_steps(folder, "step", &step);
    Status status = STATUS_OK;
    *newest = -1;
    for (int i = 0; i < n && !status && *newest < 0; i++) {
        char *path = folder_step_path(folder, "step", step[i]);
        status = check_whole(path);
        if (!status) *newest = step[i];
        if (status == STATUS_DATA && tells) log_warning("%s; looking for an older checkpoint", status_message());
        if (status == STATUS_DATA) status = STATUS_OK;
        free(path);
    }
    free(step);
    return status;
}

static Status find_whole(const char *folder, char **found)
{
    int64_t newest;
    const Status status = checkpoint_newest(folder, true, &newest);
    *found = newest < 0 ? memory_copy_text("") : folder_step_path(folder, "step", newest);
    return status;
}

Status checkpoint_find(const Comm *comm, const char *folder, char **path)
{
    Status status = STATUS_OK;
    int64_t bytes = 0;
    *path = NULL;
    if (comm->rank == 0) {
        status = find_whole(folder, path);
        bytes = status ? 0 : (int64_t)strlen(*path) + 1;
    }
    if (status) free(*path);
    if (status) *path = NULL;
    TRY(comm_agree(comm, status));
    comm_broadcast(comm, &bytes, sizeof bytes);
    if (comm->rank > 0) *path = memory_alloc((size_t)bytes, 1);
    comm_broadcast(comm, *path, bytes);
    return STATUS_OK;
}

static bool says_yes(const char *lines, const char *key)
{
    char *value = run_settings_value(lines, key);
    const bool yes = value && strcmp(value, "yes") == 0;
    free(value);
    return yes;
}

Status checkpoint_check_settings(const char *path, const char *stored, const char *now)
{
    int n;
    const Setting *table = run_settings_table(&n);
    for (int i = 0; i < n; i++) {
        if (run_settings_may_change(table[i].name)) continue;
        const bool is_precision = strcmp(table[i].name, "precision") == 0;
        if (is_precision && says_yes(now, "change-precision")) continue;
        char *before = run_settings_value(stored, table[i].name), *after = run_settings_value(now, table[i].name);
        Status status = STATUS_OK;
        /* a key that was not known when the file was written had its default */
        if (!settings_same_value(&table[i], before ? before : table[i].fallback, after ? after : table[i].fallback))
            status =
                status_set(STATUS_USAGE, __FILE__, __LINE__,
                           "%s: was written with %s = %s, this run has %s; keep the setting, choose another output, or "
                           "set %s",
                           path, table[i].name, before ? before : table[i].fallback, after ? after : table[i].fallback,
                           is_precision ? "change-precision = yes" : "resume = never");
        free(before);
        free(after);
        TRY(status);
    }
    return STATUS_OK;
}

/* The first row whose piece differs, or the first that only one has; -1: none. */
static int other_piece(const Tokenizer *there, const Tokenizer *here)
{
    const int most = there->n < here->n ? there->n : here->n;
    for (int id = 0; id < most; id++)
        if (strcmp(there->piece[id], here->piece[id]) != 0) return id;
    return there->n == here->n ? -1 : most;
}

static bool same_settings(const Tokenizer *there, const Tokenizer *here)
{
    char *a = tokenizer_settings(there, false), *b = tokenizer_settings(here, false);
    const bool same = strcmp(a, b) == 0;
    free(a);
    free(b);
    return same;
}

static Status compare_tokenizers(const char *file, const char *key, const char *path, const Tokenizer *there,
                                 const Tokenizer *here)
{
    const int at = other_piece(there, here);
    CHECK(
        at < 0 || at == there->n || at == here->n, STATUS_USAGE,
        "%s: was written with another vocabulary than that of %s = %s: piece %d is '%s' there, '%s' here; restore it, "
        "or choose another output",
        file, key, path, at, there->piece[at], here->piece[at]);
    CHECK(
        at < 0, STATUS_USAGE,
        "%s: was written with another vocabulary than that of %s = %s: %d pieces there, %d here; restore it, or choose "
        "another output",
        file, key, path, there->n, here->n);
    CHECK(there->lower_case == here->lower_case, STATUS_USAGE,
          "%s: was written with a %scased vocabulary, that of %s = %s is %scased; restore it, or choose another output",
          file, there->lower_case ? "un" : "", key, path, here->lower_case ? "un" : "");
    CHECK(
        same_settings(there, here), STATUS_USAGE,
        "%s: was written with other settings or added tokens of the tokenizer than those of %s = %s; restore them, or "
        "choose another output",
        file, key, path);
    return STATUS_OK;
}

/* The same pieces in the same order, cut in the same way; other ids would mean other words. */
static Status check_pieces(H5File *file, const BertConfig *config, const TrainState *s)
{
    char *init = run_settings_value(s->settings, "init");
    const char *key = init && strcmp(init, "random") == 0 ? "vocab" : "init";
    char *path = run_settings_value(s->settings, key);
    Tokenizer there;
    Status status = model_file_read_tokenizer(file, config, &there);
    if (!status) status = compare_tokenizers(h5_path(file), key, path ? path : "", &there, s->tokenizer);
    tokenizer_free(&there);
    free(init);
    free(path);
    return status;
}

/* The same classes; the list may lie elsewhere. The first word that only one of them has is named. */
static Status compare_words(const char *path, const TrainState *s, int n, const int32_t *id)
{
    const int mine = s->means->n_classes;
    int i = 0;
    while (i < n && i < mine && id[i] == s->class_id[i]) i++;
    if (i == n && i == mine) return STATUS_OK;
    const bool is_missing = i == mine || (i < n && id[i] < s->class_id[i]); /* ids ascend */
    const int word = is_missing ? id[i] : s->class_id[i];
    char *list = run_settings_value(s->settings, "nc-words");
    status_set(STATUS_USAGE, __FILE__, __LINE__,
               "%s: was written with other words in nc-words: '%s' (id %d) %s %s; restore the list, or choose another "
               "output",
               path, word >= 0 && word < s->tokenizer->n ? s->tokenizer->piece[word] : "?", word,
               is_missing ? "is missing from" : "is new in", list ? list : "(none)");
    free(list);
    return STATUS_USAGE;
}

static Status check_words(H5File *file, const TrainState *s)
{
    static const char name[] = "/collapse/class_id";
    H5Shape shape;
    if (!s->means || !h5_exists(file, name)) return STATUS_OK; /* state_arrays says what is missing */
    TRY(h5_shape(file, name, &shape));
    int32_t *id = memory_alloc((size_t)shape.count + 1, sizeof *id);
    Status status = h5_read(file, name, H5_I32, shape.count, id);
    if (!status) status = compare_words(h5_path(file), s, (int)shape.count, id);
    free(id);
    return status;
}

/* The weights it began with: a path may change, a model may not. Older checkpoints do not tell. */
static Status check_init(H5File *file, const TrainState *s)
{
    char *hash = NULL;
    if (!h5_has_attribute(file, "/progress", "init_hash")) return STATUS_OK;
    TRY(h5_get_text(file, "/progress", "init_hash", &hash));
    const bool same = strcmp(hash, s->init_hash) == 0;
    free(hash);
    char *init = run_settings_value(s->settings, "init");
    if (!same)
        status_set(STATUS_USAGE, __FILE__, __LINE__,
                   "%s: the run began with another model than init = %s; restore it, or choose another output",
                   h5_path(file), init ? init : "(none)");
    free(init);
    return same ? STATUS_OK : STATUS_USAGE;
}

static void read_planned(const char *settings, TrainState *s)
{
    char *steps = run_settings_value(settings, "steps"), *epochs = run_settings_value(settings, "epochs");
    if (!steps || !text_to_int64(steps, &s->planned_steps)) s->planned_steps = 0;
    if (!epochs || !text_to_int64(epochs, &s->planned_epochs)) s->planned_epochs = 0;
    free(steps);
    free(epochs);
}

static Status check_run(H5File *file, TrainState *s)
{
    BertConfig config;
    char *settings;
    TRY(h5_check_format(file, CHECKPOINT_FORMAT, "give a step-*.h5 file to resume"));
    TRY(bert_config_read(file, &config));
    TRY(h5_get_text(file, "/progress", "settings", &settings));
    Status status = checkpoint_check_settings(h5_path(file), settings, s->settings);
    read_planned(settings, s);
    free(settings);
    if (!status) status = check_pieces(file, &config, s);
    if (!status) status = check_words(file, s);
    TRY(status);
    const char *key = bert_config_difference(&config, &s->params->config);
    CHECK(!key, STATUS_USAGE, "%s: holds a model of another %s than init; restore it, or choose another output",
          h5_path(file), key);
    return check_init(file, s);
}

/* whole: where the arrays of list go. */
static Status read_local(const Comm *comm, const char *path, TrainState *s, const StateList *list, void *const *whole)
{
    H5File *file;
    BertConfig config;
    TRY(model_file_open(path, &file, &config));
    if (!h5_is_sealed(file))
        log_warning("%s: was written by an older version: its settings are not covered by a hash", path);
    Status status = check_run(file, s);
    for (int i = 0; i < list->n && !status; i++)
        status = state_array_read(file, &list->array[i], comm->n_ranks, whole[i]);
    if (!status) status = history_read(file, &s->history);
    h5_close(&file);
    TRY(status);
    const int64_t named = folder_step_of(path, "step");
    CHECK(named < 0 || named == s->step, STATUS_USAGE,
          "%s: holds step %lld, not the step of its name; give it its own name back", path, (long long)s->step);
    return STATUS_OK;
}

Status checkpoint_read(const Comm *comm, const char *path, TrainState *s)
{
    StateList list;
    void *whole[STATE_ARRAYS] = {NULL};
    state_arrays(s, &list);
    for (int i = 0; i < list.n && comm->rank == 0; i++)
        whole[i] = list.array[i].spread == SPREAD_SAME ? list.array[i].data
                                                       : memory_alloc(state_array_bytes(comm, &list.array[i]), 1);
    Status status = comm_agree(comm, comm->rank == 0 ? read_local(comm, path, s, &list, whole) : STATUS_OK);
    for (int i = 0; i < list.n; i++) {
        if (!status && !state_array_is_checked(&list.array[i])) state_array_spread(comm, &list.array[i], whole[i]);
        if (whole[i] != list.array[i].data) free(whole[i]);
    }
    return status;
}
