/* safetensors.c: reading with every number checked, and writing. */
#include "io/safetensors.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/file.h"
#include "io/file_kind.h"
#include "io/json.h"

static const struct {
    const char *name;
    Dtype dtype;
    int size;
} dtypes[] = {{"F32", DTYPE_F32, 4}, {"F16", DTYPE_F16, 2}, {"BF16", DTYPE_BF16, 2}, {"F64", DTYPE_F64, 8}};

/* Size of an element of a dtype we cannot read but must still lay out; 0 = unknown. */
static int other_size(const char *name)
{
    static const struct {
        const char *name;
        int size;
    } other[] = {{"I64", 8}, {"U64", 8}, {"I32", 4}, {"U32", 4}, {"I16", 2},
                 {"U16", 2}, {"I8", 1},  {"U8", 1},  {"BOOL", 1}};
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
        if (strcmp(name, other[i].name) == 0) return other[i].size;
    return 0;
}

static int64_t offset_at(const json_t *offsets, size_t i)
{
    const json_t *value = json_array_get(offsets, i);
    return json_is_integer(value) ? (int64_t)json_integer_value(value) : -1;
}

/* Read dtype and shape; *size = bytes of an element. */
static Status read_description(const char *path, const char *name, const json_t *entry, SafeTensor *tensor, int *size)
{
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    const json_t *shape = json_object_get(entry, "shape");
    CHECK(dtype && json_is_array(shape), STATUS_DATA, "%s: tensor '%s' has no dtype or no shape; the file is damaged",
          path, name);
    tensor->dtype = DTYPE_OTHER;
    *size = other_size(dtype);
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++)
        if (strcmp(dtype, dtypes[i].name) == 0) tensor->dtype = dtypes[i].dtype, *size = dtypes[i].size;
    CHECK(*size > 0, STATUS_DATA, "%s: tensor '%s' has the unknown dtype '%s'", path, name, dtype);
    tensor->count = 1;
    tensor->rank = (int)json_array_size(shape);
    for (int i = 0; i < tensor->rank; i++) {
        const int64_t extent = offset_at(shape, (size_t)i);
        CHECK(extent >= 0 && extent <= INT32_MAX && !__builtin_mul_overflow(tensor->count, extent, &tensor->count),
              STATUS_DATA, "%s: tensor '%s' has an impossible shape; the file is damaged", path, name);
        if (i < 2) tensor->shape[i] = extent;
    }
    return STATUS_OK;
}

static Status read_entry(const SafetensorsFile *file, size_t data_start, const char *name, const json_t *entry,
                         SafeTensor *tensor)
{
    int size = 0;
    TRY(read_description(file->path, name, entry, tensor, &size));
    const json_t *offsets = json_object_get(entry, "data_offsets");
    const int64_t begin = offset_at(offsets, 0), end = offset_at(offsets, 1);
    const int64_t data_bytes = (int64_t)(file->length - data_start);
    CHECK(json_array_size(offsets) == 2 && begin >= 0 && begin <= end && end <= data_bytes, STATUS_DATA,
          "%s: tensor '%s' lies outside the file (%lld to %lld of %lld bytes); the file is truncated or damaged, "
          "copy it again",
          file->path, name, (long long)begin, (long long)end, (long long)data_bytes);
    int64_t needed;
    CHECK(!__builtin_mul_overflow(tensor->count, (int64_t)size, &needed) && needed == end - begin, STATUS_DATA,
          "%s: tensor '%s' takes %lld bytes but its shape needs another size; the file is damaged", file->path, name,
          (long long)(end - begin));
    tensor->data = file->map + data_start + begin;
    tensor->bytes = end - begin;
    tensor->name = memory_copy_text(name);
    return STATUS_OK;
}

static int by_place(const void *a, const void *b)
{
    const SafeTensor *x = *(SafeTensor *const *)a, *y = *(SafeTensor *const *)b;
    if (x->data != y->data) return x->data < y->data ? -1 : 1;
    return x->bytes != y->bytes ? (x->bytes < y->bytes ? -1 : 1) : 0;
}

