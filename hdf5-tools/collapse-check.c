/* collapse-check: structure and hashes of any file of ours. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
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

/* What may stand in the root, by format; a trace has one group per step. */
static const char *const members[][2] = {
    {MODEL_FORMAT, "model tokenizer training"},
    {CHECKPOINT_FORMAT, "model tokenizer training optimizer progress collapse history best"},
    {"collapse-encode", "ids offset hidden logits"},
    {"collapse-scores", "item metric interval compare"},
    {"collapse-geometry", "class centre gram spectrum metric interval"},
    {"collapse-corpus", "ids offset"},
    {"collapse-fisher", "fisher"},
};

static Status check_member(H5File *file, const char *path, bool is_dataset, void *context)
{
    const char *format = context;
    Slice rest = {0}, name;
    if (strchr(path + 1, '/')) return STATUS_OK;
    if (strcmp(format, "collapse-trace") == 0 && strncmp(path, "/step_", 6) == 0) return STATUS_OK;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (strcmp(members[i][0], format) == 0) rest = slice_of(members[i][1]);
    while (slice_next_field(&rest, ' ', &name))
        if (slice_is(name, path + 1)) return STATUS_OK;
    FAIL(STATUS_DATA, "%s: %s %s is no part of a %s file: it was added by another program", h5_path(file),
         is_dataset ? "dataset" : "group", path, format);
}

/* A model's tensors must all be there, in the shapes of its configuration, and finite. */
static Status check_model(H5File *file, bool is_checkpoint)
{
    BertConfig config;
    BertLayout layout;
    Tokenizer tokenizer;
    TRY(model_file_read_config(file, &config));
    TRY(model_file_read_tokenizer(file, &config, &tokenizer));
    tokenizer_free(&tokenizer);
    bert_layout_init(&config, &layout);
    float *block = memory_alloc((size_t)layout.count, sizeof *block);
    Status status = STATUS_OK;
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
    TRY(h5_check_format(
        file,
        MODEL_FORMAT
        "," CHECKPOINT_FORMAT
        ",collapse-encode,collapse-trace,collapse-scores,collapse-geometry,collapse-corpus,collapse-fisher",
        "collapse writes the files this program checks"));
    TRY(h5_get_text(file, "/", "format", &format));
    const bool is_checkpoint = strcmp(format, CHECKPOINT_FORMAT) == 0,
               is_model = is_checkpoint || strcmp(format, MODEL_FORMAT) == 0;
    Status status = h5_visit_objects(file, check_member, format);
    if (!status) status = h5_visit_datasets(file, check_dataset, &n_datasets);
    if (!status && is_model) status = check_model(file, is_checkpoint);
    if (!status && !options.quiet) printf("%s: %s, %d datasets, all hashes match\n", path, format, n_datasets);
    if (!status && !h5_is_sealed(file)) /* also when quiet: a version set back must not go unseen */
        printf("%s: was written by an older version: its configuration is not covered by a hash\n", path);
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
