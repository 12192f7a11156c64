/* h5_message.h: private to the files h5*.c: the parts of an object's header, decoded (h5_form.h). */
#ifndef IO_H5_MESSAGE_H
#define IO_H5_MESSAGE_H

#include "h5_image.h"

/* A type of numbers or strings. */
typedef struct {
    const char *name; /* f32 f64 i32 i64 u8 text */
    uint64_t size;    /* bytes of one */
} H5Type;

typedef struct {
    int rank; /* 0 to 3 */
    uint64_t dims[3], count;
} H5Extent;

/* An attribute of one value. */
typedef struct {
    char *name;     /* owned */
    uint8_t *value; /* owned [type.size] */
    H5Type type;
} H5Attribute;

/* A member of a group. */
typedef struct {
    char name[256];
    uint64_t address;
} H5Link;

Status h5_read_type(const H5Image *image, H5Cursor *c, H5Type *type);
Status h5_read_extent(const H5Image *image, H5Cursor *c, H5Extent *extent);
Status h5_read_link(const H5Image *image, H5Cursor c, H5Link *link);
Status h5_read_attribute(const H5Image *image, H5Cursor c, H5Attribute *attribute);
void h5_free_attribute(H5Attribute *attribute);
/* Where the bytes of a dataset lie; what was never written is refused. */
Status h5_read_storage(const H5Image *image, H5Cursor c, uint64_t *address, uint64_t *size);
Status h5_read_fill(const H5Image *image, H5Cursor c);

#endif