/* The tensors must fill the data from end to end, each byte once, as the format asks. */
static Status check_places(const SafetensorsFile *file, size_t data_start)
{
    SafeTensor **sorted = memory_alloc((size_t)file->n, sizeof *sorted);
    for (int i = 0; i < file->n; i++) sorted[i] = &file->tensor[i];
    if (file->n) qsort(sorted, (size_t)file->n, sizeof *sorted, by_place);
    const char *at = file->map + data_start;
    Status status = STATUS_OK;
    for (int i = 0; i < file->n && !status; i++) {
        if (sorted[i]->data != at)
            status = status_set(
                STATUS_DATA, __FILE__, __LINE__,
                "%s: tensor '%.100s' begins %lld bytes %s the end of the one before; the file is damaged", file->path,
                sorted[i]->name, llabs((long long)(sorted[i]->data - at)), sorted[i]->data < at ? "before" : "after");
        at = sorted[i]->data + sorted[i]->bytes;
    }
    if (!status && at != file->map + file->length)
        status = status_set(STATUS_DATA, __FILE__, __LINE__,
                            "%s: %lld bytes at its end belong to no tensor; the file is damaged", file->path,
                            (long long)(file->map + file->length - at));
    free(sorted);
    return status;
}

/* What is no safetensors file at all, by name. */
static Status check_start(const SafetensorsFile *file)
{
    const bool has_header = file->length > 8 && file->map[8] == '{'; /* any length may stand in front of it */
    const char *kind = has_header ? NULL : file_kind(file->map, file->length);
    CHECK(!kind, STATUS_DATA, "%s: is %s", file->path, kind);
    CHECK(file->length >= 8, STATUS_DATA, "%s: has %zu bytes, too short for safetensors", file->path, file->length);
    return STATUS_OK;
}

static Status read_header(SafetensorsFile *file)
{
    TRY(check_start(file));
    uint64_t header = 0;
    for (int i = 7; i >= 0; i--) header = header << 8 | (unsigned char)file->map[i];
    CHECK(header <= file->length - 8 && header <= 100000000, STATUS_DATA,
          "%s: announces a header of %llu bytes in a file of %zu; not safetensors, or truncated", file->path,
          (unsigned long long)header, file->length);
    json_t *root;
    TRY(json_parse(file->path, file->map + 8, header, &root));
    Status status = STATUS_OK;
    if (!json_is_object(root))
        status = status_set(STATUS_DATA, __FILE__, __LINE__, "%s: the header is not a JSON object", file->path);
    file->tensor = memory_alloc(json_object_size(root), sizeof *file->tensor);
    const char *name;
    json_t *entry;
    if (!status)
        json_object_foreach (root, name, entry) {
            if (strcmp(name, "__metadata__") == 0) continue;
            status = read_entry(file, 8 + header, name, entry, &file->tensor[file->n]);
            if (status) break;
            file->n++;
        }
    json_decref(root);
    return status ? status : check_places(file, 8 + header);
}

Status safetensors_open(const char *path, SafetensorsFile *file)
{
    *file = (SafetensorsFile){0};
    TRY(file_map(path, &file->map, &file->length));
    file->path = memory_copy_text(path);
    Status status = read_header(file);
    if (status) safetensors_close(file);
    return status;
}

void safetensors_close(SafetensorsFile *file)
{
    for (int i = 0; i < file->n; i++) free(file->tensor[i].name);
    free(file->tensor);
    free(file->path);
    file_unmap(file->map, file->length);
    *file = (SafetensorsFile){0};
}

const SafeTensor *safetensors_find(const SafetensorsFile *file, const char *name)
{
    for (int i = 0; i < file->n; i++)
        if (strcmp(file->tensor[i].name, name) == 0) return &file->tensor[i];
    return NULL;
}

static float from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float half_to_float(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 0x1F, fraction = half & 0x3FF;
    if (exponent == 31) return from_bits(sign | 0x7F800000 | fraction << 13);
    if (exponent) return from_bits(sign | (exponent + 112) << 23 | fraction << 13);
    const float small = ldexpf((float)fraction, -24); /* subnormal */
    return sign ? -small : small;
}

