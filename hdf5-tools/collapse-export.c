/* collapse-export: MODEL.h5 to a Hugging Face folder. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "export_folder.h"
#include "io/file.h"
#include "io/model_file.h"
#include "io/safetensors.h"
#include "io/tokenizer_folder.h"
#include "tool.h"

static struct Options {
    const char *output;
    int decoder; /* 0 keep, 1 tie */
    bool overwrite;
} options;

static ExportFolder export;

static const Setting table[] = {
    {"output", SETTING_PATH, "", "", 0, 0, offsetof(struct Options, output),
     "folder for config.json, model.safetensors and the tokenizer's files"},
    {"decoder", SETTING_CHOICE, "keep", "keep tie", 0, 0, offsetof(struct Options, decoder),
     "a decoder of its own (untied): keep it, or let it take the place of the word embeddings and be tied to them, as "
     "MABEL's conversion does"},
    {"overwrite", SETTING_SWITCH, "no", "", 0, 0, offsetof(struct Options, overwrite),
     "write into a folder that holds other files; those in the way are renamed to *.old"},
};

static Status write_text(const char *name, const char *text, size_t length)
{
    char *path = file_join(export.stage, name);
    Status status = file_write_text(path, text, length);
    free(path);
    return status;
}

/* Hugging Face's classes have no place for the sentence head; the decoder is left out where it was tied. */
static bool is_left_out(const BertTensor *t)
{
    return (t->id >= BERT_SENTENCE_WEIGHT && t->id <= BERT_SENTENCE_OUT_BIAS) ||
           (t->id == BERT_DECODER && options.decoder == 1);
}

/* The decoder takes the place of the word embeddings. */
static void tie(const BertLayout *layout, BertConfig *config, float *weight)
{
    if (!config->untied || options.decoder != 1) return;
    const BertTensor *word = bert_layout_tensor(layout, BERT_WORD, 0),
                     *own = bert_layout_tensor(layout, BERT_DECODER, 0);
    memcpy(weight + word->first, weight + own->first, (size_t)word->count * sizeof *weight);
    config->untied = false;
}

static Status write_weights(const BertLayout *layout, const float *weight)
{
    TensorToWrite *tensor = memory_alloc((size_t)layout->n, sizeof *tensor);
    int n = 0;
    for (int i = 0; i < layout->n; i++) {
        const BertTensor *t = &layout->tensor[i];
        if (is_left_out(t)) continue;
        tensor[n++] = (TensorToWrite){t->name, t->rank, {t->shape[0], t->shape[1]}, weight + t->first};
    }
    char *path = file_join(export.stage, "model.safetensors");
    Status status = safetensors_write(path, tensor, n);
    free(path);
    free(tensor);
    return status;
}

static Status write_tokenizer(const Tokenizer *tokenizer)
{
    TokenizerFile file[TOKENIZER_FILES];
    Status status = STATUS_OK;
    tokenizer_files(tokenizer, file);
    for (int i = 0; i < TOKENIZER_FILES; i++) {
        if (!status) status = write_text(file[i].name, file[i].text, strlen(file[i].text));
        free(file[i].text);
    }
    return status;
}

static Status write_folder(H5File *file, BertConfig *config)
{
    BertLayout layout;
    Tokenizer tokenizer = {0};
    bert_layout_init(config, &layout);
    float *weight = memory_alloc((size_t)layout.count, sizeof *weight);
    Status status = model_file_read_block(file, "/model/weights", &layout, weight);
    if (!status) tie(&layout, config, weight);
    char *json = bert_config_json(config);
    if (!status) status = model_file_read_tokenizer(file, config, &tokenizer);
    if (!status) status = export_folder_begin(options.output, options.overwrite, &export);
    if (!status) status = write_weights(&layout, weight);
    if (!status) status = write_tokenizer(&tokenizer);
    if (!status) status = write_text("config.json", json, strlen(json));
    status = export_folder_finish(&export, status);
    tokenizer_free(&tokenizer);
    free(json);
    free(weight);
    bert_layout_free(&layout);
    return status;
}

static Status run(const char *path, const char *command_line)
{
    (void)command_line;
    H5File *file;
    BertConfig config;
    CHECK(options.output[0], STATUS_USAGE, "--output=HF_DIR is missing");
    TRY(export_folder_check(options.output, path));
    TRY(model_file_open(path, &file, &config));
    Status status = STATUS_OK;
    if (config.prefix)
        status =
            status_set(STATUS_USAGE, __FILE__, __LINE__,
                       "%s: holds a prefix of %d keys and values in every layer, for which a Hugging Face folder of "
                       "BERT has no place; evaluate it here",
                       path, config.prefix);
    if (!status) status = write_folder(file, &config);
    h5_close(&file);
    if (!status && config.pooler && !config.next_sentence)
        fprintf(stderr, "the pooler is for AutoModel; AutoModelForMaskedLM names it as unexpected and leaves it out\n");
    if (!status && config.sentence_head)
        fprintf(stderr, "the sentence head was left out: AutoModelForMaskedLM has no place for it\n");
    if (!status)
        fprintf(stderr, "wrote %s: %s.from_pretrained(\"%s\") loads it\n", options.output,
                config.next_sentence ? "BertForPreTraining, or without the next-sentence head AutoModelForMaskedLM,"
                                     : "AutoModelForMaskedLM",
                options.output);
    return status;
}

int main(int argc, char **argv)
{
    const Tool tool = {"collapse-export",
                       "collapse-export MODEL.h5 --output=HF_DIR",
                       "Turn a model or checkpoint into a folder that Hugging Face's transformers loads.",
                       table,
                       sizeof table / sizeof table[0],
                       &options,
                       "a MODEL.h5",
                       run,
                       NULL,
                       0,
                       0};
    return tool_main(&tool, argc, argv);
}
