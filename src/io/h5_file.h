/* h5_file.h: private to the files h5*.c: the handle, and why something failed. */
#ifndef IO_H5_FILE_H
#define IO_H5_FILE_H

#include <hdf5.h>

#include "h5_form.h"
#include "io/h5.h"

struct H5File {
    hid_t id;
    char *path;
    bool is_parallel;
    bool is_written;  /* opened for writing */
    bool is_sealed;   /* has file_xxh128, or gets it when it is closed */
    bool is_unhashed; /* its datasets get their hashes now (h5_seal) */
    H5Sum sum;        /* of the records of all objects but those touched */
    char **touched;   /* owned: objects changed since it was opened */
    size_t n_touched, touched_capacity;
};

/* The system's own answer, before HDF5 is asked: may the file be opened, is it held by another program, is it HDF5
 * at all? STATUS_IO for what may pass (permission, lock, a folder that is missing), STATUS_DATA for its content. */
Status h5_look(const char *path, bool to_write);
/* The same for a file that will be made: it exists afterwards. */
Status h5_look_new(const char *path);

/* Before the first call of HDF5: keep the reason of a failure when it happens. */
void h5_keep_reasons(void);
/* Store a sentence: path, object, action, and the reason kept. */
Status h5_fail(const H5File *file, const char *object, const char *action);
#define H5_CHECK(condition, file, object, action)                     \
    do {                                                              \
        if (!(condition)) return h5_fail((file), (object), (action)); \
    } while (0)

/* To be written to; its hashes are not asked for. */
Status h5_open_unsealed(const char *path, H5File **file);

hid_t h5_file_type(H5Kind kind); /* as stored: little-endian */
hid_t h5_memory_type(H5Kind kind);
H5Kind h5_kind_of(hid_t type, size_t *text_size);
hid_t h5_text_type(size_t bytes); /* fixed UTF-8; H5Tclose by the caller */
/* Create a dataset and the groups above it; < 0 on failure. */
hid_t h5_new_dataset(H5File *file, const char *path, hid_t type, int rank, const int64_t *dims);
/* h5_put_text to an object that is there, without taking note that it changed. */
Status h5_put_plain(H5File *file, const char *path, const char *name, const char *value);

#endif
