/* loaded_model.c: file to arena. */
#include "evaluate/loaded_model.h"

#include <stdlib.h>

#include "io/model_file.h"

static void lay_out(LoadedModel *m, const BertConfig *config, int n_samples)
{
    params_free(&m->params);
    encoder_free(&m->encoder);
    params_init(&m->arena, config, false, &m->params);
    encoder_init(&m->arena, &m->params, n_samples, n_samples * m->longest, m->longest, ENCODER_EVALUATES, &m->encoder);
    packed_init(&m->arena, n_samples, n_samples * m->longest, &m->input);
    mlm_head_init(&m->arena, &m->params, true, &m->head);
}

static Status read_vocabulary(H5File *file, const BertConfig *config, Vocabulary **vocabulary)
{
    char **piece;
    int n;
    bool lower_case;
    TRY(model_file_read_pieces(file, config, &piece, &n, &lower_case));
    Status status = vocabulary_new(h5_path(file), (const char *const *)piece, n, lower_case, vocabulary);
    for (int i = 0; i < n; i++) free(piece[i]);
    free(piece);
    return status;
}

Status loaded_model_open(const char *path, int n_samples, int longest, LoadedModel *m)
{
    *m = (LoadedModel){0};
    H5File *file;
    BertConfig config;
    TRY(model_file_open(path, &file, &config));
    Status status = STATUS_OK;
    if (longest > config.positions)
        status = status_set(STATUS_USAGE, __FILE__, __LINE__, "max-length = %d, but %s reads at most %d positions",
                            longest, path, config.positions);
    m->longest = longest > 0 ? longest : config.positions;
    if (!status) status = read_vocabulary(file, &config, &m->vocabulary);
    if (!status) {
        lay_out(m, &config, n_samples);
        arena_open(&m->arena);
        lay_out(m, &config, n_samples);
        status = model_file_read_block(file, "/model/weights", &m->params.layout, m->params.weight);
    }
    h5_close(&file);
    if (status) loaded_model_close(m);
    return status;
}

void loaded_model_close(LoadedModel *m)
{
    params_free(&m->params);
    encoder_free(&m->encoder);
    vocabulary_free(m->vocabulary);
    arena_close(&m->arena);
    *m = (LoadedModel){0};
}
