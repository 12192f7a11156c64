/* vector_table.c: the table of one instruction set. */
#include "vector_isa.h"

#define ISA_TEXT_2(isa) #isa
#define ISA_TEXT(isa)   ISA_TEXT_2(isa)

extern const VectorKernels KERNEL(vector_table);
const VectorKernels KERNEL(vector_table) = {
    .name = ISA_TEXT(ISA),
    .layernorm_forward = KERNEL(layernorm_forward),
    .layernorm_backward = KERNEL(layernorm_backward),
    .bias_gelu = KERNEL(bias_gelu),
    .gelu = KERNEL(gelu),
    .gelu_backward = KERNEL(gelu_backward),
    .bias_gelu_rounded = KERNEL(bias_gelu_rounded),
    .gelu_backward_rounded = KERNEL(gelu_backward_rounded),
    .add_bias = KERNEL(add_bias),
    .column_sum = KERNEL(column_sum),
    .add = KERNEL(add),
    .bias_dropout_add = KERNEL(bias_dropout_add),
    .dropout = KERNEL(dropout),
    .exponentials = KERNEL(exponentials),
    .exponentials_again = KERNEL(exponentials_again),
    .scores_backward = KERNEL(scores_backward),
    .round = KERNEL(round),
    .round_rows = KERNEL(round_rows),
    .scale_rows = KERNEL(scale_rows),
    .row_dots = KERNEL(row_dots),
    .cross_entropy = KERNEL(cross_entropy),
    .adamw = KERNEL(adamw),
    .square_sum = KERNEL(square_sum),
    .small_product = KERNEL(small_product),
    .pack = KERNEL(pack),
    .pack_rounded = KERNEL(pack_rounded),
    .pack_transposed = KERNEL(pack_transposed),
};
