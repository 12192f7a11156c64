/* model_file.h: configuration, weights and vocabulary of a model in an HDF5 file. Local.
 *
 * /model attributes: the keys of config.json; /model/weights/<Hugging Face name>: whole tensors, f32,
 * C order; /tokenizer/vocab: fixed UTF-8 strings, attribute lower_case; /tokenizer/settings: one JSON text.
 * A checkpoint is such a file with more in it. */
#ifndef IO_MODEL_FILE_H
#define IO_MODEL_FILE_H

#include "io/bert_layout.h"
#include "io/tokenizer.h"

#define MODEL_FORMAT      "collapse-model"
#define CHECKPOINT_FORMAT "collapse-checkpoint"
/* Root attribute of a model whose masked-LM head collapse-import initialised, because the folder had none. */
#define MODEL_NEW_HEAD "masked_lm_head_seed"

/* Open a model or a checkpoint and read its configuration. */
Status model_file_open(const char *path, H5File **file, BertConfig *config);
/* The configuration of an open file. Its tensors have the shapes that follow from it, and there are no others: what is
 * allocated for them is no more than the file holds. */
Status model_file_read_config(H5File *file, BertConfig *config);

/* Configuration and vocabulary; with the weights as a block under /model/weights it is a model. */
Status model_file_write_head(H5File *file, const BertConfig *config, const Tokenizer *tokenizer);
Status model_file_write(H5File *file, const BertConfig *config, const BertLayout *layout, const real *weight,
                        const Tokenizer *tokenizer);

/* Tensors of a block under group ("/model/weights"); axes: names of the dimensions by role. */
Status model_file_write_block(H5File *file, const char *group, const BertLayout *layout, const real *block);
/* Every value must be finite. */
Status model_file_read_tensor(H5File *file, const char *group, const BertTensor *tensor, real *block);
Status model_file_read_block(H5File *file, const char *group, const BertLayout *layout, real *block);

/* The tokenizer, checked; as many rows as the configuration says. Given back by tokenizer_free. */
Status model_file_read_tokenizer(H5File *file, const BertConfig *config, Tokenizer *tokenizer);

#endif
