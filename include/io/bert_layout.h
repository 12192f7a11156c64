/* bert_layout.h: what is BERT's own in files: configuration keys, tensor names, shapes.
 *
 * The one table a new model family would add to. Names are those of Hugging Face's BertForMaskedLM;
 * the word embedding is also the decoder of the head (tied), so it is listed once. */
#ifndef IO_BERT_LAYOUT_H
#define IO_BERT_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "io/h5.h"
#include "io/json.h"

typedef struct {
    int vocab;        /* V: vocab_size */
    int hidden;       /* D: hidden_size */
    int layers;       /* L: num_hidden_layers */
    int heads;        /* H: num_attention_heads */
    int intermediate; /* I: intermediate_size */
    int positions;    /* P: max_position_embeddings */
    int types;        /* T: type_vocab_size */
    int pad_id;       /* pad_token_id */
    double layernorm_epsilon;
    double hidden_dropout, attention_dropout;
    double initializer_range;
} BertConfig;

/* bert-base-uncased, the values of a key that a config.json leaves out. */
BertConfig bert_config_default(void);
/* Refuse what the program does not compute (another activation, decoder, relative positions) and
 * sizes that cannot be. name: used in messages. */
Status bert_config_from_json(const char *name, const json_t *root, BertConfig *config);
Status bert_config_check(const char *name, const BertConfig *config);
/* The keys of config.json, as attributes of /model and back. */
Status bert_config_write(H5File *file, const BertConfig *config);
Status bert_config_read(H5File *file, BertConfig *config);
char *bert_config_json(const BertConfig *config); /* owned by the caller */

typedef enum {
    TENSOR_MATRIX, /* weight decay applies */
    TENSOR_BIAS,
    TENSOR_NORM, /* LayerNorm weight */
    TENSOR_NORM_BIAS
} TensorRole;

typedef struct {
    char name[96]; /* Hugging Face name */
    TensorRole role;
    int rank; /* 1 or 2 */
    int64_t shape[2];
    int64_t count; /* elements */
    int64_t first; /* place in the block, in elements */
    bool is_head;  /* belongs to the masked-LM head */
} BertTensor;

typedef struct {
    BertTensor *tensor; /* owned [n] */
    int n;
    int64_t count; /* elements of the whole block */
} BertLayout;

/* All tensors in the order they have in the block: query, key and value weights are adjacent, so
 * that they are one [3D, D] matrix, and their biases one [3D] vector. */
void bert_layout_init(const BertConfig *config, BertLayout *layout);
void bert_layout_free(BertLayout *layout);
const BertTensor *bert_layout_find(const BertLayout *layout, const char *name); /* NULL if absent */

/* The names of a tensor in older or differently wrapped files, canonical; NULL for a tensor that a
 * masked LM does not use (pooler, next-sentence head, position_ids). Local. */
bool bert_canonical_name(const char *stored, char *canonical, size_t size);

#endif
