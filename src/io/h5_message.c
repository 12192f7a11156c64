/* h5_message.c: types, extents, links, attributes and storage, each refused unless it is plain. */
#include "h5_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* --- types ----------------------------------------------------------------------------------------------- */

static Status read_integer(const H5Image *image, uint64_t bits, uint64_t size, H5Cursor *c, H5Type *type)
{
    const bool is_signed = bits & 8, is_little = (bits & ~8u) == 0;
    const bool is_whole = h5_take(c, 2) == 0 && h5_take(c, 2) == 8 * size;
    type->name = !is_signed && size == 1 ? "u8" : !is_signed ? NULL : size == 4 ? "i32" : size == 8 ? "i64" : NULL;
    if (!type->name || !is_little || !is_whole) return h5_foreign(image, "its numbers are of another integer type");
    return STATUS_OK;
}

static Status read_float(const H5Image *image, uint64_t bits, uint64_t size, H5Cursor *c, H5Type *type)
{
    static const uint8_t f32[] = {0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0},
                         f64[] = {0, 0, 64, 0, 52, 11, 0, 52, 255, 3, 0, 0};
    const uint8_t *layout = h5_take_bytes(c, sizeof f32);
    const bool is_f32 = layout && size == 4 && bits == 0x1f20 && memcmp(layout, f32, sizeof f32) == 0;
    const bool is_f64 = layout && size == 8 && bits == 0x3f20 && memcmp(layout, f64, sizeof f64) == 0;
    type->name = is_f32 ? "f32" : "f64";
    return is_f32 || is_f64 ? STATUS_OK : h5_foreign(image, "its numbers are of another floating-point type");
}

Status h5_read_type(const H5Image *image, H5Cursor *c, H5Type *type)
{
    static const char *const other[] = {"times",
                                        "bit fields",
                                        "opaque data",
                                        "compound values",
                                        "references",
                                        "enumerations",
                                        "strings or rows of variable length",
                                        "arrays"};
    const uint64_t head = h5_take(c, 1), bits = h5_take(c, 3);
    const int kind = (int)(head & 15), version = (int)(head >> 4);
    type->size = h5_take(c, 4);
    if (c->is_short || version < 1 || version > 3 || kind > 10) return h5_damaged(image, "its type is unknown");
    if (kind == 0) return read_integer(image, bits, type->size, c, type);
    if (kind == 1) return read_float(image, bits, type->size, c, type);
    if (kind != 3) {
        char what[80];
        snprintf(what, sizeof what, "it holds %s", other[kind == 2 ? 0 : kind - 3]);
        return h5_foreign(image, what);
    }
    type->name = "text";
    if (type->size == 0 || (bits & 15) > 2 || bits >> 4 > 1)
        return h5_damaged(image, "its strings are of an unknown kind");
    return STATUS_OK;
}

/* --- extents --------------------------------------------------------------------------------------------- */

Status h5_read_extent(const H5Image *image, H5Cursor *c, H5Extent *extent)
{
    const int version = (int)h5_take(c, 1), rank = (int)h5_take(c, 1), flags = (int)h5_take(c, 1);
    const int kind = (int)h5_take(c, version == 1 ? 5 : 1); /* reserved in version 1 */
    *extent = (H5Extent){.rank = rank, .count = 1};
    if (c->is_short || version < 1 || version > 2 || (flags & ~1) || (version == 1 ? kind != 0 : kind != (rank > 0)))
        return h5_foreign(image, "its shape is of another kind");
    if (rank > 3) return h5_foreign(image, "it has more than three dimensions");
    for (int i = 0; i < rank; i++) {
        extent->dims[i] = h5_take(c, 8);
        if (__builtin_mul_overflow(extent->count, extent->dims[i], &extent->count) || extent->count > INT64_MAX)
            return h5_damaged(image, "it declares more values than any file can hold");
    }
    for (int i = 0; i < rank && flags; i++)
        if (h5_take(c, 8) != extent->dims[i]) return h5_foreign(image, "its shape can grow");
    return c->is_short ? h5_damaged(image, "its shape is cut off") : STATUS_OK;
}

/* --- links ----------------------------------------------------------------------------------------------- */

static bool is_name(const uint8_t *name, size_t n, size_t most)
{
    if (!name || n == 0 || n > most || memchr(name, '/', n)) return false;
    for (size_t i = 0; i < n; i++)
        if (name[i] < 32 || name[i] == 127) return false;
    return utf8_first_invalid((const char *)name, n) == n && (n > 1 || name[0] != '.');
}

