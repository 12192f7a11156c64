/* folder.c: rank 0 looks and acts; all agree. */
#include "train/folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/process.h"
#include "io/file.h"
#include "io/h5.h"
#include "io/output.h"
#include "train/checkpoint.h"
#include "train/trace.h"

/* --- names ------------------------------------------------------------------------------------------ */

/* Only as folder_step_path writes it: step-6.h5 is somebody's own. */
static bool step_of_name(const char *name, const char *kind, int64_t *step)
{
    long long number;
    const size_t n = strlen(kind);
    if (strncmp(name, kind, n) != 0 || sscanf(name + n, "-%8lld.h5", &number) != 1 || number < 0) return false;
    char *written = memory_print("%s-%08lld.h5", kind, number);
    const bool is_ours = strcmp(written, name) == 0;
    free(written);
    *step = number;
    return is_ours;
}

static int descending(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

int folder_steps(const char *folder, const char *kind, int64_t **step)
{
    size_t n = 0, capacity = 0;
    *step = NULL;
    DIR *directory = opendir(folder);
    if (!directory) return 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        int64_t number;
        if (!step_of_name(entry->d_name, kind, &number)) continue;
        memory_reserve((void **)step, &capacity, n + 1, sizeof **step);
        (*step)[n++] = number;
    }
    closedir(directory);
    if (n) qsort(*step, n, sizeof **step, descending);
    return (int)n;
}

char *folder_step_path(const char *folder, const char *kind, int64_t step)
{
    return memory_print("%s/%s-%08lld.h5", folder, kind, (long long)step);
}

int64_t folder_step_of(const char *path, const char *kind)
{
    const char *slash = strrchr(path, '/');
    int64_t step;
    return step_of_name(slash ? slash + 1 : path, kind, &step) ? step : -1;
}

/* Does a run write files of this name into its folder? */
static bool is_own_name(const char *name)
{
    static const char *const fixed[] = {"run.conf", "log.tsv", "model.h5", "best.h5", "corpus.h5"};
    int64_t step;
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        if (strcmp(fixed[i], name) == 0) return true;
    return step_of_name(name, "step", &step) || step_of_name(name, "geometry", &step);
}

/* --- outputs and inputs ----------------------------------------------------------------------------- */

static const char of_settings[] = "the settings file", of_resume[] = "resume";

static bool is_word_of(const char *list, const char *value)
{
    Slice rest = slice_of(list), word;
    while (slice_next_field(&rest, ' ', &word))
        if (slice_is(word, value)) return true;
    return false;
}

/* Files that the method's own keys name. */
static void list_of_method(const RunSettings *run, Inputs *inputs)
{
    for (int k = 0; k < run->method->n_keys; k++) {
        const Setting *key = &run->method->key[k];
        const char *path;
        if (key->kind != SETTING_PATH) continue;
        memcpy(&path, (const char *)run_settings_options(run, run->method) + key->offset, sizeof path);
        if (!is_word_of(key->choices, path)) inputs_add(inputs, key->name, path);
    }
}

/* more: what else the run reads. */
static Inputs list_inputs(const RunSettings *run, const Inputs *more)
{
    const bool is_random = strcmp(run->model.init, "random") == 0;
    Inputs inputs = {0};
    inputs_add(&inputs, of_settings, run->settings_file);
    inputs_add(&inputs, "init", is_random ? "" : run->model.init);
    inputs_add(&inputs, "vocab", is_random ? run->model.vocab : "");
    inputs_add(&inputs, "train-data", run->data.path);
    inputs_add(&inputs, "nc-words", run->nc.words);
    list_of_method(run, &inputs);
    for (int i = 0; i < more->n; i++) inputs_add(&inputs, more->input[i].role, more->input[i].path);
    if (!is_word_of("auto never", run->checkpoint.resume)) inputs_add(&inputs, of_resume, run->checkpoint.resume);
    return inputs;
}

