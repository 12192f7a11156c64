/* onednn_api.c: API 3, then API 2, of oneDNN's C interface. */
#include "onednn_api.h"

#include "kernels/gemm_onednn.h"

#ifdef HAVE_ONEDNN

int onednn_step_of_k(void)
{
    return dnnl_version()->major >= 3 ? 32 : 1;
}

bool onednn_takes_vectors(void)
{
    return dnnl_version()->major < 3;
}

#if DNNL_VERSION_MAJOR >= 3
dnnl_status_t onednn_describe(dnnl_dims_t size, dnnl_dims_t stride, dnnl_data_type_t type, OnednnMatrix *matrix)
{
    return dnnl_memory_desc_create_with_strides(matrix, 2, size, type, stride);
}

void onednn_forget(OnednnMatrix *matrix)
{
    dnnl_memory_desc_destroy(*matrix);
}

dnnl_status_t onednn_place(const OnednnMatrix *matrix, dnnl_engine_t engine, void *at, dnnl_memory_t *memory)
{
    return dnnl_memory_create(memory, *matrix, engine, at);
}

dnnl_status_t onednn_plan(dnnl_engine_t engine, const OnednnMatrix *a, const OnednnMatrix *b, const OnednnMatrix *bias,
                          const OnednnMatrix *c, dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t *plan)
{
    return dnnl_matmul_primitive_desc_create(plan, engine, *a, *b, bias ? *bias : NULL, *c, attributes);
}

dnnl_status_t onednn_append_sum(dnnl_post_ops_t post)
{
    return dnnl_post_ops_append_sum(post, 1, 0, dnnl_data_type_undef);
}

dnnl_status_t onednn_scratch(dnnl_primitive_desc_t plan, OnednnMatrix *scratch, size_t *bytes)
{
    const_dnnl_memory_desc_t found = dnnl_primitive_desc_query_md(plan, dnnl_query_scratchpad_md, 0);
    *bytes = dnnl_memory_desc_get_size(found);
    return dnnl_memory_desc_clone(scratch, found);
}
#else
dnnl_status_t onednn_describe(dnnl_dims_t size, dnnl_dims_t stride, dnnl_data_type_t type, OnednnMatrix *matrix)
{
    return dnnl_memory_desc_init_by_strides(matrix, 2, size, type, stride);
}

void onednn_forget(OnednnMatrix *matrix)
{
    (void)matrix;
}

dnnl_status_t onednn_place(const OnednnMatrix *matrix, dnnl_engine_t engine, void *at, dnnl_memory_t *memory)
{
    return dnnl_memory_create(memory, matrix, engine, at);
}

dnnl_status_t onednn_plan(dnnl_engine_t engine, const OnednnMatrix *a, const OnednnMatrix *b, const OnednnMatrix *bias,
                          const OnednnMatrix *c, dnnl_primitive_attr_t attributes, dnnl_primitive_desc_t *plan)
{
    dnnl_matmul_desc_t matmul;
    const dnnl_status_t status = dnnl_matmul_desc_init(&matmul, a, b, bias, c);
    return status ? status : dnnl_primitive_desc_create(plan, &matmul, attributes, engine, NULL);
}

dnnl_status_t onednn_append_sum(dnnl_post_ops_t post)
{
    return dnnl_post_ops_append_sum(post, 1);
}

dnnl_status_t onednn_scratch(dnnl_primitive_desc_t plan, OnednnMatrix *scratch, size_t *bytes)
{
    *scratch = *dnnl_primitive_desc_query_md(plan, dnnl_query_scratchpad_md, 0);
    *bytes = dnnl_memory_desc_get_size(scratch);
    return dnnl_success;
}
#endif

#endif
