/* model.h: a model in memory: vocabulary, weights, encoder and masked-LM head.
 *
 * One road for training and evaluation: model_open reads what must be known before memory is laid out, model_lay_out
 * cuts memory from an arena (once to count, once to take), model_load fills the weights. Rank 0 reads, all receive. */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include "data/packed.h"
#include "data/vocabulary.h"
#include "io/model_file.h"
#include "model/encoder.h"
#include "model/mlm_head.h"
#include "parallel/comm.h"

typedef struct {
    BertConfig config;
    Vocabulary *vocabulary; /* owned */
    Params params;
    Encoder encoder;
    MlmHead head;
    /* model_read and model_read_weights only: */
    Packed input;         /* room for the samples of one pass */
    int longest;          /* pieces of a sample: as asked for, or what the model can read */
    Arena arena;          /* owned */
    const Params *copied; /* borrowed: where model_read_weights takes the weights instead of a file; or NULL */
} Model;

/* A model that begins at random: its sizes and its vocabulary. */
typedef struct {
    const char *vocab; /* vocab.txt, a tokenizer.json, or a folder */
    bool cased;
    int layers, hidden, heads, intermediate, positions;
    double initializer_range;
} RandomModel;

/* Configuration and vocabulary of a file, or of a model to be begun. Collective; fails alike on all ranks. */
Status model_open(const Comm *comm, const char *path, Model *model);
Status model_open_random(const Comm *comm, const RandomModel *random, Model *model);

/* The same of a model in memory, which must outlive it: model_read_weights then copies its weights. Local. */
void model_open_like(const Model *other, Model *model);

/* The room a model is given: the largest pass it can meet. */
typedef struct {
    EncoderUse use;
    int samples, tokens, longest;
    TrainRule train;    /* training: what is trained */
    bool all_gradients; /* training: objectives add to the gradients of all states */
    bool panels;        /* params_take_panels */
} ModelRoom;

/* Local. */
void model_lay_out(Arena *arena, const ModelRoom *room, Model *model);
void model_close(Model *model);

/* The weights of a file, or random ones by seed. What the model has beyond the file begins at random by the seed, but a
 * decoder of its own as a copy of the word embeddings. Collective; Local. */
Status model_load(const Comm *comm, const char *path, uint64_t seed, Model *model);
void model_begin(uint64_t seed, Model *model);

/* Memory, in an arena of its own, for forward passes of samples and tokens as in ModelRoom, without dropout, and the
 * weights of the file that was opened, also in panels (params_take_panels) if asked for. Collective; fails alike on all
 * ranks. */
Status model_read_weights(const Comm *comm, const char *path, int samples, int tokens, int longest, bool panels,
                          Model *model);
/* All of it for forward passes of n_samples samples of at most `longest` pieces (0: the model's own limit), without
 * dropout, in an arena of its own. Collective; fails alike on all ranks. */
Status model_read(const Comm *comm, const char *path, int n_samples, int longest, Model *model);

#endif