/* What stands in the place of a file of the run: nothing has been renamed yet. */
static Status check_is_file(const char *path)
{
    struct stat info;
    CHECK(stat(path, &info) != 0 || S_ISREG(info.st_mode), STATUS_USAGE,
          "%s: the run keeps a file of this name, and this is %s; move it away, or choose another output", path,
          S_ISDIR(info.st_mode) ? "a folder" : "a pipe or a device");
    return STATUS_OK;
}

/* A file that the run is given, and that it would itself replace or remove. run.conf may be given again, and resume may
 * name a checkpoint of the folder. */
static Status check_own_names(const RunSettings *run, const Inputs *inputs)
{
    DIR *directory = opendir(run->output);
    Status status = STATUS_OK;
    for (struct dirent *entry; directory && !status && (entry = readdir(directory));) {
        if (!is_own_name(entry->d_name)) continue;
        char *path = file_join(run->output, entry->d_name);
        status = check_is_file(path);
        const bool is_conf = strcmp(entry->d_name, "run.conf") == 0;
        for (int i = 0; i < inputs->n && !status; i++)
            if (inputs->input[i].role != of_resume && (inputs->input[i].role != of_settings || !is_conf))
                status = output_check_inputs("a file of output", path, &inputs->input[i], 1);
        free(path);
    }
    if (directory) closedir(directory);
    return status;
}

static Status check_is_not_own(const RunSettings *run, const char *role, const char *path)
{
    char *folder = file_folder(path);
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const bool is_taken = is_own_name(name) || strcmp(name, "stop") == 0 || strncmp(name, "lock-", 5) == 0;
    const bool is_own = is_taken && file_is_same(folder, run->output);
    free(folder);
    CHECK(!is_own, STATUS_USAGE, "%s = %s is the name of a file that the run itself writes or heeds; choose another",
          role, path);
    return STATUS_OK;
}

/* What a method writes for the next run, if it is not there (ase-fisher). */
static Status check_of_method(const RunSettings *run)
{
    Inputs own = {0};
    Status status = STATUS_OK;
    list_of_method(run, &own);
    for (int i = 0; i < own.n && !status; i++) status = check_is_not_own(run, own.input[i].role, own.input[i].path);
    inputs_free(&own);
    return status;
}

static Status check_listed(const RunSettings *run, const Inputs *inputs)
{
    static const OutputKind trace = {"a trace", "collapse-trace", NULL, true};
    const char *kept = run->data.cache;
    TRY(check_own_names(run, inputs));
    TRY(check_of_method(run));
    if (run->trace[0]) {
        TRY(check_is_not_own(run, "trace", run->trace));
        TRY(output_check_existing("trace", run->trace, &trace, run->overwrite, inputs->input, inputs->n));
    }
    if (strcmp(kept, "auto") == 0 || strcmp(kept, "no") == 0) return STATUS_OK;
    CHECK(!run->trace[0] || !file_is_same(run->trace, kept), STATUS_USAGE,
          "trace and corpus-cache = %s are the same file; choose another", kept);
    char *own = file_join(run->output, "corpus.h5");
    Status status = file_is_same(own, kept) ? STATUS_OK : check_is_not_own(run, "corpus-cache", kept);
    free(own);
    TRY(status);
    return output_check_inputs("corpus-cache", kept, inputs->input, inputs->n);
}

static Status check_outputs(const RunSettings *run, const Inputs *more)
{
    Inputs inputs = list_inputs(run, more);
    Status status = check_listed(run, &inputs);
    inputs_free(&inputs);
    return status;
}

/* --- owning ----------------------------------------------------------------------------------------- */

/* We own the folder: what is half-written in it is of the dead. Only the lock's own partial files may be of somebody
 * who waits for it. */
