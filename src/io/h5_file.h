/* h5_file.h: private to the files h5*.c: the handle and the error sentence. */
#ifndef IO_H5_FILE_H
#define IO_H5_FILE_H

#include <hdf5.h>

#include "io/h5.h"

struct H5File {
    hid_t id;
    char *path;
    bool is_parallel;
    bool is_written; /* opened for writing */
};

/* Store a sentence: path, object, action, and the deepest reason HDF5 gives. */
Status h5_fail(const H5File *file, const char *object, const char *action);
#define H5_CHECK(condition, file, object, action)                     \
    do {                                                              \
        if (!(condition)) return h5_fail((file), (object), (action)); \
    } while (0)

hid_t h5_file_type(H5Kind kind); /* as stored: little-endian */
hid_t h5_memory_type(H5Kind kind);
size_t h5_kind_size(H5Kind kind);
hid_t h5_text_type(size_t bytes); /* fixed UTF-8; H5Tclose by the caller */
/* Create a dataset and the groups above it; < 0 on failure. */
hid_t h5_new_dataset(H5File *file, const char *path, hid_t type, int rank, const int64_t *dims);

#endif
