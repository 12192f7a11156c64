/* loaded_model.h: a model file in memory, ready for forward passes: what encode and evaluate start
 * from. Evaluation mode: no dropout. */
#ifndef EVALUATE_LOADED_MODEL_H
#define EVALUATE_LOADED_MODEL_H

#include "data/vocabulary.h"
#include "model/encoder.h"
#include "model/mlm_head.h"

typedef struct {
    Params params;
    Vocabulary *vocabulary; /* owned */
    Encoder encoder;
    Packed input; /* room for the samples of one pass */
    MlmHead head;
    Arena arena; /* owned */
    int longest; /* pieces of a sample: the option, or what the model can read */
} LoadedModel;

/* Room for n_samples samples of at most `longest` pieces (0 = the model's own limit) per pass. Every
 * rank reads the file. Local. */
Status loaded_model_open(const char *path, int n_samples, int longest, LoadedModel *model);
void loaded_model_close(LoadedModel *model);

#endif
