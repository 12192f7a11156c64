/* checkpoint.c: rank 0 reads and writes, the others receive. */
#include "train/checkpoint.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "io/file.h"
#include "train/run_settings.h"

/* --- names -------------------------------------------------------------------------------------- */

static bool step_of_name(const char *name, int64_t *step)
{
    long long number;
    int used = 0;
    if (sscanf(name, "step-%8lld.h5%n", &number, &used) != 1 || used == 0 || name[used] != '\0') return false;
    *step = number;
    return true;
}

static int descending(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* Steps of the checkpoints in folder, newest first; *step is owned by the caller. Also removes what a
 * killed run left half-written. */
static int list_steps(const char *folder, int64_t **step)
{
    size_t n = 0, capacity = 0;
    *step = NULL;
    DIR *directory = opendir(folder);
    if (!directory) return 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        int64_t number;
        if (strncmp(entry->d_name, "step-", 5) == 0 && strstr(entry->d_name, ".h5.partial")) {
            char *path = file_join(folder, entry->d_name);
            unlink(path);
            free(path);
        }
        if (!step_of_name(entry->d_name, &number)) continue;
        memory_reserve((void **)step, &capacity, n + 1, sizeof **step);
        (*step)[n++] = number;
    }
    closedir(directory);
    if (n) qsort(*step, n, sizeof **step, descending);
    return (int)n;
}

static char *step_path(const char *folder, int64_t step)
{
    return memory_print("%s/step-%08lld.h5", folder, (long long)step);
}

static void remove_old(const char *folder, int keep)
{
    int64_t *step;
    const int n = list_steps(folder, &step);
    for (int i = keep; i < n; i++) {
        char *path = step_path(folder, step[i]);
        unlink(path);
        free(path);
    }
    free(step);
}

/* --- writing ------------------------------------------------------------------------------------ */

static Status write_scalar(H5File *file, const char *name, int64_t value)
{
    char path[64];
    snprintf(path, sizeof path, "/progress/%s", name);
    TRY(h5_put_i64(file, "/progress", name, value));
    return h5_write(file, path, H5_I64, 0, NULL, "", &value);
}

static Status write_progress(H5File *file, const TrainState *s)
{
    TRY(write_scalar(file, "step", s->step));
    TRY(write_scalar(file, "epoch", s->epoch));
    TRY(write_scalar(file, "next_sample", s->next_sample));
    TRY(write_scalar(file, "seed", s->seed));
    TRY(write_scalar(file, "tokens", s->tokens));
    TRY(write_scalar(file, "samples_hash", (int64_t)s->samples_hash));
    TRY(h5_write(file, "/progress/seconds", H5_F64, 0, NULL, "", &s->seconds));
    return h5_put_text(file, "/progress", "settings", s->settings);
}

GatheredMeans checkpoint_gather_means(const Comm *comm, const TrainState *s)
{
    if (!s->means) return (GatheredMeans){0};
    const size_t block = (size_t)s->means->n_classes * ((size_t)s->means->n_features + 2);
    GatheredMeans all = {.n_sets = s->means_by_rank ? comm->n_ranks : 1};
    if (comm->rank == 0) {
        all.sum = memory_alloc((size_t)all.n_sets * block, sizeof(double));
        all.count = memory_alloc((size_t)(all.n_sets * s->means->n_classes), sizeof(int64_t));
    }
    if (s->means_by_rank) {
        comm_gather(comm, s->means->sum, (int64_t)(block * sizeof(double)), all.sum);
        comm_gather(comm, s->means->count, s->means->n_classes * (int64_t)sizeof(int64_t), all.count);
    } else if (comm->rank == 0) {
        memcpy(all.sum, s->means->sum, block * sizeof(double));
        memcpy(all.count, s->means->count, (size_t)s->means->n_classes * sizeof(int64_t));
    }
    return all;
}

