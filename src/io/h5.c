/* h5.c: files, datasets and their hashes. Attributes: h5_attributes.c; parallel: h5_parallel.c. */
#include "io/h5.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "h5_seal.h"

hid_t h5_file_type(H5Kind kind)
{
    switch (kind) {
    case H5_F32: return H5T_IEEE_F32LE;
    case H5_F64: return H5T_IEEE_F64LE;
    case H5_I32: return H5T_STD_I32LE;
    case H5_U8: return H5T_STD_U8LE;
    default: return H5T_STD_I64LE;
    }
}

hid_t h5_memory_type(H5Kind kind)
{
    switch (kind) {
    case H5_F32: return H5T_NATIVE_FLOAT;
    case H5_F64: return H5T_NATIVE_DOUBLE;
    case H5_I32: return H5T_NATIVE_INT32;
    case H5_U8: return H5T_NATIVE_UINT8;
    default: return H5T_NATIVE_INT64;
    }
}

size_t h5_kind_size(H5Kind kind)
{
    return kind == H5_U8 ? 1 : kind == H5_F32 || kind == H5_I32 ? 4 : 8;
}

hid_t h5_text_type(size_t bytes)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, bytes ? bytes : 1);
    H5Tset_cset(type, H5T_CSET_UTF8);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    return type;
}

static H5File *new_handle(const char *path)
{
    h5_keep_reasons();
    H5File *file = memory_alloc(1, sizeof *file);
    file->path = memory_copy_text(path);
    memory_name_file(file->path);
    file->id = -1;
    return file;
}

static void free_handle(H5File **file)
{
    for (size_t i = 0; i < (*file)->n_touched; i++) free((*file)->touched[i]);
    free((*file)->touched);
    memory_name_file(NULL);
    free((*file)->path);
    free(*file);
    *file = NULL;
}

static hid_t access_list(void)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18);
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    return access;
}

Status h5_create(const char *path, H5File **file)
{
    *file = NULL;
    TRY(h5_look_new(path));
    *file = new_handle(path);
    hid_t access = access_list();
    (*file)->id = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    (*file)->is_written = (*file)->is_sealed = true;
    H5Pclose(access);
    if ((*file)->id >= 0) {
        h5_touch_new(*file, "/");
        return STATUS_OK;
    }
    Status status = h5_fail(*file, "", "cannot be created");
    free_handle(file);
    return status;
}

/* Only after the file was looked at. */
static Status open_with(const char *path, unsigned flags, H5File **file)
{
    *file = new_handle(path);
    hid_t access = access_list();
    (*file)->id = H5Fopen(path, flags, access);
    (*file)->is_written = flags != H5F_ACC_RDONLY;
    H5Pclose(access);
    if ((*file)->id >= 0) return STATUS_OK;
    Status status = h5_fail(*file, "", "cannot be opened");
    free_handle(file);
    return status;
}

Status h5_open_to_compare(const char *path, H5File **file, bool *matches)
{
    H5Form form;
    *file = NULL;
    TRY(h5_look(path, false));
    TRY(h5_form_read(path, &form));
    TRY(open_with(path, H5F_ACC_RDONLY, file));
    (*file)->is_sealed = form.stored[0] != '\0';
    *matches = h5_form_check(path, &form) == STATUS_OK;
    return STATUS_OK;
}

Status h5_open(const char *path, H5File **file)
{
    H5Form form;
    *file = NULL;
    TRY(h5_look(path, false));
    TRY(h5_form_read(path, &form));
    TRY(h5_form_check(path, &form));
    TRY(open_with(path, H5F_ACC_RDONLY, file));
    (*file)->is_sealed = form.stored[0] != '\0';
    return STATUS_OK;
}

Status h5_open_append(const char *path, H5File **file)
{
    H5Form form = {.stored = "known"};
    *file = NULL;
    TRY(h5_look(path, true));
    if (!h5_remembers(path, &form.sum)) {
        TRY(h5_form_read(path, &form));
        TRY(h5_form_check(path, &form));
    }
    TRY(open_with(path, H5F_ACC_RDWR, file));
    (*file)->is_sealed = form.stored[0] != '\0';
    (*file)->sum = form.sum;
    return STATUS_OK;
}

Status h5_open_unsealed(const char *path, H5File **file)
{
    H5Form form;
    *file = NULL;
    TRY(h5_look(path, true));
    TRY(h5_form_read(path, &form));
    return open_with(path, H5F_ACC_RDWR, file);
}

bool h5_is_sealed(const H5File *file)
{
    return file->is_sealed;
}

static bool library_is_broken;

