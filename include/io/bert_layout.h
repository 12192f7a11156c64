/* bert_layout.h: what is BERT's own in files: configuration keys, tensor names, shapes.
 *
 * The one table a new model family would add to: everything else knows a tensor by id, layer and part. Names are those
 * of Hugging Face's BertForMaskedLM; the word embedding is also the decoder of the head (tied), so it is listed once.
 */
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
/* The first key of config.json in which two configurations differ; NULL: none. Local. */
const char *bert_config_difference(const BertConfig *a, const BertConfig *b);
/* The keys of config.json, as attributes of /model and back. */
Status bert_config_write(H5File *file, const BertConfig *config);
Status bert_config_read(H5File *file, BertConfig *config);
char *bert_config_json(const BertConfig *config); /* owned by the caller */

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
    BERT_TRANSFORM_WEIGHT, /* of the masked-LM head */
    BERT_TRANSFORM_BIAS,
    BERT_TRANSFORM_GAMMA,
    BERT_TRANSFORM_BETA,
    BERT_DECODER_BIAS,
    N_BERT_IDS
} BertId;

/* What becomes final together in a backward pass, in the order of the block. */
typedef enum { PART_EMBEDDINGS, PART_LAYER, PART_HEAD } TensorPart;

typedef struct {
    BertId id;
    int layer; /* 0 outside of layers */
    TensorPart part;
    TensorRole role;
    bool decays;   /* weight decay applies */
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
} BertLayout;

/* All tensors in the order they have in the block: query, key and value weights are adjacent, so
 * that they are one [3D, D] matrix, and their biases one [3D] vector. */
void bert_layout_init(const BertConfig *config, BertLayout *layout);
void bert_layout_free(BertLayout *layout);
const BertTensor *bert_layout_find(const BertLayout *layout, const char *name);       /* NULL if absent */
const BertTensor *bert_layout_tensor(const BertLayout *layout, BertId id, int layer); /* NULL if absent */

/* The name of a tensor in older or differently wrapped files, canonical (cut to size); false for a tensor that a
 * masked LM does not use (pooler, next-sentence head, position_ids). Local. */
bool bert_canonical_name(const char *stored, char *canonical, size_t size);
/* The layer that a canonical name belongs to; -1: none. */
int bert_name_layer(const char *canonical);

#endif
