/* safetensors_folder.c: one file, or an index and its shards. */
#include "io/safetensors_folder.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/file.h"
#include "io/json.h"

#define WHOLE "model.safetensors"
#define INDEX "model.safetensors.index.json"

/* A shard lies in the folder itself: its name must not lead out of it. */
static Status check_shard_name(const char *index, const char *tensor, const json_t *shard)
{
    const char *name = json_string_value(shard);
    CHECK(name && name[0] && name[0] != '.' && !strchr(name, '/') && !strchr(name, '\\'), STATUS_DATA,
          "%s: tensor '%.100s' is said to be in '%.100s'; a plain name of a file in the same folder is needed", index,
          tensor, name ? name : "(not a text)");
    return STATUS_OK;
}

/* *shards: an object whose keys are the names of the files, each once. */
static Status list_shards(const char *index, const json_t *map, json_t *shards)
{
    const char *tensor;
    json_t *shard;
    CHECK(json_is_object(map) && json_object_size(map) > 0, STATUS_DATA,
          "%s: has no weight_map that names the file of each tensor; copy the folder again", index);
    json_object_foreach ((json_t *)(uintptr_t)map, tensor, shard) {
        TRY(check_shard_name(index, tensor, shard));
        json_object_set_new(shards, json_string_value(shard), json_true());
    }
    return STATUS_OK;
}

static Status open_shard(const char *folder, const char *index, const char *name, SafetensorsFile *file)
{
    char *path = file_join(folder, name);
    Status status = STATUS_OK;
    if (!file_exists(path))
        status =
            status_set(STATUS_IO, __FILE__, __LINE__,
                       "%s: does not exist, but %s says that it holds tensors; copy the whole folder", path, index);
    if (!status) status = safetensors_open(path, file);
    free(path);
    return status;
}

/* Every tensor of a shard stands in the index under this shard; those met are noted in *met. */
static Status check_shard(const char *index, const json_t *map, const char *name, const SafetensorsFile *file,
                          json_t *met)
{
    for (int i = 0; i < file->n; i++) {
        const char *tensor = file->tensor[i].name, *said = json_string_value(json_object_get(map, tensor));
        CHECK(said && strcmp(said, name) == 0, STATUS_DATA,
              "%s: holds tensor '%.100s', which %s says is in '%.100s'; the files are of different models", file->path,
              tensor, index, said ? said : "no file");
        json_object_set_new(met, tensor, json_true());
    }
    return STATUS_OK;
}

static Status check_all_met(const char *index, const json_t *map, const json_t *met)
{
    const char *tensor;
    json_t *shard;
    if (json_object_size(met) == json_object_size(map)) return STATUS_OK;
    json_object_foreach ((json_t *)(uintptr_t)map, tensor, shard)
        CHECK(json_object_get(met, tensor), STATUS_DATA,
              "%s: says that tensor '%.100s' is in '%.100s', but it is not; copy the whole folder", index, tensor,
              json_string_value(shard));
    return STATUS_OK;
}

static Status open_shards(const char *folder, const char *index, const json_t *map, json_t *shards, json_t *met,
                          SafetensorsFolder *w)
{
    const char *name;
    json_t *unused;
    TRY(list_shards(index, map, shards));
    w->file = memory_alloc(json_object_size(shards), sizeof *w->file);
    json_object_foreach (shards, name, unused) {
        TRY(open_shard(folder, index, name, &w->file[w->n]));
        w->n++;
        TRY(check_shard(index, map, name, &w->file[w->n - 1], met));
    }
    return check_all_met(index, map, met);
}

static Status open_by_index(const char *folder, const char *index, SafetensorsFolder *w)
{
    json_t *root = NULL, *shards = json_object(), *met = json_object();
    Status status = file_check_regular(index);
    if (!status) status = json_read_file(index, &root);
    if (!status) status = open_shards(folder, index, json_object_get(root, "weight_map"), shards, met, w);
    json_decref(root);
    json_decref(shards);
    json_decref(met);
    return status;
}

static Status open_whole(const char *path, SafetensorsFolder *w)
{
    w->file = memory_alloc(1, sizeof *w->file);
    TRY(safetensors_open(path, w->file));
    w->n = 1;
    return STATUS_OK;
}

Status safetensors_folder_open(const char *folder, SafetensorsFolder *w)
{
    *w = (SafetensorsFolder){0};
    char *whole = file_join(folder, WHOLE), *index = file_join(folder, INDEX);
    const bool by_index = !file_exists(whole) && file_exists(index);
    Status status = by_index ? open_by_index(folder, index, w) : open_whole(whole, w);
    free(whole);
    free(index);
    if (status) safetensors_folder_close(w);
    return status;
}

void safetensors_folder_close(SafetensorsFolder *w)
{
    for (int i = 0; i < w->n; i++) safetensors_close(&w->file[i]);
    free(w->file);
    *w = (SafetensorsFolder){0};
}