bool h5_is_broken(void)
{
    return library_is_broken;
}

/* A write that fails in H5Fclose leaves HDF5 1.10 with a half-closed file, on which its clean-up at the
 * end of the process crashes. So everything is flushed first; when that fails, the file is useless:
 * giving back its space lets the close that follows succeed. */
Status h5_close(H5File **file)
{
    if (!*file) return STATUS_OK;
    const bool seals = (*file)->is_written && !(*file)->is_parallel;
    Status status = seals ? h5_seal_changes(*file) : STATUS_OK;
    if ((*file)->is_written && H5Fflush((*file)->id, H5F_SCOPE_GLOBAL) < 0) {
        if (!status) status = h5_fail(*file, "", "cannot be written");
        if (!(*file)->is_parallel && truncate((*file)->path, 0) != 0) library_is_broken = true;
    }
    if (H5Fclose((*file)->id) < 0) {
        if (!status) status = h5_fail(*file, "", "cannot be completed on disk");
        library_is_broken = true;
    }
    if (seals && !status) h5_remember(*file);
    free_handle(file);
    return status;
}

const char *h5_path(const H5File *file)
{
    return file->path;
}

bool h5_exists(H5File *file, const char *path)
{
    char *copy = memory_copy_text(path);
    bool found = true;
    for (char *at = copy + 1; found; at++) { /* HDF5 wants every group above to exist */
        if (*at != '/' && *at != '\0') continue;
        const char kept = *at;
        *at = '\0';
        found = copy[1] == '\0' || H5Lexists(file->id, copy, H5P_DEFAULT) > 0;
        *at = kept;
        if (!kept) break;
    }
    free(copy);
    return found;
}

H5Kind h5_kind_of(hid_t type, size_t *text_size)
{
    const size_t size = H5Tget_size(type);
    switch (H5Tget_class(type)) {
    case H5T_FLOAT: return size == 4 ? H5_F32 : size == 8 ? H5_F64 : H5_OTHER;
    case H5T_INTEGER:
        if (size == 1 && H5Tget_sign(type) == H5T_SGN_NONE) return H5_U8;
        return size == 4 ? H5_I32 : size == 8 ? H5_I64 : H5_OTHER;
    case H5T_STRING: *text_size = size; return H5Tis_variable_str(type) > 0 ? H5_OTHER : H5_TEXT;
    default: return H5_OTHER;
    }
}

Status h5_shape(H5File *file, const char *path, H5Shape *shape)
{
    *shape = (H5Shape){.count = 1};
    CHECK(h5_exists(file, path), STATUS_DATA, "%s: has no dataset %s", file->path, path);
    hid_t dataset = H5Dopen2(file->id, path, H5P_DEFAULT);
    if (dataset < 0) {
        h5_fail(file, path, "cannot be opened as a dataset");
        return STATUS_DATA;
    }
    hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset);
    hsize_t dims[H5S_MAX_RANK];
    shape->rank = H5Sget_simple_extent_dims(space, dims, NULL);
    shape->kind = h5_kind_of(type, &shape->text_size);
    bool fits = shape->rank >= 0 && shape->rank <= 3;
    for (int i = 0; i < shape->rank && fits; i++) {
        shape->dims[i] = (int64_t)dims[i];
        fits = !__builtin_mul_overflow(shape->count, (int64_t)dims[i], &shape->count);
    }
    H5Tclose(type);
    H5Sclose(space);
    H5Dclose(dataset);
    CHECK(fits, STATUS_DATA, "%s: dataset %s has a shape this program never writes", file->path, path);
    return STATUS_OK;
}

hid_t h5_new_dataset(H5File *file, const char *path, hid_t type, int rank, const int64_t *dims)
{
    hsize_t extent[3];
    for (int i = 0; i < rank; i++) extent[i] = (hsize_t)dims[i];
    hid_t space = rank ? H5Screate_simple(rank, extent, NULL) : H5Screate(H5S_SCALAR);
    hid_t link = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(link, 1);
    hid_t dataset = H5Dcreate2(file->id, path, type, space, link, H5P_DEFAULT, H5P_DEFAULT);
    H5Pclose(link);
    H5Sclose(space);
    return dataset;
}