static void remove_partials(const char *folder)
{
    DIR *directory = opendir(folder);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        const char *name = entry->d_name, *mark, *end = strstr(name, ".partial");
        size_t length;
        bool is_dead = false;
        if (!end || end[strlen(".partial")]) continue;
        const bool is_marked = file_is_partial(name, &mark);
        char *whole = memory_print("%.*s", (int)(is_marked ? mark - 1 - name : end - name), name);
        const bool is_lock = is_marked && strncmp(whole, "lock-", 5) == 0;
        if (is_lock) process_read_mark(mark, &length, &is_dead);
        char *path = file_join(folder, name);
        if (is_own_name(whole) || is_dead) unlink(path);
        free(path);
        free(whole);
    }
    if (directory) closedir(directory);
}

static Status take(const RunSettings *run, Folder *f)
{
    char *prefix = file_join(run->output, "lock-"), *trace = memory_print("%s.lock-", run->trace);
    Status status = lock_take(prefix, run->output, log_line, &f->lock);
    if (!status && run->trace[0]) status = lock_take(trace, run->trace, log_line, &f->trace_lock);
    free(prefix);
    free(trace);
    return status;
}

static Status open_local(const RunSettings *run, const Inputs *more, Folder *f)
{
    TRY(check_outputs(run, more));
    if (run->dry_run) return STATUS_OK;
    f->was_made = !file_exists(run->output);
    TRY(file_make_folder(run->output));
    TRY(take(run, f));
    remove_partials(run->output);
    return STATUS_OK;
}

Status folder_open(const Comm *comm, const RunSettings *run, const Inputs *more, Folder *f)
{
    *f = (Folder){.run = run};
    return comm_agree(comm, comm->rank == 0 ? open_local(run, more, f) : STATUS_OK);
}

Status folder_check(const Folder *f)
{
    TRY(f->lock ? lock_check(f->lock) : STATUS_OK);
    return f->trace_lock ? lock_check(f->trace_lock) : STATUS_OK;
}

void folder_close(Folder *f)
{
    lock_release(&f->trace_lock);
    lock_release(&f->lock);
    if (f->was_made) rmdir(f->run->output); /* does nothing when something is in it */
    *f = (Folder){0};
}

/* --- what is there ---------------------------------------------------------------------------------- */

/* The same text, or two paths to one file. */
static bool is_same_input(const char *stored, const char *now, const char *key)
{
    char *before = run_settings_value(stored, key), *after = run_settings_value(now, key);
    const char *a = before ? before : "", *b = after ? after : "";
    const bool same = strcmp(a, b) == 0 || (a[0] && b[0] && file_exists(a) && file_exists(b) && file_is_same(a, b));
    free(before);
    free(after);
    return same;
}

/* Does it start from the same files? (Of a text its contents count, where they are known.) */
static Status check_same_inputs(const char *path, const char *stored, const char *now, bool text_is_known)
{
    static const char *const input[] = {"init", "vocab", "nc-words", "train-data"};
    const size_t n = sizeof input / sizeof input[0] - text_is_known;
    for (size_t i = 0; i < n; i++) {
        if (is_same_input(stored, now, input[i])) continue;
        char *before = run_settings_value(stored, input[i]), *after = run_settings_value(now, input[i]);
        status_set(STATUS_USAGE, __FILE__, __LINE__,
                   "%s: was written with %s = %s, this run has %s; choose another output, or set overwrite = yes", path,
                   input[i], before ? before : "(none)", after ? after : "(none)");
        free(before);
        free(after);
        return STATUS_USAGE;
    }
    return STATUS_OK;
}

static bool is_value(const char *stored, const char *key, const char *wanted)
{
    char *value = run_settings_value(stored, key);
    const bool is = value && strcmp(value, wanted) == 0;
    free(value);
    return is;
}

/* Was the run that is there begun by this line? Then the same line goes on with it, also with resume = never or PATH.
 */
static bool is_own_run(const RunSettings *run, const char *settings, bool has_model)
{
    char *path = file_join(run->output, "run.conf"), *stored = NULL;
    size_t length;
    bool is_own = file_exists(path) && file_read(path, &stored, &length) == STATUS_OK &&
                  checkpoint_check_settings(path, stored, settings) == STATUS_OK &&
                  check_same_inputs(path, stored, settings, false) == STATUS_OK;
    if (strcmp(run->checkpoint.resume, "auto") != 0)
        is_own = is_own && is_value(stored, "resume", run->checkpoint.resume);
    if (run->overwrite && has_model) is_own = is_own && is_value(stored, "overwrite", "yes");
    free(path);
    free(stored);
    return is_own;
}