Status h5_read_link(const H5Image *image, H5Cursor c, H5Link *link)
{
    const int version = (int)h5_take(&c, 1), flags = (int)h5_take(&c, 1);
    if (version != 1 || (flags & 0xe4)) return h5_foreign(image, "a member is listed in another way");
    const int kind = flags & 8 ? (int)h5_take(&c, 1) : 0;
    if (flags & 16) h5_take(&c, 1); /* UTF-8 or ASCII */
    const uint64_t n = h5_take(&c, 1 << (flags & 3));
    const uint8_t *name = n <= sizeof link->name ? h5_take_bytes(&c, (size_t)n) : NULL;
    if (!is_name(name, (size_t)n, sizeof link->name - 1))
        return h5_damaged(image, "the name of a member is unreadable");
    memcpy(link->name, name, (size_t)n);
    link->name[n] = '\0';
    if (kind != 0) {
        char what[340];
        snprintf(what, sizeof what, "its member '%s' is %s, not an object of this file", link->name,
                 kind == 1    ? "a soft link"
                 : kind == 64 ? "a link into another file"
                              : "a link of a user's own kind");
        return h5_foreign(image, what);
    }
    link->address = h5_take(&c, 8);
    return c.is_short ? h5_damaged(image, "the address of a member is cut off") : STATUS_OK;
}

/* --- attributes ------------------------------------------------------------------------------------------ */

/* Version 1 pads its parts to multiples of 8. */
static H5Cursor take_part(H5Cursor *c, uint64_t size, int version)
{
    const uint64_t padded = version == 1 ? (size + 7) / 8 * 8 : size;
    const uint8_t *from = h5_take_bytes(c, (size_t)padded);
    return from ? (H5Cursor){from, from + size, false} : (H5Cursor){.is_short = true};
}

static Status read_value(H5Image *image, H5Cursor *c, int version, const uint64_t *size, H5Attribute *a)
{
    H5Extent extent;
    H5Cursor type = take_part(c, size[1], version), space = take_part(c, size[2], version);
    snprintf(image->place + strlen(image->place), sizeof image->place - strlen(image->place), ": attribute '%s'",
             a->name);
    TRY(h5_read_type(image, &type, &a->type));
    TRY(h5_read_extent(image, &space, &extent));
    if (extent.count != 1) return h5_foreign(image, "it does not have one value");
    const uint8_t *value = h5_take_bytes(c, (size_t)a->type.size);
    if (!value) return h5_damaged(image, "its value is cut off");
    a->value = memory_alloc((size_t)a->type.size, 1);
    memcpy(a->value, value, (size_t)a->type.size);
    return STATUS_OK;
}

Status h5_read_attribute(const H5Image *image, H5Cursor c, H5Attribute *a)
{
    *a = (H5Attribute){0};
    H5Image named = *image; /* its place also names the attribute */
    const int version = (int)h5_take(&c, 1), flags = (int)h5_take(&c, 1);
    const uint64_t size[] = {h5_take(&c, 2), h5_take(&c, 2), h5_take(&c, 2)}; /* of name, type, extent */
    if (version < 1 || version > 3 || (version > 1 && flags))
        return h5_foreign(image, "an attribute is of another kind");
    if (version == 3) h5_take(&c, 1);
    const H5Cursor name = take_part(&c, size[0], version);
    const size_t n = name.is_short || !size[0] ? 0 : strnlen((const char *)name.at, (size_t)size[0]);
    if (!is_name(name.at, n, 255) || n + 1 != size[0])
        return h5_damaged(image, "the name of an attribute is unreadable");
    a->name = slice_copy((Slice){(const char *)name.at, n});
    Status status = read_value(&named, &c, version, size, a);
    if (status) h5_free_attribute(a);
    return status;
}

void h5_free_attribute(H5Attribute *a)
{
    free(a->name);
    free(a->value);
    *a = (H5Attribute){0};
}

/* --- storage --------------------------------------------------------------------------------------------- */

Status h5_read_storage(const H5Image *image, H5Cursor c, uint64_t *address, uint64_t *size)
{
    const int version = (int)h5_take(&c, 1), kind = (int)h5_take(&c, 1);
    *address = h5_take(&c, 8);
    *size = h5_take(&c, 8);
    if (kind == 3 && version == 4) return h5_foreign(image, "it is a virtual dataset, made of other datasets");
    if (kind == 2) return h5_foreign(image, "it is stored in chunks");
    if (kind == 0) return h5_foreign(image, "it is stored within its header");
    if (c.is_short || kind != 1 || version != 3) return h5_damaged(image, "its storage is of an unknown kind");
    return STATUS_OK;
}

/* A value for what was not written: HDF5's own zero, never one of a user's. */
Status h5_read_fill(const H5Image *image, H5Cursor c)
{
    const int version = (int)h5_take(&c, 1), flags = (int)h5_take(&c, 1);
    if (version != 3 || (flags & 0xd0)) return h5_foreign(image, "its fill value is of another kind");
    if ((flags & 32) && h5_take(&c, 4) != 0) return h5_foreign(image, "it has a fill value of its own");
    return c.is_short ? h5_damaged(image, "its fill value is cut off") : STATUS_OK;
}
