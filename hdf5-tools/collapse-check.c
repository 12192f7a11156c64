/* collapse-check: structure and hashes of any file of ours. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/model_file.h"
#include "tool.h"

static struct Options {
    bool quiet;
} options;

static const Setting table[] = {{"quiet", SETTING_SWITCH, "no", "", 0, 0, 0, "print nothing when all is well"}};

static Status check_dataset(H5File *file, const char *path, void *context)
{
    int *n_datasets = context;
    ++*n_datasets;
    return h5_verify(file, path);
}

/* A model's tensors must all be there, in the shapes of its configuration, and finite. */
static Status check_model(H5File *file, bool is_checkpoint)
{
    BertConfig config;
    BertLayout layout;
    char **piece;
    int n;
    bool lower_case;
    TRY(bert_config_read(file, &config));
    TRY(model_file_read_pieces(file, &config, &piece, &n, &lower_case));
    for (int i = 0; i < n; i++) free(piece[i]);
    free(piece);
    bert_layout_init(&config, &layout);
    float *block = malloc((size_t)layout.count * sizeof *block);
    Status status =
        block ? STATUS_OK
              : status_set(STATUS_INTERNAL, __FILE__, __LINE__, "no memory for %lld numbers", (long long)layout.count);
    static const char *const group[] = {"/model/weights", "/optimizer/first", "/optimizer/second"};
    for (int g = 0; g < (is_checkpoint ? 3 : 1) && !status; g++)
        status = model_file_read_block(file, group[g], &layout, block);
    free(block);
    bert_layout_free(&layout);
    return status;
}

static Status check_file(H5File *file, const char *path)
{
    char *format = NULL;
    int n_datasets = 0;
    TRY(h5_check_format(file,
                        MODEL_FORMAT
                        "," CHECKPOINT_FORMAT
                        ",collapse-encode,collapse-trace,collapse-scores,collapse-geometry,collapse-corpus",
                        "collapse writes the files this program checks"));
    TRY(h5_get_text(file, "/", "format", &format));
    const bool is_checkpoint = strcmp(format, CHECKPOINT_FORMAT) == 0,
               is_model = is_checkpoint || strcmp(format, MODEL_FORMAT) == 0;
    Status status = h5_visit_datasets(file, check_dataset, &n_datasets);
    if (!status && is_model) status = check_model(file, is_checkpoint);
    if (!status && !options.quiet) printf("%s: %s, %d datasets, all hashes match\n", path, format, n_datasets);
    free(format);
    return status;
}

static Status run(const char *path, const char *command_line)
{
    (void)command_line;
    H5File *file;
    TRY(h5_open(path, &file));
    Status status = check_file(file, path);
    h5_close(&file);
    return status;
}

int main(int argc, char **argv)
{
    const Tool tool = {"collapse-check",
                       "collapse-check FILE.h5 [--quiet]",
                       "Verify structure and hashes of a file written by collapse.",
                       table,
                       sizeof table / sizeof table[0],
                       &options,
                       "one file",
                       run,
                       NULL,
                       0,
                       0};
    return tool_main(&tool, argc, argv);
}