/* /collapse/sum [K, D] and so on; with nc-sync = none one set per rank, [ranks * K, D]. */
static Status write_means(H5File *file, const TrainState *s, const GatheredMeans *all)
{
    const int k = s->means->n_classes, d = s->means->n_features, rows = all->n_sets * k;
    const size_t block = (size_t)k * ((size_t)d + 2);
    double *sum = memory_alloc((size_t)rows * (size_t)d, sizeof *sum);
    double *square = memory_alloc((size_t)rows, sizeof *square), *weight = memory_alloc((size_t)rows, sizeof *weight);
    for (int set = 0; set < all->n_sets; set++) {
        const double *from = all->sum + (size_t)set * block;
        memcpy(sum + (size_t)(set * k) * (size_t)d, from, (size_t)k * (size_t)d * sizeof *sum);
        memcpy(square + set * k, from + (size_t)k * (size_t)d, (size_t)k * sizeof *square);
        memcpy(weight + set * k, from + (size_t)k * (size_t)d + k, (size_t)k * sizeof *weight);
    }
    const int64_t one[] = {k}, all_rows[] = {rows}, matrix[] = {rows, d};
    Status status = h5_write(file, "/collapse/class_id", H5_I32, 1, one, "class", s->class_id);
    if (!status) status = h5_write(file, "/collapse/sum", H5_F64, 2, matrix, "class, feature", sum);
    if (!status) status = h5_write(file, "/collapse/square", H5_F64, 1, all_rows, "class", square);
    if (!status) status = h5_write(file, "/collapse/weight", H5_F64, 1, all_rows, "class", weight);
    if (!status) status = h5_write(file, "/collapse/count", H5_I64, 1, all_rows, "class", all->count);
    if (!status) status = h5_put_i64(file, "/collapse", "sets", all->n_sets);
    free(sum);
    free(square);
    free(weight);
    return status;
}

static Status write_header_and_model(H5File *file, const char *format, const TrainState *s)
{
    char hash[HASH_TEXT_SIZE];
    hash_sha256(s->settings, strlen(s->settings), hash);
    TRY(h5_write_header(file, format, s->command_line, hash));
    return model_file_write(file, &s->params->config, &s->params->layout, s->params->weight, &s->pieces);
}

typedef struct {
    const TrainState *state;
    const GatheredMeans *means;
} CheckpointBody;

static Status write_checkpoint_body(H5File *file, const void *context)
{
    const CheckpointBody *body = context;
    const TrainState *s = body->state;
    TRY(write_header_and_model(file, CHECKPOINT_FORMAT, s));
    TRY(model_file_write_block(file, "/optimizer/first", &s->params->layout, s->params->first));
    TRY(model_file_write_block(file, "/optimizer/second", &s->params->layout, s->params->second));
    TRY(write_progress(file, s));
    if (s->means) TRY(write_means(file, s, body->means));
    return history_write(&s->history, file);
}

static Status write_model_body(H5File *file, const void *context)
{
    return write_header_and_model(file, MODEL_FORMAT, context);
}

void checkpoint_free_means(GatheredMeans *means)
{
    free(means->sum);
    free(means->count);
    *means = (GatheredMeans){0};
}

Status checkpoint_write_file(const char *folder, int keep, const TrainState *s, const GatheredMeans *means)
{
    char *path = step_path(folder, s->step);
    Status status = h5_write_file(path, write_checkpoint_body, &(CheckpointBody){s, means});
    if (!status) remove_old(folder, keep);
    free(path);
    return status;
}

void checkpoint_collect_moments(const Comm *comm, const TrainState *s, real *first, real *second)
{
    const Params *p = s->params;
    if (s->dealt) {
        buckets_collect(comm, s->dealt, p->first, first);
        buckets_collect(comm, s->dealt, p->second, second);
    } else if (comm->rank == 0) {
        memcpy(first, p->first, (size_t)p->layout.count * sizeof *first);
        memcpy(second, p->second, (size_t)p->layout.count * sizeof *second);
    }
}

