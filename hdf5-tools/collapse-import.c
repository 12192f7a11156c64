/* collapse-import: a Hugging Face folder to MODEL.h5. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/bert_init.h"
#include "io/file.h"
#include "io/model_file.h"
#include "io/output.h"
#include "io/safetensors.h"
#include "tool.h"

static struct Options {
    const char *output;
    int case_rule; /* 0 auto, 1 lower, 2 keep */
    int64_t seed;
    bool overwrite;
} options;

static const Setting table[] = {
    {"output", SETTING_TEXT, "", "", 0, 0, offsetof(struct Options, output), "MODEL.h5 to write"},
    {"overwrite", SETTING_SWITCH, "no", "", 0, 0, offsetof(struct Options, overwrite), OUTPUT_OVERWRITE_HELP},
    {"case", SETTING_CHOICE, "auto", "auto lower keep", 0, 0, offsetof(struct Options, case_rule),
     "does the tokenizer lower-case? auto: as tokenizer_config.json says"},
    {"seed", SETTING_INTEGER, "42", "", 0, 9e15, offsetof(struct Options, seed),
     "of a masked-LM head that the folder lacks"},
};

typedef struct {
    const char *folder, *command_line;
    BertConfig config;
    BertLayout layout;    /* owned */
    SafetensorsFile file; /* owned */
    float *weight;        /* owned: the block */
    int *source;          /* owned [layout.n]: tensor of the file, or -1 */
    int n_ignored;
    char *pieces_text;  /* owned */
    const char **piece; /* owned [n_pieces], borrowed from pieces_text */
    int n_pieces;
    bool lower_case, head_is_new;
} Import;

static Status check_folder(const Import *im)
{
    static const char *const needed[] = {"config.json", "model.safetensors", "vocab.txt"};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        char *path = file_join(im->folder, needed[i]), *torch = file_join(im->folder, "pytorch_model.bin");
        Status status = STATUS_OK;
        if (!file_exists(path))
            status = status_set(
                STATUS_IO, __FILE__, __LINE__,
                "%s: does not exist; a Hugging Face BERT folder has config.json, model.safetensors and vocab.txt%s",
                path,
                i == 1 && file_exists(torch) ? " (pytorch_model.bin is there: save it once with safetensors)" : "");
        free(path);
        free(torch);
        TRY(status);
    }
    return STATUS_OK;
}

static Status read_config(Import *im)
{
    char *path = file_join(im->folder, "config.json");
    json_t *root = NULL;
    Status status = json_read_file(path, &root);
    if (!status) status = bert_config_from_json(path, root, &im->config);
    json_decref(root);
    free(path);
    return status;
}

/* do_lower_case of tokenizer_config.json; true, as BertTokenizer's default, where nothing is said. */
static Status read_case(Import *im)
{
    im->lower_case = options.case_rule != 2;
    char *path = file_join(im->folder, "tokenizer_config.json");
    Status status = STATUS_OK;
    if (options.case_rule == 0 && file_exists(path)) {
        json_t *root = NULL;
        status = json_read_file(path, &root);
        if (!status && json_is_false(json_object_get(root, "do_lower_case"))) im->lower_case = false;
        json_decref(root);
    }
    free(path);
    return status;
}

static Status read_pieces(Import *im)
{
    char *path = file_join(im->folder, "vocab.txt");
    size_t length, capacity = 0;
    Status status = file_read(path, &im->pieces_text, &length);
    if (!status && (utf8_first_invalid(im->pieces_text, length) != length || memchr(im->pieces_text, '\0', length)))
        status =
            status_set(STATUS_DATA, __FILE__, __LINE__, "%s: is not a text file (it holds NUL or invalid UTF-8)", path);
    Slice rest = {im->pieces_text, length}, line;
    while (!status && slice_next_line(&rest, &line)) {
        memory_reserve((void **)&im->piece, &capacity, (size_t)im->n_pieces + 1, sizeof *im->piece);
        im->pieces_text[(size_t)(line.start - im->pieces_text) + line.length] = '\0'; /* over the line end */
        im->piece[im->n_pieces++] = line.start;
    }
    if (!status && im->n_pieces != im->config.vocab)
        status =
            status_set(STATUS_DATA, __FILE__, __LINE__,
                       "%s: has %d pieces, but vocab_size in config.json is %d; the two files are of different models",
                       path, im->n_pieces, im->config.vocab);
    free(path);
    return status;
}

static int layout_place(const BertLayout *layout, const char *name)
{
    const BertTensor *tensor = bert_layout_find(layout, name);
    return tensor ? (int)(tensor - layout->tensor) : -1;
}

static bool same_shape(const SafeTensor *stored, const BertTensor *wanted)
{
    bool same = stored->rank == wanted->rank;
    for (int i = 0; same && i < wanted->rank; i++) same = stored->shape[i] == wanted->shape[i];
    return same;
}

/* A second copy of a tied tensor must hold the same numbers. */
static Status check_copy(const Import *im, const SafeTensor *a, const SafeTensor *b)
{
    float *x = memory_alloc((size_t)a->count, 2 * sizeof *x), *y = x + a->count;
    Status status = safetensors_read_f32(&im->file, a, x);
    if (!status) status = safetensors_read_f32(&im->file, b, y);
    if (!status && memcmp(x, y, (size_t)a->count * sizeof *x) != 0)
        status = status_set(STATUS_DATA, __FILE__, __LINE__,
                            "%s: '%s' and '%s' differ, but this program computes only the tied head", im->file.path,
                            a->name, b->name);
    free(x);
    return status;
}

