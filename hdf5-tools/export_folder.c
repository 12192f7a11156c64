/* export_folder.c: write into a folder inside the folder, then rename file by file. */
#include "export_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/process.h"
#include "io/file.h"
#include "io/output.h"
#include "io/safetensors.h"

/* What an export may consist of, or what a reader would take for a part of one. config.json is the last: a folder
 * without it is incomplete. */
static const char *const part[] = {"model.safetensors",
                                   "model.safetensors.index.json",
                                   "pytorch_model.bin",
                                   "pytorch_model.bin.index.json",
                                   "vocab.txt",
                                   "tokenizer.json",
                                   "tokenizer_config.json",
                                   "special_tokens_map.json",
                                   "added_tokens.json",
                                   "generation_config.json",
                                   "config.json"};
enum { N_PARTS = sizeof part / sizeof part[0] };

static bool is_part(const char *name)
{
    for (int i = 0; i < N_PARTS; i++)
        if (strcmp(part[i], name) == 0) return true;
    return false;
}

/* Names of one folder, without those that begin with a dot. */
typedef struct {
    char **name; /* owned [n] */
    size_t n, capacity;
} Names;

static Names list(const char *folder)
{
    Names names = {0};
    DIR *directory = opendir(folder);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        if (entry->d_name[0] == '.') continue;
        memory_reserve((void **)&names.name, &names.capacity, names.n + 1, sizeof *names.name);
        names.name[names.n++] = memory_copy_text(entry->d_name);
    }
    if (directory) closedir(directory);
    return names;
}

static void free_names(Names *names)
{
    for (size_t i = 0; i < names->n; i++) free(names->name[i]);
    free(names->name);
}

static void remove_stage(const char *stage)
{
    Names names = list(stage);
    for (size_t i = 0; i < names.n; i++) {
        char *path = file_join(stage, names.name[i]);
        unlink(path);
        free(path);
    }
    free_names(&names);
    rmdir(stage);
}

/* The stage of a killed export of this machine goes; that of a live one does not count. */
static bool is_stage(const char *folder, const char *name)
{
    const char *mark;
    size_t length;
    bool is_dead;
    if (!file_is_partial(name, &mark)) return false;
    if (process_read_mark(mark, &length, &is_dead) && is_dead) {
        char *path = file_join(folder, name);
        remove_stage(path);
        free(path);
    }
    return true;
}

static Status check_contents(const char *folder, bool overwrite, bool is_ours)
{
    Names names = list(folder);
    Status status = STATUS_OK;
    for (size_t i = 0; i < names.n && !status; i++) {
        const char *name = names.name[i];
        const bool is_lock = strncmp(name, "lock-", 5) == 0;
        if (is_lock || is_stage(folder, name) || overwrite || (is_ours && is_part(name))) continue;
        status = status_set(STATUS_USAGE, __FILE__, __LINE__,
                            "--output = %s holds %s, which is not of an older export; choose another folder, or say "
                            "--overwrite",
                            folder, name);
    }
    free_names(&names);
    return status;
}

Status export_folder_check(const char *folder, const char *model)
{
    const Input input = {"the model", model};
    Status status = STATUS_OK;
    for (int i = 0; i < N_PARTS && !status; i++) {
        char *path = file_join(folder, part[i]);
        if (file_exists(path)) status = output_check_inputs("a file of --output", path, &input, 1);
        free(path);
    }
    return status;
}

Status export_folder_begin(const char *folder, bool overwrite, ExportFolder *e)
{
    struct stat info;
    *e = (ExportFolder){.folder = folder};
    char *weights = file_join(folder, "model.safetensors"), *inside = file_join(folder, "export");
    e->is_made = stat(folder, &info) != 0;
    e->is_ours = safetensors_is_ours(weights);
    e->stage = file_partial_name(inside);
    free(weights);
    free(inside);
    TRY(e->is_made ? file_make_folder(folder) : STATUS_OK);
    CHECK(e->is_made || S_ISDIR(info.st_mode), STATUS_USAGE, "--output = %s exists and is not a folder", folder);
    TRY(check_contents(folder, overwrite, e->is_ours));
    char *prefix = file_join(folder, "lock-");
    Status status = lock_take(prefix, folder, NULL, &e->lock);
    free(prefix);
    if (!status && mkdir(e->stage, 0777) != 0 && errno != EEXIST)
        status = status_set(STATUS_IO, __FILE__, __LINE__, "%s: cannot be written: %s", folder, strerror(errno));
    return status;
}

/* The number under which all parts that are in the way can be set aside. */
static int common_number(const char *folder)
{
    int number = 1;
    for (int i = 0; i < N_PARTS;) {
        char *path = file_join(folder, part[i]);
        const int free_from = file_exists(path) ? file_aside_number(path, number) : number;
        i = free_from == number ? i + 1 : 0;
        number = free_from;
        free(path);
    }
    return number;
}

/* Take away an older export, config.json first; what others wrote is renamed. */
static Status clear_parts(const ExportFolder *e)
{
    const int number = e->is_ours ? 0 : common_number(e->folder);
    Status status = STATUS_OK;
    for (int i = N_PARTS - 1; i >= 0 && !status; i--) {
        char *path = file_join(e->folder, part[i]);
        if (!file_exists(path)) {
        } else if (e->is_ours) {
            unlink(path);
        } else {
            status = file_set_aside(path, number);
            char *aside = file_aside_name(path, number);
            if (!status) fprintf(stderr, "%s was renamed to %s\n", path, aside);
            free(aside);
        }
        free(path);
    }
    return status;
}

static Status take_parts(const ExportFolder *e)
{
    Status status = STATUS_OK;
    for (int i = 0; i < N_PARTS && !status; i++) {
        char *from = file_join(e->stage, part[i]), *to = file_join(e->folder, part[i]);
        if (file_exists(from)) status = file_commit(from, to);
        free(from);
        free(to);
    }
    return status;
}

Status export_folder_finish(ExportFolder *e, Status status)
{
    if (!e->stage) return status;
    if (!status) status = clear_parts(e);
    if (!status) status = take_parts(e);
    remove_stage(e->stage);
    lock_release(&e->lock);
    if (status && e->is_made) rmdir(e->folder);
    free(e->stage);
    e->stage = NULL;
    return status;
}