/* Write data, then the attributes every dataset has. */
static Status write_dataset(H5File *file, const char *path, hid_t file_type, hid_t memory_type, int rank,
                            const int64_t *dims, const char *axes, const void *data, size_t bytes)
{
    TRY(h5_touch(file, path));
    hid_t dataset = h5_new_dataset(file, path, file_type, rank, dims);
    H5_CHECK(dataset >= 0, file, path, "cannot be created");
    herr_t wrote = bytes ? H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) : 0;
    Status status = wrote < 0 ? h5_fail(file, path, "cannot be written") : STATUS_OK;
    H5Dclose(dataset);
    TRY(status);
    char hash[HASH_TEXT_SIZE];
    hash_xxh128(data, bytes, hash);
    TRY(h5_put_text(file, path, "axes", axes));
    return h5_put_text(file, path, "xxh128", hash);
}

Status h5_write(H5File *file, const char *path, H5Kind kind, int rank, const int64_t *dims, const char *axes,
                const void *data)
{
    size_t bytes = h5_kind_size(kind);
    for (int i = 0; i < rank; i++) bytes *= (size_t)dims[i];
    return write_dataset(file, path, h5_file_type(kind), h5_memory_type(kind), rank, dims, axes, data, bytes);
}

static H5Kind real_kind(void)
{
    return sizeof(real) == 4 ? H5_F32 : H5_F64;
}

Status h5_write_real(H5File *file, const char *path, int rank, const int64_t *dims, const char *axes, const real *data)
{
    return h5_write(file, path, real_kind(), rank, dims, axes, data);
}

static bool is_ascii(size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] >= 0x80) return false;
    return true;
}

static Status write_texts(H5File *file, const char *path, const char *const *text, int64_t n, const char *axes,
                          bool prefers_ascii)
{
    size_t size = 1;
    for (int64_t i = 0; i < n; i++)
        if (strlen(text[i]) > size) size = strlen(text[i]);
    char *packed = memory_alloc((size_t)n * size, 1);
    for (int64_t i = 0; i < n; i++) memcpy(packed + (size_t)i * size, text[i], strlen(text[i]));
    hid_t type = h5_text_type(size);
    if (prefers_ascii && is_ascii((size_t)n * size, packed)) H5Tset_cset(type, H5T_CSET_ASCII);
    Status status = write_dataset(file, path, type, type, 1, &n, axes, packed, (size_t)n * size);
    H5Tclose(type);
    free(packed);
    return status;
}

Status h5_write_texts(H5File *file, const char *path, const char *const *text, int64_t n, const char *axes)
{
    return write_texts(file, path, text, n, axes, false);
}

Status h5_write_words(H5File *file, const char *path, const char *const *text, int64_t n, const char *axes)
{
    return write_texts(file, path, text, n, axes, true);
}

/* Read the bytes of a dataset as stored and compare with the hash. */
static Status read_verified(H5File *file, const char *path, hid_t type, size_t bytes, void *data)
{
    hid_t dataset = H5Dopen2(file->id, path, H5P_DEFAULT);
    H5_CHECK(dataset >= 0, file, path, "cannot be opened");
    herr_t got = bytes ? H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) : 0;
    Status status = got < 0 ? h5_fail(file, path, "cannot be read") : STATUS_OK;
    H5Dclose(dataset);
    if (status || file->is_unhashed) return status;
    char *stored, hash[HASH_TEXT_SIZE];
    TRY(h5_get_text(file, path, "xxh128", &stored));
    hash_xxh128(data, bytes, hash);
    bool same = strcmp(stored, hash) == 0;
    free(stored);
    CHECK(same, STATUS_DATA, "%s: dataset %s does not match its hash; the file is damaged, use another copy",
          file->path, path);
    return STATUS_OK;
}

Status h5_read(H5File *file, const char *path, H5Kind kind, int64_t count, void *data)
{
    H5Shape shape;
    TRY(h5_shape(file, path, &shape));
    CHECK(shape.kind == kind, STATUS_DATA, "%s: dataset %s has another number type than expected", file->path, path);
    CHECK(shape.count == count, STATUS_DATA, "%s: dataset %s has %lld values, expected %lld", file->path, path,
          (long long)shape.count, (long long)count);
    return read_verified(file, path, h5_memory_type(kind), (size_t)count * h5_kind_size(kind), data);
}

Status h5_read_real(H5File *file, const char *path, int64_t count, real *data)
{
    H5Shape shape;
    TRY(h5_shape(file, path, &shape));
    if (shape.kind == real_kind()) return h5_read(file, path, shape.kind, count, data);
    CHECK(shape.kind == H5_F32 || shape.kind == H5_F64, STATUS_DATA, "%s: dataset %s is not floating point", file->path,
          path);
    void *other = memory_alloc((size_t)count, h5_kind_size(shape.kind));
    Status status = h5_read(file, path, shape.kind, count, other);
    for (int64_t i = 0; i < count && !status; i++)
        data[i] = shape.kind == H5_F32 ? (real)((float *)other)[i] : (real)((double *)other)[i];
    free(other);
    return status;
}