/* Which tensor of the file goes where; shapes are compared before anything is allocated from them. */
static Status match_tensors(Import *im)
{
    im->source = memory_alloc((size_t)im->layout.n, sizeof *im->source);
    for (int i = 0; i < im->layout.n; i++) im->source[i] = -1;
    for (int i = 0; i < im->file.n; i++) {
        const SafeTensor *stored = &im->file.tensor[i];
        char name[200];
        const int place = bert_canonical_name(stored->name, name, sizeof name) ? layout_place(&im->layout, name) : -1;
        if (place < 0) {
            im->n_ignored++;
            continue;
        }
        const BertTensor *wanted = &im->layout.tensor[place];
        CHECK(same_shape(stored, wanted), STATUS_DATA,
              "%s: '%s' has shape [%lld, %lld], config.json asks for [%lld, %lld]", im->file.path, stored->name,
              (long long)stored->shape[0], (long long)stored->shape[1], (long long)wanted->shape[0],
              (long long)wanted->shape[1]);
        if (im->source[place] >= 0) TRY(check_copy(im, &im->file.tensor[im->source[place]], stored));
        else im->source[place] = i;
    }
    return STATUS_OK;
}

/* The encoder must be complete; the head must be complete or absent. */
static Status check_complete(Import *im)
{
    int missing_head = 0, head = 0;
    const BertTensor *missing = NULL;
    for (int i = 0; i < im->layout.n; i++) {
        const BertTensor *t = &im->layout.tensor[i];
        head += t->part == PART_HEAD;
        if (im->source[i] >= 0) continue;
        missing_head += t->part == PART_HEAD;
        CHECK(t->part == PART_HEAD, STATUS_DATA, "%s: has no tensor '%s'; is this a BERT with %d layers?",
              im->file.path, t->name, im->config.layers);
        missing = t;
    }
    im->head_is_new = missing_head == head;
    CHECK(missing_head == 0 || im->head_is_new, STATUS_DATA,
          "%s: has a masked-LM head without '%s'; the file is incomplete", im->file.path, missing ? missing->name : "");
    return STATUS_OK;
}

static Status read_weights(Import *im)
{
    char *path = file_join(im->folder, "model.safetensors");
    Status status = safetensors_open(path, &im->file);
    free(path);
    TRY(status);
    bert_layout_init(&im->config, &im->layout);
    TRY(match_tensors(im));
    TRY(check_complete(im));
    im->weight = memory_alloc((size_t)im->layout.count, sizeof *im->weight);
    if (im->head_is_new) bert_init_random(&im->config, &im->layout, (uint64_t)options.seed, true, im->weight);
    for (int i = 0; i < im->layout.n; i++)
        if (im->source[i] >= 0)
            TRY(safetensors_read_f32(&im->file, &im->file.tensor[im->source[i]],
                                     im->weight + im->layout.tensor[i].first));
    return STATUS_OK;
}

static Status write_body(H5File *file, const void *context)
{
    const Import *im = context;
    const PieceTable pieces = {im->piece, im->n_pieces, im->lower_case};
    TRY(h5_write_header(file, MODEL_FORMAT, im->command_line, ""));
    return model_file_write(file, &im->config, &im->layout, im->weight, &pieces);
}

static Status import(Import *im)
{
    static const OutputKind kind = {"a model file", MODEL_FORMAT, NULL};
    const Input inputs[] = {{"the folder", im->folder}};
    CHECK(options.output[0], STATUS_USAGE, "--output=MODEL.h5 is missing");
    TRY(check_folder(im));
    TRY(output_check("--output", options.output, &kind, options.overwrite, inputs, 1));
    TRY(read_config(im));
    TRY(read_case(im));
    TRY(read_pieces(im));
    TRY(read_weights(im));
    TRY(h5_write_file(options.output, write_body, im));
    fprintf(stderr,
            "wrote %s: %d layers, hidden %d, %d pieces, %s; %d tensors that a masked LM does not use were left out\n",
            options.output, im->config.layers, im->config.hidden, im->n_pieces,
            im->lower_case ? "lower-cased" : "cased", im->n_ignored);
    if (im->head_is_new)
        fprintf(stderr, "the folder has no masked-LM head: a new one was initialised (seed %lld); it must be trained\n",
                (long long)options.seed);
    return STATUS_OK;
}

static Status run(const char *folder, const char *command_line)
{
    Import im = {.folder = folder, .command_line = command_line};
    Status status = import(&im);
    safetensors_close(&im.file);
    bert_layout_free(&im.layout);
    free(im.weight);
    free(im.source);
    free(im.piece);
    free(im.pieces_text);
    return status;
}

int main(int argc, char **argv)
{
    const Tool tool = {"collapse-import",
                       "collapse-import HF_DIR --output=MODEL.h5 [--case=auto|lower|keep]",
                       "Turn a Hugging Face BERT folder (config.json, model.safetensors, vocab.txt) into MODEL.h5.",
                       table,
                       sizeof table / sizeof table[0],
                       &options,
                       "a Hugging Face folder",
                       run,
                       NULL,
                       0,
                       0};
    return tool_main(&tool, argc, argv);
}
