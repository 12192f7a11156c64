/* safetensors.h: the tensor file of Hugging Face. Local.
 *
 * 8 bytes little-endian: length of the header; the header, a JSON object name -> {dtype, shape,
 * data_offsets: [begin, end)}; then the data. Every number of the header is checked against the
 * size of the file before it is used; the tensors must fill the data from end to end, each byte once. */
#ifndef IO_SAFETENSORS_H
#define IO_SAFETENSORS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

typedef enum { DTYPE_F32, DTYPE_F16, DTYPE_BF16, DTYPE_F64, DTYPE_OTHER } Dtype;

typedef struct {
    char *name; /* owned by the file */
    Dtype dtype;
    int rank; /* number of dimensions, <= 2 for tensors that can be read */
    int64_t shape[2];
    int64_t count, bytes; /* elements; size in the file */
    const char *data;     /* borrowed from the mapping; not aligned */
} SafeTensor;

typedef struct {
    char *path;      /* owned */
    const char *map; /* owned mapping */
    size_t length;
    SafeTensor *tensor; /* owned [n] */
    int n;
} SafetensorsFile;

Status safetensors_open(const char *path, SafetensorsFile *file);
void safetensors_close(SafetensorsFile *file);
const SafeTensor *safetensors_find(const SafetensorsFile *file, const char *name); /* NULL if absent */
/* Convert to float; out [count]. Refuses types that are not floating point and values not finite. */
Status safetensors_read_f32(const SafetensorsFile *file, const SafeTensor *tensor, float *out);

typedef struct {
    const char *name;
    int rank;
    int64_t shape[2];
    const float *data;
} TensorToWrite;

/* Write n f32 tensors in the order given; the file appears complete or not at all. */
Status safetensors_write(const char *path, const TensorToWrite *tensor, int n);
/* Was the file written by safetensors_write? (Its metadata say so.) */
bool safetensors_is_ours(const char *path);

#endif
