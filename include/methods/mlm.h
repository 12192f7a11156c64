/* mlm.h: masked-LM training on a text; other methods of one masked text per item use its hooks. */
#ifndef METHODS_MLM_H
#define METHODS_MLM_H

#include "methods/method.h"
#include "objectives/masked_lm.h"

extern const Method method_mlm;

/* own_bytes of a method that uses the hooks below: own begins with it. */
typedef struct {
    MaskedLm masked_lm;
} MlmOwn;

void mlm_lay_out(Arena *arena, MethodRun *m);
void mlm_fill(MethodRun *m, const BatchItem *item, int n, Batch *batch);
void mlm_add(MethodRun *m, const Batch *batch, const StepCounts *counts, double *sum);

#endif
