/* bert_config.h: what a BERT consists of: the keys of its config.json, in files and in memory. Local. */
#ifndef IO_BERT_CONFIG_H
#define IO_BERT_CONFIG_H

#include <stdbool.h>

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
    bool untied;        /* the decoder is a matrix of its own: tie_word_embeddings = false */
    bool pooler;        /* bert.pooler: tanh of a product with the first state */
    bool sentence_head; /* MABEL's: a product, tanh, a product, of the first state */
    bool next_sentence; /* cls.seq_relationship: two logits of the pooler's output, "is next" first; with a pooler */
    int prefix;         /* keys and values of each layer's own before those of a sample; 0 = none */
    bool prefix_shifts; /* positions of tokens are counted from behind the prefix */
} BertConfig;

/* Positions a sample may have. */
static inline int bert_config_positions(const BertConfig *config)
{
    return config->positions - (config->prefix_shifts ? config->prefix : 0);
}

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

#endif