/* What the finished model says of itself, against what this run would do. *step: of the model. */
static Status compare_model(const char *path, const FolderQuestion *q, int64_t *step)
{
    int64_t samples_hash = 0;
    char *stored = NULL;
    H5File *file;
    TRY(h5_open(path, &file));
    Status status = h5_get_text(file, "/", "settings", &stored);
    if (!status) status = h5_get_i64(file, "/", "step", step);
    if (!status) status = h5_get_i64(file, "/", "samples_hash", &samples_hash);
    h5_close(&file);
    if (status)
        status =
            status_set(STATUS_USAGE, __FILE__, __LINE__,
                       "%s: exists and does not tell of which run it is; choose another output, or set overwrite = "
                       "yes, which sets it aside",
                       path);
    if (!status) status = checkpoint_check_settings(path, stored, q->settings);
    if (!status && samples_hash != q->samples_hash)
        status = status_set(STATUS_DATA, __FILE__, __LINE__,
                            "%s: was trained on another text (train-data has changed); choose another output, or set "
                            "overwrite = yes",
                            path);
    if (!status) status = check_same_inputs(path, stored, q->settings, true);
    free(stored);
    return status;
}

/* FOLDER_GOES_ON: this run is longer, or the last checkpoint is damaged or was taken away: it makes them again. */
static Status judge_model(const RunSettings *run, const char *path, const FolderQuestion *q, FolderPlan *plan)
{
    int64_t step = 0, newest;
    TRY(compare_model(path, q, &step));
    TRY(checkpoint_newest(run->output, false, &newest));
    *plan = step >= q->total_steps && (newest < 0 || newest >= step) ? FOLDER_IS_DONE : FOLDER_GOES_ON;
    if (*plan == FOLDER_IS_DONE)
        log_line("%s holds a finished model of %lld steps: nothing to do", run->output, (long long)step);
    CHECK(*plan == FOLDER_IS_DONE || newest >= 0, STATUS_USAGE,
          "%s holds a finished model of %lld steps and no whole checkpoint from which to go on to step %lld; choose "
          "another output, or set overwrite = yes",
          run->output, (long long)step, (long long)q->total_steps);
    return STATUS_OK;
}

static Status plan_local(Folder *f, const FolderQuestion *q, FolderPlan *plan)
{
    const RunSettings *run = f->run;
    const bool never = strcmp(run->checkpoint.resume, "never") == 0,
               is_auto = strcmp(run->checkpoint.resume, "auto") == 0;
    char *model = file_join(run->output, "model.h5");
    f->has_model = file_exists(model);
    f->is_own = is_own_run(run, q->settings, f->has_model);
    Status status = STATUS_OK;
    *plan = FOLDER_GOES_ON;
    const bool begins = (run->overwrite || !is_auto) && !f->is_own;
    if (begins) {
        *plan = is_auto || never ? FOLDER_BEGINS : FOLDER_BRANCHES;
    } else if (f->has_model) {
        status = h5_verify_file(model);
        f->has_model = status != STATUS_DATA;
        if (!status) status = judge_model(run, model, q, plan);
        if (!f->has_model) { /* damaged: the newest checkpoint may still make it anew */
            log_warning("%s; it is set aside", status_message());
            status = file_set_aside(model, file_aside_number(model, 1));
        }
    }
    free(model);
    return status;
}

