/* bert_init.h: random weights. Local. */
#ifndef IO_BERT_INIT_H
#define IO_BERT_INIT_H

#include "io/bert_layout.h"

/* BERT's initialisation: normal(0, initializer_range) for matrices, 0 for biases, 1 for LayerNorm
 * weights, as a function of (seed, tensor, element). The row of the padding piece is 0. head_only:
 * leave all tensors of the encoder alone. */
void bert_init_random(const BertConfig *config, const BertLayout *layout, uint64_t seed, bool head_only, real *block);

#endif
