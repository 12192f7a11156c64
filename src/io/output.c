/* output.c: what is there, and is it ours to replace? */
#include "io/output.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/file.h"
#include "io/h5.h"

void inputs_add(Inputs *inputs, const char *role, const char *path)
{
    if (!path[0]) return;
    memory_reserve((void **)&inputs->input, &inputs->capacity, (size_t)inputs->n + 1, sizeof *inputs->input);
    inputs->input[inputs->n++] = (Input){role, memory_copy_text(path)};
}

void inputs_free(Inputs *inputs)
{
    for (int i = 0; i < inputs->n; i++) free((void *)(uintptr_t)inputs->input[i].path);
    free(inputs->input);
    *inputs = (Inputs){0};
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Is path a file in a folder that is read? */
static bool is_in_folder(const char *folder, const char *path)
{
    DIR *directory = opendir(folder);
    bool found = false;
    for (struct dirent *entry; directory && !found && (entry = readdir(directory));) {
        char *name = file_join(folder, entry->d_name);
        found = !is_folder(name) && file_is_same(name, path);
        free(name);
    }
    if (directory) closedir(directory);
    return found;
}

Status output_check_inputs(const char *role, const char *path, const Input *inputs, int n)
{
    for (int i = 0; i < n; i++) {
        const Input *in = &inputs[i];
        if (!in->path || !in->path[0]) continue;
        CHECK(!file_is_same(in->path, path), STATUS_USAGE,
              "%s = %s and %s %s are the same file, which would be lost; choose another output", role, path, in->role,
              in->path);
    }
    return STATUS_OK;
}

static bool begins_as(const char *path, const char *beginning)
{
    char text[256];
    FILE *stream = fopen(path, "rb");
    if (!stream) return false;
    const size_t wanted = strlen(beginning), got = fread(text, 1, wanted, stream);
    fclose(stream);
    return got == wanted && memcmp(text, beginning, wanted) == 0;
}

static bool has_format(const char *path, const OutputKind *kind)
{
    H5File *file;
    if (!begins_as(path, "\x89HDF\r\n\x1a\n")) return false;
    const Status status = h5_open(path, &file);
    if (status) return status == STATUS_DATA && kind->may_be_damaged;
    const bool is_kind = h5_check_format(file, kind->format, "") == STATUS_OK;
    h5_close(&file);
    return is_kind;
}

bool output_is_kind(const char *path, const OutputKind *kind)
{
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode)) return false;
    if (info.st_size == 0) return true;
    return kind->format ? has_format(path, kind) : begins_as(path, kind->beginning);
}

/* In a folder that is read, only files of the output's own kind are none of the inputs. */
static Status check_folders(const char *role, const char *path, const OutputKind *kind, const Input *inputs, int n)
{
    if (!file_exists(path) || output_is_kind(path, kind)) return STATUS_OK;
    for (int i = 0; i < n; i++)
        CHECK(!inputs[i].path || !is_folder(inputs[i].path) || !is_in_folder(inputs[i].path, path), STATUS_USAGE,
              "%s = %s is a file of %s %s, which would be lost; choose another output", role, path, inputs[i].role,
              inputs[i].path);
    return STATUS_OK;
}

Status output_check_existing(const char *role, const char *path, const OutputKind *kind, bool overwrite,
                             const Input *inputs, int n)
{
    struct stat info;
    TRY(output_check_inputs(role, path, inputs, n));
    TRY(check_folders(role, path, kind, inputs, n));
    if (stat(path, &info) == 0) {
        CHECK(!S_ISDIR(info.st_mode), STATUS_USAGE, "%s = %s is a folder; name a file", role, path);
        CHECK(S_ISREG(info.st_mode), STATUS_USAGE,
              "%s = %s is not a regular file (a device or a pipe) and cannot be replaced; name a file", role, path);
        CHECK(overwrite || output_is_kind(path, kind), STATUS_USAGE,
              "%s = %s exists and is not %s; choose another name, or say --overwrite", role, path, kind->name);
    } else {
        CHECK(errno != ELOOP, STATUS_IO, "%s = %s cannot be reached: %s", role, path, strerror(errno));
    }
    return STATUS_OK;
}

Status output_check(const char *role, const char *path, const OutputKind *kind, bool overwrite, const Input *inputs,
                    int n)
{
    TRY(output_check_existing(role, path, kind, overwrite, inputs, n));
    char *target = file_target(path);
    file_remove_dead_partials(target);
    free(target);
    return file_check_writable(path);
}
