/* mlm.c: continue masked-LM training on any text. */
#include "methods/mlm.h"

static Status read_text(const Comm *comm, MethodRun *m, const char *path, CorpusOptions *request)
{
    return corpus_read(comm, path, m->model->vocabulary, request, &m->data);
}

void mlm_lay_out(Arena *arena, MethodRun *m)
{
    masked_lm_init(arena, &m->model->head, &((MlmOwn *)m->own)->masked_lm);
}

void mlm_fill(MethodRun *m, const BatchItem *item, int n, Batch *batch)
{
    batch_fill(&m->data, m->model->vocabulary, item, n, &m->masking, batch);
}

void mlm_add(MethodRun *m, const Batch *batch, const StepCounts *counts, double *sum)
{
    const Encoder *e = &m->model->encoder;
    const int last = m->model->config.layers;
    sum[0] += masked_lm_loss(&((MlmOwn *)m->own)->masked_lm, batch, e->h[last], counts->labels, e->dh[last]);
}

static const MethodValue usual[] = {{"batch", "16"}, {"learning-rate", "5e-5"}, {"epochs", "1"}, {NULL, NULL}};

const Method method_mlm = {.name = "mlm",
                           .summary = "continue masked-LM training on text",
                           .usual = usual,
                           .own_bytes = sizeof(MlmOwn),
                           .read = read_text,
                           .lay_out = mlm_lay_out,
                           .fill = mlm_fill,
                           .add = mlm_add};
