/* h5_seal.c: file_xxh128 while a file is written: the sum of the records of its objects (h5_form.h), kept up to
 * date. An object that is about to change leaves the sum, and all that changed are added when the file is closed,
 * so that adding to a large file does not mean reading it. */
#include "h5_seal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"

/* --- records, by HDF5 -------------------------------------------------------------------------------------- */

static const char *kind_name(hid_t type)
{
    size_t text_size;
    static const char *const name[] = {"f32", "f64", "i32", "i64", "u8", "text", "other"};
    return name[h5_kind_of(type, &text_size)];
}

static Status add_attribute(const H5File *file, const char *path, hid_t object, hsize_t i, H5Record *record)
{
    hid_t attribute = H5Aopen_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC, i, H5P_DEFAULT, H5P_DEFAULT);
    H5_CHECK(attribute >= 0, file, path, "attribute cannot be opened");
    char name[256];
    hid_t type = H5Aget_type(attribute);
    const size_t size = H5Tget_size(type);
    uint8_t *value = memory_alloc(size, 1);
    const bool named = H5Aget_name(attribute, sizeof name, name) > 0;
    const bool got = named && H5Aread(attribute, type, value) >= 0;
    Status status = got ? STATUS_OK : h5_fail(file, path, "attribute cannot be read");
    if (got && strcmp(name, H5_FILE_HASH) != 0) {
        h5_record_print(record, "%s %s %zu\n", name, kind_name(type), size);
        h5_record_add(record, value, size);
        h5_record_add(record, "\n", 1);
    }
    free(value);
    H5Tclose(type);
    H5Aclose(attribute);
    return status;
}

static void add_shape(hid_t dataset, H5Record *record)
{
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    hsize_t dims[H5S_MAX_RANK];
    const int rank = H5Sget_simple_extent_dims(space, dims, NULL);
    h5_record_print(record, "dataset %s", kind_name(type));
    for (int i = 0; i < rank; i++) h5_record_print(record, " %llu", (unsigned long long)dims[i]);
    h5_record_add(record, "\n", 1);
    H5Sclose(space);
    H5Tclose(type);
}

static Status sum_of(const H5File *file, const char *path, H5Sum *sum)
{
    H5Record record = {0};
    hid_t object = H5Oopen(file->id, path, H5P_DEFAULT);
    H5_CHECK(object >= 0, file, path, "cannot be opened");
    h5_record_print(&record, "%s\n", path);
    if (H5Iget_type(object) == H5I_DATASET) add_shape(object, &record);
    else h5_record_add(&record, "group\n", 6);
    const int n = H5Aget_num_attrs(object);
    Status status = n < 0 ? h5_fail(file, path, "attributes cannot be counted") : STATUS_OK;
    for (int i = 0; i < n && !status; i++) status = add_attribute(file, path, object, (hsize_t)i, &record);
    H5Oclose(object);
    *sum = h5_record_sum(&record);
    return status;
}

/* --- what changes ------------------------------------------------------------------------------------------ */

static bool is_touched(const H5File *file, const char *path)
{
    for (size_t i = file->n_touched; i-- > 0;)
        if (strcmp(file->touched[i], path) == 0) return true;
    return false;
}

void h5_touch_new(H5File *file, const char *path)
{
    if (!file->is_sealed || is_touched(file, path)) return;
    memory_reserve((void **)&file->touched, &file->touched_capacity, file->n_touched + 1, sizeof *file->touched);
    file->touched[file->n_touched++] = memory_copy_text(path);
}

/* path itself changes; groups above it may be made on the way. */
Status h5_touch(H5File *file, const char *path)
{
    if (!file->is_sealed) return STATUS_OK;
    char *copy = memory_copy_text(path);
    Status status = STATUS_OK;
    for (char *at = copy + 1; !status; at++) {
        if (*at != '/' && *at != '\0') continue;
        const char kept = *at;
        *at = '\0';
        if (!is_touched(file, copy)) {
            const bool exists = h5_exists(file, copy);
            H5Sum before;
            if (exists && !kept) {
                status = sum_of(file, copy, &before);
                if (!status) h5_sum_subtract(&file->sum, before);
            }
            if (!exists || !kept) h5_touch_new(file, copy);
        }
        *at = kept;
        if (!kept) break;
    }
    free(copy);
    return status;
}

Status h5_seal_changes(H5File *file)
{
    char text[33];
    H5Sum changed, sum = file->sum;
    if (!file->is_sealed) return STATUS_OK;
    for (size_t i = 0; i < file->n_touched; i++) {
        TRY(sum_of(file, file->touched[i], &changed));
        h5_sum_add(&sum, changed);
    }
    file->sum = sum;
    h5_sum_text(sum, text);
    return h5_put_plain(file, "/", H5_FILE_HASH, text);
}

/* --- a file this process left a moment ago ----------------------------------------------------------------- */

static struct {
    struct stat info;
    H5Sum sum;
    bool is_known;
} left;

void h5_remember(const H5File *file)
{
    left.is_known = file->is_sealed && stat(file->path, &left.info) == 0;
    left.sum = file->sum;
}

bool h5_remembers(const char *path, H5Sum *sum)
{
    struct stat now;
    if (!left.is_known || stat(path, &now) != 0) return false;
    *sum = left.sum;
    return now.st_dev == left.info.st_dev && now.st_ino == left.info.st_ino && now.st_size == left.info.st_size &&
           now.st_mtim.tv_sec == left.info.st_mtim.tv_sec && now.st_mtim.tv_nsec == left.info.st_mtim.tv_nsec;
}
