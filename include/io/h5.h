/* h5.h: HDF5 files as this project writes them.
 *
 * Format bounds V18 (object headers carry checksums), contiguous datasets, fixed strings, no
 * variable-length data. Every dataset has the attributes `xxh128`, the hash of its bytes as stored,
 * and `axes`, the names of its dimensions; a read verifies the hash. The root's attribute `file_xxh128`
 * stands for everything else: the list of objects, their shapes and attributes (src/io/h5_form.h). A
 * file is opened only after its structure was read without HDF5, which crashes on some damaged ones:
 * what this project never writes (links, storage elsewhere, filters, values never written, other
 * types) is refused, and so is whatever does not match its hash. Files written by one rank use
 * the serial driver (weights are replicated, so one writer is enough, and a full disk then gives an
 * error and not a stuck job); data spread over ranks are written together by h5_rows_write.
 * A path inside the file is "/group/name"; missing groups are made. Not thread-safe. */
#ifndef IO_H5_H
#define IO_H5_H

#include <stdbool.h>
#include <stdint.h>

#include "base/real.h"
#include "base/status.h"
#include "parallel/comm.h"

typedef struct H5File H5File;

typedef enum { H5_F32, H5_F64, H5_I32, H5_I64, H5_U8, H5_TEXT, H5_OTHER } H5Kind;

size_t h5_kind_size(H5Kind kind); /* bytes of a number */

typedef struct {
    H5Kind kind;
    int rank; /* number of dimensions, 0 to 3 */
    int64_t dims[3];
    int64_t count;    /* elements */
    size_t text_size; /* H5_TEXT: bytes of one string */
} H5Shape;

/* Local: the file belongs to the calling rank alone. h5_create replaces an old file. STATUS_IO: the system
 * refused, for a reason that may pass (permission, no such folder, held open by another program);
 * STATUS_DATA: the content is wrong (damaged, truncated, another kind of file). */
Status h5_create(const char *path, H5File **file);
Status h5_open(const char *path, H5File **file);
Status h5_open_append(const char *path, H5File **file);
/* To find out what was changed: a file whose attributes or list of datasets do not match its hash is opened all the
 * same; *matches tells, and status_message says it. */
Status h5_open_to_compare(const char *path, H5File **file, bool *matches);
/* Close and report any write that failed late. *file becomes NULL, also on failure. */
Status h5_close(H5File **file);
/* True once a close has failed in a way that HDF5's clean-up does not survive: the program must then
 * end without it (comm_abort, _exit). */
bool h5_is_broken(void);
const char *h5_path(const H5File *file);
/* Do its attributes have a hash? Files of format version 1 have none. */
bool h5_is_sealed(const H5File *file);

/* The root attributes of interface.md: format, format_version, writer, created, command_line,
 * config_sha256 ("" if there is no configuration). */
Status h5_write_header(H5File *file, const char *format, const char *command_line, const char *config_sha256);
/* Refuse a file whose `format` attribute is not one of the comma-separated names. */
Status h5_check_format(H5File *file, const char *formats, const char *cure);

bool h5_exists(H5File *file, const char *path);
Status h5_shape(H5File *file, const char *path, H5Shape *shape);

/* Write a whole dataset. axes: "class, feature". dims [rank]. */
Status h5_write(H5File *file, const char *path, H5Kind kind, int rank, const int64_t *dims, const char *axes,
                const void *data);
Status h5_write_real(H5File *file, const char *path, int rank, const int64_t *dims, const char *axes,
                     const real *data); /* stored as f32, or f64 in the fp64 build */
/* Fixed UTF-8 strings, padded with NUL. */
Status h5_write_texts(H5File *file, const char *path, const char *const *text, int64_t n, const char *axes);

/* The same, declared as ASCII where all of them are: Octave reads no other strings. */
Status h5_write_words(H5File *file, const char *path, const char *const *text, int64_t n, const char *axes);

/* Read a whole dataset of exactly count elements and verify its hash. */
Status h5_read(H5File *file, const char *path, H5Kind kind, int64_t count, void *data);
Status h5_read_real(H5File *file, const char *path, int64_t count, real *data);
/* n strings, each owned by the caller, and the array too. */
Status h5_read_texts(H5File *file, const char *path, char ***text, int64_t *n);

/* Attributes of a group, a dataset, or "/" for the file. */
Status h5_put_text(H5File *file, const char *path, const char *name, const char *value);
Status h5_put_i64(H5File *file, const char *path, const char *name, int64_t value);
Status h5_put_f64(H5File *file, const char *path, const char *name, double value);
Status h5_get_text(H5File *file, const char *path, const char *name, char **value); /* owned by the caller */
Status h5_get_i64(H5File *file, const char *path, const char *name, int64_t *value);
Status h5_get_f64(H5File *file, const char *path, const char *name, double *value);
bool h5_has_attribute(H5File *file, const char *path, const char *name);
/* Names of the attributes of an object, in order; the strings and the array are owned by the caller. */
Status h5_list_attributes(H5File *file, const char *path, char ***name, int *n);
/* The value of an attribute of any type as text ("2", "1e-12", "gelu"); owned by the caller. */
Status h5_describe_attribute(H5File *file, const char *path, const char *name, char **text);

/* Call visit for every dataset, in order of name; stops at the first failure. A file without any is refused
 * (STATUS_DATA): none of ours is like that, and "all of nothing is in order" must never be said. */
typedef Status (*H5Visit)(H5File *file, const char *path, void *context);
Status h5_visit_datasets(H5File *file, H5Visit visit, void *context);
/* Groups too, but the root. */
typedef Status (*H5VisitObject)(H5File *file, const char *path, bool is_dataset, void *context);
Status h5_visit_objects(H5File *file, H5VisitObject visit, void *context);
/* A whole file, or none: body writes into a file beside path; it is then closed, synced, read back,
 * compared with its hashes and renamed to path. On failure path is as it was. Local. */
typedef Status (*H5Body)(H5File *file, const void *context);
Status h5_write_file(const char *path, H5Body body, const void *context);
/* Compare every dataset of a file with its hash. Local. */
Status h5_verify_file(const char *path);
/* Compare a dataset with its stored hash. */
Status h5_verify(H5File *file, const char *path);

/* Collective. Datasets whose first dimension is spread over ranks. h5_rows_create makes one of dims
 * (the whole, the same on all ranks); each call of h5_rows_write adds every rank's n_rows rows from
 * first_row on (n_rows may be 0). The hashes are added by h5_seal. */
Status h5_create_parallel(const Comm *comm, const char *path, H5File **file);
Status h5_rows_create(const Comm *comm, H5File *file, const char *path, H5Kind kind, int rank, const int64_t *dims,
                      const char *axes);
Status h5_rows_write(const Comm *comm, H5File *file, const char *path, H5Kind kind, int rank, const int64_t *dims,
                     int64_t first_row, int64_t n_rows, const void *data);
const char *h5_library(void); /* "HDF5 1.10.8" */
/* Local, on one rank, after the parallel file was closed: hash every dataset of the file, then the file. */
Status h5_seal(const char *path);

#endif
