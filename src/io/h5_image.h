/* h5_image.h: private to the files h5*.c: the bytes of an HDF5 file, read without HDF5.
 *
 * HDF5 believes the structures of a file and crashes on some damaged ones, so ours are looked at before
 * it sees them (h5_form.h). Everything here is bounded by the file: a block is read only where it lies
 * inside, and all blocks together may not be longer than the file, so that a chain that leads back to
 * itself ends. */
#ifndef IO_H5_IMAGE_H
#define IO_H5_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct {
    int descriptor;
    const char *path; /* borrowed; in every sentence */
    uint64_t size;    /* bytes of the file */
    uint64_t budget;  /* bytes of structures that may still be read */
    char place[1100]; /* the object looked at, for the sentence */
} H5Image;

#define H5_NOWHERE UINT64_MAX /* HDF5's undefined address */

/* A place in a block: reads beyond its end give 0 and are remembered. */
typedef struct {
    const uint8_t *at, *end;
    bool is_short;
} H5Cursor;

uint64_t h5_take(H5Cursor *c, int bytes); /* little-endian, up to 8 */
/* n bytes at the cursor, which moves on; NULL if there are fewer. */
const uint8_t *h5_take_bytes(H5Cursor *c, size_t n);
size_t h5_left(const H5Cursor *c);

/* The two sentences of a refused file: bytes have changed; or another program wrote it. Local. */
Status h5_damaged(const H5Image *image, const char *what);
Status h5_foreign(const H5Image *image, const char *what);

/* Read the structure of size bytes at address, which begins with the four letters of name, and compare it
 * with the checksum in its last four bytes. *block is owned by the caller. Local. */
Status h5_read_block(H5Image *image, uint64_t address, uint64_t size, const char *name, uint8_t **block);
/* Read bytes that carry no checksum of their own. */
Status h5_read_raw(H5Image *image, uint64_t address, uint64_t size, uint8_t **block);
/* HDF5's checksum of metadata: Jenkins' lookup3. */
uint32_t h5_checksum(const uint8_t *key, size_t length);

/* --- groups and attributes that do not fit into an object's header: a heap, and a tree that lists it --- */

typedef struct H5Heap H5Heap;

typedef enum { H5_LINKS = 5, H5_ATTRIBUTES = 8 } H5Listed; /* HDF5's numbers of the kinds of trees */

/* Call visit with every object of the heap at heap_address, in the order of the tree at tree_address:
 * hash is what the tree says about its name. */
typedef Status (*H5Item)(H5Image *image, H5Cursor item, uint32_t hash, void *context);
Status h5_visit_heap(H5Image *image, H5Listed kind, uint64_t heap_address, uint64_t tree_address, H5Item visit,
                     void *context);

#endif
