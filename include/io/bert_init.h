/* bert_init.h: random weights. Local. */
#ifndef IO_BERT_INIT_H
#define IO_BERT_INIT_H

#include "io/bert_layout.h"

/* BERT's initialisation: normal(0, initializer_range) for matrices, 0 for biases, 1 for LayerNorm
 * weights, as a function of (seed, tensor, element). The row of the padding piece is 0. */
void bert_init_random(const BertConfig *config, const BertLayout *layout, uint64_t seed, real *block);
/* One tensor of the block. */
void bert_init_tensor(const BertConfig *config, const BertTensor *tensor, uint64_t seed, real *block);

#endif
