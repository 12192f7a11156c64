/* h5_attributes.c: attributes, and the root attributes of every file of ours. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/version.h"
#include "h5_seal.h"

enum { FORMAT_VERSION = 2 /* 1: without file_xxh128 */ };

static Status put(H5File *file, const char *path, const char *name, hid_t file_type, hid_t memory_type,
                  const void *value)
{
    hid_t object = H5Oopen(file->id, path, H5P_DEFAULT);
    H5_CHECK(object >= 0, file, path, "cannot be opened");
    if (H5Aexists(object, name) > 0) H5Adelete(object, name);
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate2(object, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT);
    herr_t wrote = attribute >= 0 ? H5Awrite(attribute, memory_type, value) : -1;
    Status status = wrote < 0 ? h5_fail(file, path, "attribute cannot be written") : STATUS_OK;
    if (attribute >= 0) H5Aclose(attribute);
    H5Sclose(space);
    H5Oclose(object);
    return status;
}

static Status make_group(H5File *file, const char *path)
{
    TRY(h5_touch(file, path));
    if (strcmp(path, "/") == 0 || h5_exists(file, path)) return STATUS_OK;
    hid_t link = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(link, 1);
    hid_t group = H5Gcreate2(file->id, path, link, H5P_DEFAULT, H5P_DEFAULT);
    H5Pclose(link);
    H5_CHECK(group >= 0, file, path, "group cannot be created");
    H5Gclose(group);
    return STATUS_OK;
}

Status h5_put_plain(H5File *file, const char *path, const char *name, const char *value)
{
    hid_t type = h5_text_type(strlen(value));
    Status status = put(file, path, name, type, type, value);
    H5Tclose(type);
    return status;
}

Status h5_put_text(H5File *file, const char *path, const char *name, const char *value)
{
    TRY(make_group(file, path));
    return h5_put_plain(file, path, name, value);
}

