/* onednn_api.h: the calls of oneDNN's C interface that API 2 (Debian 12) and API 3 (Debian 13) do not share, for
 * gemm_onednn.c alone.
 *
 * API 3 has no operation descriptors, its memory descriptors are opaque and owned, and a sum takes a zero point. Which
 * of the two is compiled, oneDNN's own header says. All functions: Local; they return oneDNN's status. */
#ifndef KERNELS_ONEDNN_API_H
#define KERNELS_ONEDNN_API_H

#ifdef HAVE_ONEDNN
#include <dnnl.h>
#include <stdbool.h>
#include <stddef.h>

#if DNNL_VERSION_MAJOR != 2 && DNNL_VERSION_MAJOR != 3
#error "oneDNN: API 2 or 3; make ONEDNN=no leaves it out"
#endif

/* A matrix as a primitive sees it: size, strides, kind of number. To be freed by onednn_forget. */
typedef dnnl_memory_desc_t OnednnMatrix;

dnnl_status_t onednn_describe(dnnl_dims_t size, dnnl_dims_t stride, dnnl_data_type_t type, OnednnMatrix *matrix);
void onednn_forget(OnednnMatrix *matrix);
/* A matrix in memory: of the caller, who frees the handle too. */
dnnl_status_t onednn_place(const OnednnMatrix *matrix, dnnl_engine_t engine, void *at, dnnl_memory_t *memory);

/* C = A B + bias by row (NULL: none), with what the attributes add. */
dnnl_status_t onednn_plan(dnnl_engine_t engine, const OnednnMatrix *a, const OnednnMatrix *b, const OnednnMatrix *bias,
                          const OnednnMatrix *c, dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t *plan);
dnnl_status_t onednn_append_sum(dnnl_post_ops_t post); /* what C held is added */
/* The scratch memory of a plan, and its bytes. */
dnnl_status_t onednn_scratch(dnnl_primitive_desc_t plan, OnednnMatrix *scratch, size_t *bytes);

/* A sum over k that is no multiple of this is to be cut into a product over the multiple and one over the rest, with
 * zeros behind it; 1: it need not. With AMX, API 3 reads the rows of A in steps of 32 bfloat16 and beyond their end,
 * against zeros of B: up to 3.7.2, which is Debian 13's, wrong where the rows are further apart than k, and up to 3.14
 * a NaN or infinity in one row reaches the row before it (oneDNN's issues 3060, 5603, 5717). */
int onednn_step_of_k(void);
/* C of one row or column: API 3 up to 3.7.2 at least mistakes its stride, or that of a transposed A. */
bool onednn_takes_vectors(void);

#endif
#endif
