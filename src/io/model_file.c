/* model_file.c: walks over the layout. */
#include "io/model_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Status check_finite(const char *file, const char *path, int64_t n, const real *x)
{
    for (int64_t i = 0; i < n; i++)
        CHECK(isfinite(x[i]), STATUS_DATA, "%s: %s holds a value that is not finite at element %lld; use another copy",
              file, path, (long long)i);
    return STATUS_OK;
}

Status model_file_write_block(H5File *file, const char *group, const BertLayout *layout, const real *block)
{
    for (int i = 0; i < layout->n; i++) {
        const BertTensor *t = &layout->tensor[i];
        char path[160];
        snprintf(path, sizeof path, "%s/%s", group, t->name);
        TRY(check_finite(h5_path(file), path, t->count, block + t->first));
        TRY(h5_write_real(file, path, t->rank, t->shape, t->rank == 2 ? "output, input" : "output", block + t->first));
    }
    return STATUS_OK;
}

/* The stored shape must be that of the configuration. */
static Status check_shape(H5File *file, const char *path, const BertTensor *t)
{
    H5Shape shape;
    TRY(h5_shape(file, path, &shape));
    bool same = shape.rank == t->rank;
    for (int i = 0; same && i < t->rank; i++) same = shape.dims[i] == t->shape[i];
    CHECK(same, STATUS_DATA, "%s: %s has the shape [%lld, %lld], the configuration asks for [%lld, %lld]",
          h5_path(file), path, (long long)shape.dims[0], (long long)shape.dims[1], (long long)t->shape[0],
          (long long)t->shape[1]);
    return STATUS_OK;
}

static Status count_tensor(H5File *file, const char *path, void *context)
{
    static const char group[] = "/model/weights/";
    const BertLayout *layout = context;
    if (strncmp(path, group, sizeof group - 1) != 0) return STATUS_OK;
    CHECK(bert_layout_find(layout, path + sizeof group - 1), STATUS_DATA,
          "%s: %s is no tensor of a BERT of its configuration; the file was changed after it was written",
          h5_path(file), path);
    return STATUS_OK;
}

/* Before anything is allocated for them, the tensors of the configuration are there, and no others: the file then
 * holds as many bytes as the configuration asks for. */
static Status check_tensors(H5File *file, const BertConfig *config)
{
    BertLayout layout;
    bert_layout_init(config, &layout);
    Status status = STATUS_OK;
    for (int i = 0; i < layout.n && !status; i++) {
        char path[160];
        snprintf(path, sizeof path, "/model/weights/%s", layout.tensor[i].name);
        status = check_shape(file, path, &layout.tensor[i]);
    }
    if (!status) status = h5_visit_datasets(file, count_tensor, &layout);
    bert_layout_free(&layout);
    return status;
}

Status model_file_read_config(H5File *file, BertConfig *config)
{
    TRY(bert_config_read(file, config));
    return check_tensors(file, config);
}

Status model_file_open(const char *path, H5File **file, BertConfig *config)
{
    TRY(h5_open(path, file));
    Status status = h5_check_format(*file, MODEL_FORMAT "," CHECKPOINT_FORMAT,
                                    "collapse-import makes one from a Hugging Face folder");
    if (!status) status = model_file_read_config(*file, config);
    if (status) h5_close(file);
    return status;
}

Status model_file_read_tensor(H5File *file, const char *group, const BertTensor *t, real *block)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", group, t->name);
    TRY(check_shape(file, path, t));
    TRY(h5_read_real(file, path, t->count, block + t->first));
    return check_finite(h5_path(file), path, t->count, block + t->first);
}

Status model_file_read_block(H5File *file, const char *group, const BertLayout *layout, real *block)
{
    for (int i = 0; i < layout->n; i++) TRY(model_file_read_tensor(file, group, &layout->tensor[i], block));
    return STATUS_OK;
}

Status model_file_write_head(H5File *file, const BertConfig *config, const Tokenizer *tokenizer)
{
    char *settings = tokenizer_settings(tokenizer, true);
    Status status = bert_config_write(file, config);
    if (!status)
        status = h5_write_texts(file, "/tokenizer/vocab", (const char *const *)tokenizer->piece, tokenizer->n, "id");
    if (!status) status = h5_write_texts(file, "/tokenizer/settings", (const char *const *)&settings, 1, "text");
    free(settings);
    return status ? status : h5_put_i64(file, "/tokenizer/vocab", "lower_case", tokenizer->lower_case);
}

Status model_file_write(H5File *file, const BertConfig *config, const BertLayout *layout, const real *weight,
                        const Tokenizer *tokenizer)
{
    TRY(model_file_write_head(file, config, tokenizer));
    return model_file_write_block(file, "/model/weights", layout, weight);
}

static void free_texts(char **text, int64_t n)
{
    for (int64_t i = 0; i < n; i++) free(text[i]);
    free(text);
}

/* Files of older versions have no settings: BERT's own, as they were applied then. */
static Status read_settings(H5File *file, const BertConfig *config, char **piece, bool lower_case, Tokenizer *t)
{
    const char *const *pieces = (const char *const *)piece;
    if (!h5_exists(file, "/tokenizer/settings")) {
        TRY(tokenizer_plain(h5_path(file), pieces, config->vocab, lower_case, t));
        t->model_max_length = config->positions;
        return STATUS_OK;
    }
    char **settings;
    int64_t n;
    TRY(h5_read_texts(file, "/tokenizer/settings", &settings, &n));
    Status status = n == 1 ? tokenizer_from_settings(h5_path(file), pieces, config->vocab, settings[0], t)
                           : status_set(STATUS_DATA, __FILE__, __LINE__,
                                        "%s: /tokenizer/settings is %lld texts, not one", h5_path(file), (long long)n);
    free_texts(settings, n);
    return status;
}

Status model_file_read_tokenizer(H5File *file, const BertConfig *config, Tokenizer *t)
{
    int64_t n = 0, lower = 0;
    char **piece;
    *t = (Tokenizer){0};
    TRY(h5_get_i64(file, "/tokenizer/vocab", "lower_case", &lower));
    TRY(h5_read_texts(file, "/tokenizer/vocab", &piece, &n));
    Status status = STATUS_OK;
    if (n != config->vocab)
        status = status_set(STATUS_DATA, __FILE__, __LINE__,
                            "%s: /tokenizer/vocab has %lld pieces, the model's vocab_size is %d", h5_path(file),
                            (long long)n, config->vocab);
    if (!status) status = read_settings(file, config, piece, lower != 0, t);
    free_texts(piece, n);
    if (!status && t->lower_case != (lower != 0)) {
        tokenizer_free(t);
        status =
            status_set(STATUS_DATA, __FILE__, __LINE__,
                       "%s: attribute lower_case of /tokenizer/vocab contradicts /tokenizer/settings", h5_path(file));
    }
    return status;
}