Status folder_plan(const Comm *comm, Folder *f, const FolderQuestion *question, FolderPlan *plan)
{
    *plan = FOLDER_GOES_ON;
    TRY(comm_agree(comm, comm->rank == 0 ? plan_local(f, question, plan) : STATUS_OK));
    struct {
        FolderPlan plan;
        bool is_own, has_model;
    } found = {*plan, f->is_own, f->has_model};
    comm_broadcast(comm, &found, sizeof found);
    *plan = found.plan;
    f->is_own = found.is_own;
    f->has_model = found.has_model;
    return STATUS_OK;
}

/* --- setting aside ---------------------------------------------------------------------------------- */

typedef struct {
    char **path; /* owned [n] */
    size_t n, capacity;
} Paths;

static void add(Paths *p, char *path)
{
    if (!file_exists(path)) {
        free(path);
        return;
    }
    memory_reserve((void **)&p->path, &p->capacity, p->n + 1, sizeof *p->path);
    p->path[p->n++] = path;
}

static void add_steps(Paths *p, const char *folder, const char *kind, int64_t after)
{
    int64_t *step;
    const int n = folder_steps(folder, kind, &step);
    for (int i = 0; i < n; i++)
        if (step[i] > after) add(p, folder_step_path(folder, kind, step[i]));
    free(step);
}

/* run.conf first and the model last: a start that is killed in between must do the same again. */
static Paths list_aside(const RunSettings *run, int kinds, int64_t after)
{
    Paths p = {0};
    if (kinds & ASIDE_LOG) add(&p, file_join(run->output, "run.conf"));
    if (kinds & ASIDE_LOG) add(&p, file_join(run->output, "log.tsv"));
    if (kinds & ASIDE_CHECKPOINTS) add_steps(&p, run->output, "step", after);
    if (kinds & ASIDE_SNAPSHOTS) add_steps(&p, run->output, "geometry", after);
    if (kinds & ASIDE_SNAPSHOTS) add(&p, file_join(run->output, "best.h5"));
    if (kinds & ASIDE_TRACE && run->trace[0]) add(&p, memory_copy_text(run->trace));
    if (kinds & ASIDE_MODEL) add(&p, file_join(run->output, "model.h5"));
    return p;
}

static int common_number(const Paths *p)
{
    int number = 1;
    for (size_t i = 0; i < p->n;) {
        const int is_free = file_aside_number(p->path[i], number);
        i = is_free == number ? i + 1 : 0;
        number = is_free;
    }
    return number;
}

static Status set_aside_local(const RunSettings *run, int kinds, int64_t after)
{
    Paths p = list_aside(run, kinds, after);
    const int number = common_number(&p);
    Status status = STATUS_OK;
    for (size_t i = 0; i < p.n && !status; i++) status = file_set_aside(p.path[i], number);
    char *name = p.n ? file_aside_name(p.path[0], number) : NULL;
    if (!status && p.n == 1) log_line("%s was renamed to %s", p.path[0], name);
    if (!status && p.n > 1)
        log_line("%s: %zu files of another run were renamed, the first to %s", run->output, p.n, name);
    free(name);
    for (size_t i = 0; i < p.n; i++) free(p.path[i]);
    free(p.path);
    return status;
}

Status folder_set_aside(const Comm *comm, const Folder *f, int kinds, int64_t after)
{
    return comm_agree(comm, comm->rank == 0 ? set_aside_local(f->run, kinds, after) : STATUS_OK);
}

Status folder_write_settings(const Folder *f, const char *settings)
{
    char *path = file_join(f->run->output, "run.conf"), *stored = NULL;
    size_t length;
    Status status = STATUS_OK;
    const bool is_given = f->run->settings_file[0] && file_is_same(f->run->settings_file, path);
    const bool says_more = is_given && file_read(path, &stored, &length) == STATUS_OK && strcmp(stored, settings) != 0;
    free(stored);
    if (says_more) {
        const int number = file_aside_number(path, 1);
        char *name = file_aside_name(path, number);
        log_line("%s, the settings file, gives way to the merged settings and was renamed to %s", path, name);
        status = file_set_aside(path, number);
        free(name);
    }
    if (!status) status = file_write_text(path, settings, strlen(settings));
    free(path);
    return status;
}
