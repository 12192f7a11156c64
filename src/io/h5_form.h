/* h5_form.h: private to the files h5*.c: is a file of the form this project writes? Asked before HDF5 opens it.
 *
 * HDF5 follows what a file says: into other files, into values nobody wrote, past the end of a block. So a file
 * is read here first, without HDF5 (its structures, not its data): superblock 2, object headers 2, groups of hard
 * links, datasets in one piece inside the file, of plain numbers or fixed strings, attributes of one value. What
 * is anything else is refused with the name of the object; what does not match its checksum, too. After that HDF5
 * meets only structures that it would have written itself.
 *
 * On the way everything but the data is hashed: file_xxh128, an attribute of the root, is the sum modulo 2^128 of
 * XXH3-128 over the records of all objects, so that it does not depend on their order and can be kept up to date
 * when objects are added. A record is text and bytes, one after the other:
 *
 *     path \n                        "/" for the root
 *     group \n                       or: dataset KIND DIM DIM \n
 *     NAME KIND BYTES \n value \n    for each attribute, in order of name (strcmp)
 *
 * KIND: f32 f64 i32 i64 u8 text. The hash of a dataset's bytes is one of its attributes, so this sum stands for the
 * whole file. file_xxh128 itself is left out of the record of the root. */
#ifndef IO_H5_FORM_H
#define IO_H5_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define H5_FILE_HASH "file_xxh128"

/* A sum of hashes. */
typedef struct {
    uint64_t low, high;
} H5Sum;

void h5_sum_add(H5Sum *sum, H5Sum other);
void h5_sum_subtract(H5Sum *sum, H5Sum other);
void h5_sum_text(H5Sum sum, char text[33]);

/* A record under construction. */
typedef struct {
    uint8_t *bytes; /* owned */
    size_t n, capacity;
} H5Record;

void h5_record_add(H5Record *record, const void *bytes, size_t n);
void h5_record_print(H5Record *record, const char *format, ...) __attribute__((format(printf, 2, 3)));
H5Sum h5_record_sum(H5Record *record); /* and free it */

typedef struct {
    H5Sum sum;          /* of all records */
    char stored[40];    /* file_xxh128 as it stands in the file, "" if there is none */
    int64_t version;    /* format_version, 0 if there is none */
    bool lacks_hash;    /* a dataset has no xxh128 */
    char unhashed[200]; /* its path */
} H5Form;

/* Look at the whole structure of the file. STATUS_IO where the system refused, STATUS_DATA where the file is not
 * of this form. Local. */
Status h5_form_read(const char *path, H5Form *form);
/* Is what was found sealed: a hash for each dataset, and file_xxh128 as it should be? Files of format_version 1 were
 * written without file_xxh128. */
Status h5_form_check(const char *path, const H5Form *form);

#endif
