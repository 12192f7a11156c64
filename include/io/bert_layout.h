/* bert_layout.h: what is BERT's own in files: tensor names and shapes (io/bert_config: configuration keys).
 *
 * The one table a new model family would add to: everything else knows a tensor by id, layer and part. Names are those
 * of Hugging Face's BertForPreTraining. The word embedding is also the decoder of the head (tied) and listed once,
 * unless the configuration says untied; pooler, sentence heads and prefix are there where the configuration asks for
 * them. */
#ifndef IO_BERT_LAYOUT_H
#define IO_BERT_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "io/bert_config.h"

typedef enum {
    TENSOR_MATRIX,
    TENSOR_BIAS,
    TENSOR_NORM, /* LayerNorm weight */
    TENSOR_NORM_BIAS
} TensorRole;

/* What the program calls a tensor, whatever files call it. With its layer, an id is a tensor. */
typedef enum {
    BERT_WORD,
    BERT_POSITION,
    BERT_TYPE,
    BERT_EMBEDDING_GAMMA,
    BERT_EMBEDDING_BETA,
    BERT_DECODER,      /* untied */
    BERT_QUERY_WEIGHT, /* from here on one per layer */
    BERT_KEY_WEIGHT,
    BERT_VALUE_WEIGHT,
    BERT_QUERY_BIAS,
    BERT_KEY_BIAS,
    BERT_VALUE_BIAS,
    BERT_OUT_WEIGHT,
    BERT_OUT_BIAS,
    BERT_NORM1_GAMMA,
    BERT_NORM1_BETA,
    BERT_UP_WEIGHT,
    BERT_UP_BIAS,
    BERT_DOWN_WEIGHT,
    BERT_DOWN_BIAS,
    BERT_NORM2_GAMMA,
    BERT_NORM2_BETA,
    BERT_PREFIX,
    BERT_TRANSFORM_WEIGHT, /* of the masked-LM head */
    BERT_TRANSFORM_BIAS,
    BERT_TRANSFORM_GAMMA,
    BERT_TRANSFORM_BETA,
    BERT_DECODER_BIAS,
    BERT_POOLER_WEIGHT,
    BERT_POOLER_BIAS,
    BERT_SENTENCE_WEIGHT, /* of the sentence head */
    BERT_SENTENCE_BIAS,
    BERT_SENTENCE_OUT_WEIGHT,
    BERT_SENTENCE_OUT_BIAS,
    BERT_NEXT_WEIGHT, /* of the next-sentence head */
    BERT_NEXT_BIAS,
    N_BERT_IDS
} BertId;

/* What becomes final together in a backward pass, in the order of the block. A decoder of its own is one of the
 * embeddings: the regularizer adds to it when the head's other gradients are complete. */
typedef enum { PART_EMBEDDINGS, PART_LAYER, PART_HEAD } TensorPart;

typedef struct {
    BertId id;
    int layer; /* 0 outside of layers */
    TensorPart part;
    TensorRole role;
    bool decays;   /* weight decay applies */
    bool is_held;  /* frozen, but with a gradient, which is dropped: one of query, key, value alone */
    int stream;    /* of its random weights */
    char name[96]; /* Hugging Face name */
    int rank;      /* 1 or 2 */
    int64_t shape[2];
    int64_t count; /* elements */
    int64_t first; /* place in the block, in elements */
} BertTensor;

typedef struct {
    BertTensor *tensor; /* owned [n] */
    int n;
    int64_t count; /* elements of the whole block */
    int n_trained; /* the others, frozen, are the last of the block */
    int64_t n_trained_elements;
} BertLayout;

/* All tensors in the order they have in the block: query, key and value weights are adjacent, so
 * that they are one [3D, D] matrix, and their biases one [3D] vector. */
void bert_layout_init(const BertConfig *config, BertLayout *layout);
void bert_layout_free(BertLayout *layout);
/* Freeze the tensors that patterns name: shell patterns of their names between commas or spaces, the last that fits
 * counts; "!" before one trains what an earlier froze. Frozen tensors move behind the others. */
void bert_layout_freeze(BertLayout *layout, const char *patterns);
/* Does every pattern fit a tensor? key: in messages. */
Status bert_layout_check_patterns(const BertLayout *layout, const char *key, const char *patterns);
/* The tensors that are trained, as a layout of their own: a borrowed view. */
BertLayout bert_layout_trained(const BertLayout *layout);
const BertTensor *bert_layout_find(const BertLayout *layout, const char *name);       /* NULL if absent */
const BertTensor *bert_layout_tensor(const BertLayout *layout, BertId id, int layer); /* NULL if absent */

/* The name of a tensor in older or differently wrapped files, canonical (cut to size); false for a tensor that a model
 * of this configuration does not use (next-sentence head, position_ids, a pooler). Local. */
bool bert_canonical_name(const BertConfig *config, const char *stored, char *canonical, size_t size);
/* The layer that a canonical name belongs to; -1: none. */
int bert_name_layer(const char *canonical);

#endif