Status checkpoint_write(const Comm *comm, const char *folder, int keep, const TrainState *s)
{
    GatheredMeans means = checkpoint_gather_means(comm, s);
    Params whole = *s->params;
    TrainState state = *s;
    state.params = &whole;
    if (s->dealt) {
        whole.first = whole.second = NULL;
        if (comm->rank == 0) whole.first = memory_alloc(2 * (size_t)whole.layout.count, sizeof *whole.first);
        if (comm->rank == 0) whole.second = whole.first + whole.layout.count;
        checkpoint_collect_moments(comm, s, whole.first, whole.second);
    }
    Status status = comm->rank == 0 ? checkpoint_write_file(folder, keep, &state, &means) : STATUS_OK;
    if (s->dealt) free(whole.first);
    checkpoint_free_means(&means);
    return comm_agree(comm, status);
}

Status checkpoint_write_model(const Comm *comm, const char *folder, const TrainState *s)
{
    Status status = STATUS_OK;
    if (comm->rank == 0) {
        char *path = file_join(folder, "model.h5");
        status = h5_write_file(path, write_model_body, s);
        free(path);
    }
    return comm_agree(comm, status);
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
static Status find_whole(const char *folder, char **found)
{
    int64_t *step;
    const int n = list_steps(folder, &step);
    Status status = STATUS_OK;
    *found = NULL;
    for (int i = 0; i < n && !status && !*found; i++) {
        char *path = step_path(folder, step[i]);
        const Status whole = check_whole(path);
        if (!whole) *found = path;
        else free(path);
        if (whole == STATUS_DATA) log_warning("%s; looking for an older checkpoint", status_message());
        else status = whole;
    }
    free(step);
    if (!*found) *found = memory_copy_text("");
    return status;
}

Status checkpoint_find(const Comm *comm, const char *folder, char **path)
{
    char text[4096] = "";
    Status status = STATUS_OK;
    *path = NULL;
    if (comm->rank == 0) {
        char *found;
        status = find_whole(folder, &found);
        snprintf(text, sizeof text, "%s", found);
        free(found);
    }
    TRY(comm_agree(comm, status));
    comm_broadcast(comm, text, sizeof text);
    *path = memory_copy_text(text);
    return STATUS_OK;
}

static Status set_aside_local(const char *folder, int64_t after)
{
    int64_t *step;
    const int n = list_steps(folder, &step);
    Status status = STATUS_OK;
    for (int i = 0; i < n && !status; i++) {
        if (step[i] <= after) continue;
        char *path = step_path(folder, step[i]), *aside = memory_print("%s.old", path);
        if (rename(path, aside) != 0)
            status = status_set(STATUS_IO, __FILE__, __LINE__, "%s: cannot be renamed to %s", path, aside);
        else log_line("%s is not part of this run and was renamed to %s", path, aside);
        free(path);
        free(aside);
    }
    free(step);
    return status;
}

Status checkpoint_set_aside(const Comm *comm, const char *folder, int64_t step)
{
    return comm_agree(comm, comm->rank == 0 ? set_aside_local(folder, step) : STATUS_OK);
}

/* The value of key in `key = value` lines; a copy owned by the caller, NULL if absent. */
static char *line_value(const char *lines, const char *key)
{
    Slice rest = slice_of(lines), line, name;
    while (slice_next_line(&rest, &line)) {
        slice_next_field(&line, '=', &name);
        if (slice_is(slice_trim(name), key)) return slice_copy(slice_trim(line));
    }
    return NULL;
}

static Status check_settings(const char *path, const char *stored, const char *now)
{
    int n;
    const Setting *table = run_settings_table(&n);
    for (int i = 0; i < n; i++) {
        if (run_settings_may_change(table[i].name)) continue;
        char *before = line_value(stored, table[i].name), *after = line_value(now, table[i].name);
        Status status = STATUS_OK;
        if (strcmp(before ? before : "", after ? after : "") != 0)
            status =
                status_set(STATUS_USAGE, __FILE__, __LINE__,
                           "%s: was written with %s = %s, this run has %s; keep the setting, choose another output, or "
                           "set resume = never",
                           path, table[i].name, before ? before : "(none)", after ? after : "(none)");
        free(before);
        free(after);
        TRY(status);
    }
    return STATUS_OK;
}

static Status read_scalar(H5File *file, const char *name, int64_t *value)
{
    char path[64];
    snprintf(path, sizeof path, "/progress/%s", name);
    return h5_read(file, path, H5_I64, 1, value);
}

static Status read_progress(H5File *file, TrainState *s)
{
    int64_t seed, samples_hash;
    char *settings;
    TRY(h5_get_text(file, "/progress", "settings", &settings));
    Status status = check_settings(h5_path(file), settings, s->settings);
    free(settings);
    TRY(status);
    TRY(read_scalar(file, "step", &s->step));
    TRY(read_scalar(file, "epoch", &s->epoch));
    TRY(read_scalar(file, "next_sample", &s->next_sample));
    TRY(read_scalar(file, "seed", &seed));
    TRY(read_scalar(file, "tokens", &s->tokens));
    TRY(read_scalar(file, "samples_hash", &samples_hash));
    TRY(h5_read(file, "/progress/seconds", H5_F64, 1, &s->seconds));
    CHECK(seed == s->seed, STATUS_DATA, "%s: has the seed %lld, this run %lld", h5_path(file), (long long)seed,
          (long long)s->seed);
    CHECK((uint64_t)samples_hash == s->samples_hash, STATUS_DATA,
          "%s: was written while training on another text (train-data has changed); restore it, or set resume = never",
          h5_path(file));
    return STATUS_OK;
}

/* All sets of class means, in the order of GatheredMeans. */
static Status read_means(H5File *file, int n_sets, const TrainState *s, GatheredMeans *all)
{
    const int k = s->means->n_classes, d = s->means->n_features, rows = n_sets * k;
    const size_t block = (size_t)k * ((size_t)d + 2);
    int64_t stored_sets;
    int *class_id = memory_alloc((size_t)k, sizeof *class_id);
    double *sum = memory_alloc((size_t)rows, (size_t)d * sizeof *sum);
    double *square = memory_alloc((size_t)rows, 2 * sizeof *square), *weight = square + rows;
    Status status = STATUS_OK;
    if (!h5_exists(file, "/collapse/class_id"))
        status = status_set(STATUS_USAGE, __FILE__, __LINE__,
                            "%s: holds no class means: it was written with nc-weight = 0 and without geometry-steps; "
                            "leave them out, or set "
                            "resume = never",
                            h5_path(file));
    if (!status) status = h5_get_i64(file, "/collapse", "sets", &stored_sets);
    if (!status && stored_sets != n_sets)
        status = status_set(
            STATUS_USAGE, __FILE__, __LINE__,
            "%s: was written by %lld ranks with nc-sync = none, each with its own class means; continue with as many",
            h5_path(file), (long long)stored_sets);
    if (!status) status = h5_read(file, "/collapse/class_id", H5_I32, k, class_id);
    if (!status && memcmp(class_id, s->class_id, (size_t)k * sizeof *class_id) != 0)
        status = status_set(STATUS_USAGE, __FILE__, __LINE__,
                            "%s: was written with other words in nc-words; restore the list, or set resume = never",
                            h5_path(file));
    if (!status) status = h5_read(file, "/collapse/sum", H5_F64, (int64_t)rows * d, sum);
    if (!status) status = h5_read(file, "/collapse/square", H5_F64, rows, square);
    if (!status) status = h5_read(file, "/collapse/weight", H5_F64, rows, weight);
    if (!status) status = h5_read(file, "/collapse/count", H5_I64, rows, all->count);
    for (int set = 0; set < n_sets && !status; set++) {
        double *to = all->sum + (size_t)set * block;
        memcpy(to, sum + (size_t)(set * k) * (size_t)d, (size_t)k * (size_t)d * sizeof *sum);
        memcpy(to + (size_t)k * (size_t)d, square + set * k, (size_t)k * sizeof *square);
        memcpy(to + (size_t)k * (size_t)d + k, weight + set * k, (size_t)k * sizeof *weight);
    }
    free(class_id);
    free(sum);
    free(square);
    return status;
}

static Status read_local(const char *path, TrainState *s, int n_sets, real *first, real *second, GatheredMeans *means)
{
    H5File *file;
    BertConfig config;
    TRY(model_file_open(path, &file, &config));
    Status status = h5_check_format(file, CHECKPOINT_FORMAT, "give a step-*.h5 file to resume");
    const char *key = status ? NULL : bert_config_difference(&config, &s->params->config);
    if (key)
        status = status_set(STATUS_DATA, __FILE__, __LINE__,
                            "%s: holds a model of another %s than init; set resume = never", path, key);
    if (!status) status = read_progress(file, s);
    if (!status) status = model_file_read_block(file, "/model/weights", &s->params->layout, s->params->weight);
    if (!status) status = model_file_read_block(file, "/optimizer/first", &s->params->layout, first);
    if (!status) status = model_file_read_block(file, "/optimizer/second", &s->params->layout, second);
    if (!status && s->means) status = read_means(file, n_sets, s, means);
    if (!status) status = history_read(file, &s->history);
    h5_close(&file);
    return status;
}

/* first, second: the moments as read, on rank 0. */
static void share(const Comm *comm, TrainState *s, const real *first, const real *second, const GatheredMeans *means)
{
    int64_t whole[] = {s->step, s->epoch, s->next_sample, s->tokens};
    comm_broadcast(comm, whole, sizeof whole);
    comm_broadcast(comm, &s->seconds, sizeof s->seconds);
    s->step = whole[0], s->epoch = whole[1], s->next_sample = whole[2], s->tokens = whole[3];
    const int64_t bytes = s->params->layout.count * (int64_t)sizeof(real);
    comm_broadcast(comm, s->params->weight, bytes);
    if (s->dealt) {
        buckets_deal(comm, s->dealt, first, s->params->first);
        buckets_deal(comm, s->dealt, second, s->params->second);
    } else {
        comm_broadcast(comm, s->params->first, bytes);
        comm_broadcast(comm, s->params->second, bytes);
    }
    if (!s->means) return;
    const int64_t block = (int64_t)s->means->n_classes * (s->means->n_features + 2) * (int64_t)sizeof(double);
    const int64_t counts = s->means->n_classes * (int64_t)sizeof(int64_t);
    if (s->means_by_rank) {
        comm_scatter_equal(comm, means->sum, s->means->sum, block);
        comm_scatter_equal(comm, means->count, s->means->count, counts);
        return;
    }
    if (comm->rank == 0) {
        memcpy(s->means->sum, means->sum, (size_t)block);
        memcpy(s->means->count, means->count, (size_t)counts);
    }
    comm_broadcast(comm, s->means->sum, block);
    comm_broadcast(comm, s->means->count, counts);
}

Status checkpoint_read(const Comm *comm, const char *path, TrainState *s)
{
    const int n_sets = s->means_by_rank ? comm->n_ranks : 1;
    const size_t count = (size_t)s->params->layout.count;
    GatheredMeans means = {.n_sets = n_sets};
    real *moments = NULL, *first = NULL, *second = NULL;
    Status status = STATUS_OK;
    if (comm->rank == 0) {
        if (s->means) {
            const size_t k = (size_t)s->means->n_classes, sets = (size_t)n_sets;
            means.sum = memory_alloc(sets * k * ((size_t)s->means->n_features + 2), sizeof(double));
            means.count = memory_alloc(sets * k, sizeof(int64_t));
        }
        if (s->dealt) moments = memory_alloc(2 * count, sizeof *moments);
        first = s->dealt ? moments : s->params->first;
        second = s->dealt ? moments + count : s->params->second;
        status = read_local(path, s, n_sets, first, second, &means);
    }
    status = comm_agree(comm, status);
    if (!status) share(comm, s, first, second, &means);
    free(moments);
    free(means.sum);
    free(means.count);
    return status;
}