static float element(const SafeTensor *tensor, int64_t i)
{
    uint16_t word;
    uint32_t bits;
    double wide;
    switch (tensor->dtype) {
    case DTYPE_F16: memcpy(&word, tensor->data + 2 * i, 2); return half_to_float(word);
    case DTYPE_BF16: memcpy(&word, tensor->data + 2 * i, 2); return from_bits((uint32_t)word << 16);
    case DTYPE_F64: memcpy(&wide, tensor->data + 8 * i, 8); return (float)wide;
    default: memcpy(&bits, tensor->data + 4 * i, 4); return from_bits(bits);
    }
}

Status safetensors_read_f32(const SafetensorsFile *file, const SafeTensor *tensor, float *out)
{
    CHECK(tensor->dtype != DTYPE_OTHER, STATUS_DATA, "%s: tensor '%s' is not floating point", file->path, tensor->name);
    for (int64_t i = 0; i < tensor->count; i++) {
        out[i] = element(tensor, i);
        CHECK(isfinite(out[i]), STATUS_DATA, "%s: tensor '%s' holds a value that is not finite at element %lld",
              file->path, tensor->name, (long long)i);
    }
    return STATUS_OK;
}

#define WRITER "collapse-export"

static char *header_text(const TensorToWrite *tensor, int n, size_t *length)
{
    json_t *root = json_object();
    json_object_set_new(root, "__metadata__", json_pack("{s:s, s:s}", "format", "pt", "writer", WRITER));
    int64_t at = 0;
    for (int i = 0; i < n; i++) {
        json_t *shape = json_array();
        int64_t count = 1;
        for (int d = 0; d < tensor[i].rank; d++) {
            json_array_append_new(shape, json_integer((json_int_t)tensor[i].shape[d]));
            count *= tensor[i].shape[d];
        }
        json_object_set_new(root, tensor[i].name,
                            json_pack("{s:s, s:o, s:[I,I]}", "dtype", "F32", "shape", shape, "data_offsets",
                                      (json_int_t)at, (json_int_t)(at + 4 * count)));
        at += 4 * count;
    }
    char *text = json_dumps(root, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(root);
    if (!text) memory_fail(1);
    const size_t bare = strlen(text);
    *length = (bare + 7) & ~(size_t)7; /* data starts at a multiple of 8 */
    text = memory_resize(text, *length + 1, 1);
    memset(text + bare, ' ', *length - bare);
    return text;
}

typedef struct {
    const TensorToWrite *tensor;
    int n;
} Tensors;

static bool write_all(FILE *stream, const void *context)
{
    const TensorToWrite *tensor = ((const Tensors *)context)->tensor;
    const int n = ((const Tensors *)context)->n;
    size_t length;
    char *header = header_text(tensor, n, &length);
    unsigned char prefix[8];
    for (int i = 0; i < 8; i++) prefix[i] = (unsigned char)(length >> (8 * i));
    bool wrote = fwrite(prefix, 1, 8, stream) == 8 && fwrite(header, 1, length, stream) == length;
    free(header);
    for (int i = 0; i < n && wrote; i++) {
        size_t count = 1;
        for (int d = 0; d < tensor[i].rank; d++) count *= (size_t)tensor[i].shape[d];
        wrote = fwrite(tensor[i].data, 4, count, stream) == count;
    }
    return wrote;
}

bool safetensors_is_ours(const char *path)
{
    char head[160] = "";
    FILE *stream = fopen(path, "rb");
    if (!stream) return false;
    const bool found = fread(head, 1, 8, stream) == 8 && fread(head, 1, sizeof head - 1, stream) > 0 &&
                       strstr(head, "\"writer\":\"" WRITER "\"");
    fclose(stream);
    return found;
}

Status safetensors_write(const char *path, const TensorToWrite *tensor, int n)
{
    return file_write(path, write_all, &(Tensors){tensor, n});
}