/* The type strings are stored in (UTF-8 or ASCII); H5Tclose by the caller. */
static hid_t stored_type(H5File *file, const char *path)
{
    hid_t dataset = H5Dopen2(file->id, path, H5P_DEFAULT), type = H5Dget_type(dataset);
    H5Dclose(dataset);
    return type;
}

Status h5_read_texts(H5File *file, const char *path, char ***text, int64_t *n)
{
    H5Shape shape;
    TRY(h5_shape(file, path, &shape));
    CHECK(shape.kind == H5_TEXT && shape.rank == 1 && shape.text_size < 1 << 16, STATUS_DATA,
          "%s: dataset %s does not hold fixed strings", file->path, path);
    char *packed = memory_alloc((size_t)shape.count, shape.text_size);
    hid_t type = stored_type(file, path);
    Status status = read_verified(file, path, type, (size_t)shape.count * shape.text_size, packed);
    H5Tclose(type);
    if (!status) {
        *n = shape.count;
        *text = memory_alloc((size_t)shape.count, sizeof **text);
        for (int64_t i = 0; i < shape.count; i++) {
            const char *at = packed + (size_t)i * shape.text_size;
            (*text)[i] = slice_copy((Slice){at, strnlen(at, shape.text_size)});
        }
    }
    free(packed);
    return status;
}

Status h5_verify(H5File *file, const char *path)
{
    H5Shape shape;
    TRY(h5_shape(file, path, &shape));
    CHECK(shape.kind != H5_OTHER, STATUS_DATA, "%s: dataset %s has a number type this program never writes", file->path,
          path);
    const size_t size = shape.kind == H5_TEXT ? shape.text_size : h5_kind_size(shape.kind);
    void *data = memory_alloc((size_t)shape.count, size);
    hid_t type = shape.kind == H5_TEXT ? stored_type(file, path) : H5Tcopy(h5_memory_type(shape.kind));
    Status status = read_verified(file, path, type, (size_t)shape.count * size, data);
    H5Tclose(type);
    free(data);
    return status;
}

/* Since 1.12 HDF5's unnumbered names stand for other versions, so type and call are named as a pair: a callback
 * that reads the other version's struct sees no dataset at all. */
#if H5_VERSION_GE(1, 12, 0)
typedef H5O_info2_t ObjectInfo;
#define visit_objects H5Ovisit3
#else
typedef H5O_info_t ObjectInfo;
#define visit_objects H5Ovisit2
#endif

typedef struct {
    H5File *file;
    H5VisitObject visit;
    void *context;
    Status status;
} Walk;

static herr_t visit_object(hid_t id, const char *name, const ObjectInfo *info, void *context)
{
    (void)id;
    Walk *walk = context;
    if (strcmp(name, ".") == 0) return 0;
    char *path = memory_print("/%s", name);
    walk->status = walk->visit(walk->file, path, info->type == H5O_TYPE_DATASET, walk->context);
    free(path);
    return walk->status != STATUS_OK;
}

Status h5_visit_objects(H5File *file, H5VisitObject visit, void *context)
{
    Walk walk = {file, visit, context, STATUS_OK};
    herr_t code = visit_objects(file->id, H5_INDEX_NAME, H5_ITER_INC, visit_object, &walk, H5O_INFO_BASIC);
    if (walk.status) return walk.status;
    return code < 0 ? h5_fail(file, "", "its datasets cannot be listed") : STATUS_OK;
}

typedef struct {
    H5Visit visit;
    void *context;
    int64_t n_datasets;
} DatasetVisit;

static Status visit_dataset(H5File *file, const char *path, bool is_dataset, void *context)
{
    DatasetVisit *v = context;
    v->n_datasets += is_dataset;
    return is_dataset ? v->visit(file, path, v->context) : STATUS_OK;
}

Status h5_visit_datasets(H5File *file, H5Visit visit, void *context)
{
    DatasetVisit v = {visit, context, 0};
    TRY(h5_visit_objects(file, visit_dataset, &v));
    CHECK(v.n_datasets > 0, STATUS_DATA, "%s: holds no dataset; the file is damaged or was never finished", file->path);
    return STATUS_OK;
}

const char *h5_library(void)
{
    static char text[40];
    unsigned major, minor, release;
    h5_keep_reasons();
    H5get_libversion(&major, &minor, &release);
    snprintf(text, sizeof text, "HDF5 %u.%u.%u", major, minor, release);
    return text;
}