Status h5_put_i64(H5File *file, const char *path, const char *name, int64_t value)
{
    TRY(make_group(file, path));
    return put(file, path, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

Status h5_put_f64(H5File *file, const char *path, const char *name, double value)
{
    TRY(make_group(file, path));
    return put(file, path, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

bool h5_has_attribute(H5File *file, const char *path, const char *name)
{
    return h5_exists(file, path) && H5Aexists_by_name(file->id, path, name, H5P_DEFAULT) > 0;
}

static Status open_attribute(H5File *file, const char *path, const char *name, hid_t *attribute)
{
    CHECK(h5_has_attribute(file, path, name), STATUS_DATA, "%s: %s has no attribute '%s'", file->path, path, name);
    *attribute = H5Aopen_by_name(file->id, path, name, H5P_DEFAULT, H5P_DEFAULT);
    H5_CHECK(*attribute >= 0, file, path, "attribute cannot be opened");
    return STATUS_OK;
}

/* HDF5 would turn 2.5 into 2: a number of another kind is refused. */
static Status get(H5File *file, const char *path, const char *name, hid_t memory_type, void *value)
{
    hid_t attribute;
    TRY(open_attribute(file, path, name, &attribute));
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    const bool is_same = H5Sget_simple_extent_npoints(space) == 1 && H5Tget_class(type) == H5Tget_class(memory_type);
    herr_t got = is_same ? H5Aread(attribute, memory_type, value) : 0;
    Status status = got < 0 ? h5_fail(file, path, "attribute cannot be read") : STATUS_OK;
    H5Tclose(type);
    H5Sclose(space);
    H5Aclose(attribute);
    TRY(status);
    CHECK(is_same, STATUS_DATA, "%s: attribute '%s' of %s is of another type than expected", file->path, name, path);
    return STATUS_OK;
}

Status h5_get_i64(H5File *file, const char *path, const char *name, int64_t *value)
{
    return get(file, path, name, H5T_NATIVE_INT64, value);
}

Status h5_get_f64(H5File *file, const char *path, const char *name, double *value)
{
    return get(file, path, name, H5T_NATIVE_DOUBLE, value);
}

/* Read as it is stored: HDF5 turns no ASCII into UTF-8. */
Status h5_get_text(H5File *file, const char *path, const char *name, char **value)
{
    hid_t attribute;
    TRY(open_attribute(file, path, name, &attribute));
    hid_t type = H5Aget_type(attribute);
    const size_t size = H5Tget_size(type);
    const bool is_fixed = H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0;
    char *text = is_fixed ? memory_alloc(size + 1, 1) : NULL;
    Status status = STATUS_OK;
    if (!is_fixed)
        status = status_set(STATUS_DATA, __FILE__, __LINE__, "%s: attribute '%s' of %s is not a fixed string",
                            file->path, name, path);
    else status = get(file, path, name, type, text);
    H5Tclose(type);
    H5Aclose(attribute);
    if (status) free(text);
    else *value = text;
    return status;
}

Status h5_list_attributes(H5File *file, const char *path, char ***name, int *n)
{
    hid_t object = H5Oopen(file->id, path, H5P_DEFAULT);
    H5_CHECK(object >= 0, file, path, "cannot be opened");
    const int most = H5Aget_num_attrs(object);
    Status status = most < 0 ? h5_fail(file, path, "attributes cannot be counted") : STATUS_OK;
    *name = memory_alloc(most > 0 ? (size_t)most : 1, sizeof **name);
    *n = 0;
    while (*n < most && !status) {
        char text[256];
        if (H5Aget_name_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC, (hsize_t)*n, text, sizeof text, H5P_DEFAULT) <
            0)
            status = h5_fail(file, path, "attributes cannot be listed");
        else (*name)[(*n)++] = memory_copy_text(text);
    }
    H5Oclose(object);
    return status;
}

Status h5_describe_attribute(H5File *file, const char *path, const char *name, char **text)
{
    hid_t attribute;
    TRY(open_attribute(file, path, name, &attribute));
    hid_t type = H5Aget_type(attribute);
    const H5T_class_t kind = H5Tget_class(type);
    H5Tclose(type);
    H5Aclose(attribute);
    if (kind == H5T_INTEGER) {
        int64_t value;
        TRY(h5_get_i64(file, path, name, &value));
        *text = memory_print("%lld", (long long)value);
        return STATUS_OK;
    }
    if (kind != H5T_FLOAT) return h5_get_text(file, path, name, text);
    double value;
    TRY(h5_get_f64(file, path, name, &value));
    *text = memory_print("%.15g", value); /* 17 digits where 15 are another number */
    if (strtod(*text, NULL) == value) return STATUS_OK;
    free(*text);
    *text = memory_print("%.17g", value);
    return STATUS_OK;
}

Status h5_write_header(H5File *file, const char *format, const char *command_line, const char *config_sha256)
{
    char created[32];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(created, sizeof created, "%Y-%m-%dT%H:%M:%SZ", &utc);
    TRY(h5_put_text(file, "/", "format", format));
    TRY(h5_put_i64(file, "/", "format_version", FORMAT_VERSION));
    TRY(h5_put_text(file, "/", "writer", version_text()));
    TRY(h5_put_text(file, "/", "created", created));
    TRY(h5_put_text(file, "/", "command_line", command_line));
    return h5_put_text(file, "/", "config_sha256", config_sha256);
}

Status h5_check_format(H5File *file, const char *formats, const char *cure)
{
    CHECK(h5_has_attribute(file, "/", "format"), STATUS_DATA,
          "%s: is an HDF5 file but not one of this program (no 'format' attribute); %s", file->path, cure);
    char *format;
    int64_t version;
    TRY(h5_get_text(file, "/", "format", &format));
    Slice rest = slice_of(formats), name;
    bool found = false;
    while (slice_next_field(&rest, ',', &name)) found = found || slice_is(slice_trim(name), format);
    Status status = STATUS_OK;
    if (!found)
        status = status_set(STATUS_DATA, __FILE__, __LINE__, "%s: is a '%s' file, but '%s' is needed; %s", file->path,
                            format, formats, cure);
    free(format);
    TRY(status);
    TRY(h5_get_i64(file, "/", "format_version", &version));
    CHECK(version >= 1 && version <= FORMAT_VERSION, STATUS_DATA,
          "%s: has format version %lld, this program reads versions 1 to %d; use a newer collapse", file->path,
          (long long)version, FORMAT_VERSION);
    return STATUS_OK;
}
