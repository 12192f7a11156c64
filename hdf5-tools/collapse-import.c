/* collapse-import: a Hugging Face folder to MODEL.h5. */
#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/bert_init.h"
#include "io/file.h"
#include "io/model_file.h"
#include "io/output.h"
#include "io/safetensors_folder.h"
#include "io/tokenizer_folder.h"
#include "tool.h"

static struct Options {
    const char *output;
    int case_rule; /* CaseRule */
    int64_t seed;
    bool overwrite, pooler;
} options;

static const Setting table[] = {
    {"output", SETTING_PATH, "", "", 0, 0, offsetof(struct Options, output), "MODEL.h5 to write"},
    {"overwrite", SETTING_SWITCH, "no", "", 0, 0, offsetof(struct Options, overwrite), OUTPUT_OVERWRITE_HELP},
    {"case", SETTING_CHOICE, "auto", "auto lower keep", 0, 0, offsetof(struct Options, case_rule),
     "does the tokenizer lower-case? auto: as the folder says"},
    {"pooler", SETTING_SWITCH, "no", "", 0, 0, offsetof(struct Options, pooler),
     "keep the pooler, though the folder has no next-sentence head that reads it"},
    {"seed", SETTING_INTEGER, "42", "", 0, 9e15, offsetof(struct Options, seed),
     "of a masked-LM head that the folder lacks"},
};

/* A tensor and the file it is in. */
typedef struct {
    const SafetensorsFile *file;
    const SafeTensor *tensor; /* NULL: not found */
} Source;

typedef struct {
    const char *folder, *command_line;
    BertConfig config;
    BertLayout layout;         /* owned */
    SafetensorsFolder weights; /* owned */
    float *weight;             /* owned: the block */
    Source *source;            /* owned [layout.n] */
    int n_ignored;
    char ignored[80];    /* the name of one of them */
    Tokenizer tokenizer; /* owned */
    char *notes;         /* owned */
    bool head_is_new;
} Import;

/* The folder that a name of the hub's cache stands for: refs/main says which snapshot. NULL: not such a cache. */
static char *snapshot_of_cache(const char *folder)
{
    char *ref = file_join(folder, "refs/main"), *snapshots = file_join(folder, "snapshots"), *text = NULL, *path = NULL;
    size_t length;
    const bool is_cache = file_exists(snapshots);
    if (is_cache && !file_check_regular(ref) && !file_read(ref, &text, &length)) {
        char *name = slice_copy(slice_trim((Slice){text, length}));
        path = file_join(snapshots, name);
        free(name);
    }
    if (is_cache && (!path || !file_exists(path))) {
        free(path);
        path = memory_print("%s/<revision>", snapshots);
    }
    free(ref);
    free(snapshots);
    free(text);
    return path;
}

static Status missing(const char *folder, const char *name, const char *more)
{
    char *path = file_join(folder, name);
    struct stat info;
    const bool is_link = lstat(path, &info) == 0;
    Status status = status_set(STATUS_IO, __FILE__, __LINE__,
                               is_link ? "%s: is a link to a file that does not exist; copy the whole folder%s"
                                       : "%s: does not exist; a Hugging Face BERT folder has config.json, "
                                         "model.safetensors and vocab.txt or tokenizer.json%s",
                               path, is_link ? "" : more);
    free(path);
    return status;
}

static bool has(const Import *im, const char *name)
{
    char *path = file_join(im->folder, name);
    const bool found = file_exists(path);
    free(path);
    return found;
}

/* A name of other weights in the folder, owned by the caller; NULL: none. */
static char *other_weights(const char *folder)
{
    char *name = NULL;
    DIR *directory = opendir(folder);
    for (struct dirent *entry; directory && !name && (entry = readdir(directory));) {
        const size_t n = strlen(entry->d_name), tail = strlen(".safetensors");
        if (n > tail && strcmp(entry->d_name + n - tail, ".safetensors") == 0) name = memory_copy_text(entry->d_name);
    }
    if (directory) closedir(directory);
    return name;
}

static Status check_weights_there(const Import *im)
{
    const char *more = "";
    if (has(im, "model.safetensors") || has(im, "model.safetensors.index.json")) return STATUS_OK;
    if (has(im, "pytorch_model.bin") || has(im, "pytorch_model.bin.index.json"))
        more = "; pytorch_model.bin is a Python program's own format: save the model once with safetensors, in Python "
               "AutoModelForMaskedLM.from_pretrained(FOLDER).save_pretrained(OTHER, safe_serialization=True)";
    else if (has(im, "tf_model.h5") || has(im, "flax_model.msgpack") || has(im, "model.ckpt.index"))
        more = "; the weights are TensorFlow's or JAX's: load the folder in Python with from_tf=True or from_flax=True "
               "and save it with save_pretrained";
    else if (has(im, "adapter_config.json"))
        more = "; adapter_config.json is there, an adapter's weights only: merge it into its model first";
    char *other = more[0] ? NULL : other_weights(im->folder);
    char *hint =
        other ? memory_print("; if %s holds the whole model, give it that name", other) : memory_copy_text(more);
    Status status = missing(im->folder, "model.safetensors", hint);
    free(other);
    free(hint);
    return status;
}

static Status check_folder(const Import *im)
{
    struct stat info;
    CHECK(stat(im->folder, &info) == 0, STATUS_IO, "%s: cannot be opened: %s", im->folder, strerror(errno));
    CHECK(S_ISDIR(info.st_mode), STATUS_USAGE,
          "%s: is a file; name the folder that holds it beside config.json and vocab.txt", im->folder);
    if (!has(im, "config.json")) {
        char *snapshot = snapshot_of_cache(im->folder);
        Status status = snapshot ? status_set(STATUS_USAGE, __FILE__, __LINE__,
                                              "%s: is the hub's cache of a model; name one of its snapshots: %s",
                                              im->folder, snapshot)
                                 : missing(im->folder, "config.json", "");
        free(snapshot);
        return status;
    }
    TRY(check_weights_there(im));
    return has(im, "vocab.txt") || has(im, "tokenizer.json") ? STATUS_OK : missing(im->folder, "vocab.txt", "");
}

static Status read_config(Import *im)
{
    char *path = file_join(im->folder, "config.json");
    json_t *root = NULL;
    Status status = file_check_regular(path);
    if (!status) status = json_read_file(path, &root);
    if (!status) status = bert_config_from_json(path, root, &im->config);
    json_decref(root);
    free(path);
    return status;
}

static Status read_tokenizer(Import *im)
{
    TRY(tokenizer_read(im->folder, (CaseRule)options.case_rule, im->config.vocab, &im->tokenizer, &im->notes));
    fprintf(stderr, "%s", im->notes);
    return STATUS_OK;
}

static bool same_shape(const SafeTensor *stored, const BertTensor *wanted)
{
    bool same = stored->rank == wanted->rank;
    for (int i = 0; same && i < wanted->rank; i++) same = stored->shape[i] == wanted->shape[i];
    return same;
}

/* A second copy of a tied tensor must hold the same numbers. */
static Status check_copy(const Source *a, const Source *b)
{
    const size_t n = (size_t)a->tensor->count;
    float *x = memory_alloc(n, 2 * sizeof *x), *y = x + n;
    Status status = safetensors_read_f32(a->file, a->tensor, x);
    if (!status) status = safetensors_read_f32(b->file, b->tensor, y);
    if (!status && memcmp(x, y, n * sizeof *x) != 0)
        status = status_set(STATUS_DATA, __FILE__, __LINE__,
                            "%s: '%s' and '%s' differ, but config.json says that they are one; if they are not, write "
                            "\"tie_word_embeddings\": false into it",
                            b->file->path, a->tensor->name, b->tensor->name);
    free(x);
    return status;
}

/* A tensor that the configuration does not ask for: left out if it is another head's, refused if the encoder or the
 * masked-LM head would compute with it. */
static Status leave_out(Import *im, const Source *s, const char *canonical)
{
    const int layer = bert_name_layer(canonical);
    CHECK(layer < im->config.layers, STATUS_DATA, "%s: has '%.100s', but num_hidden_layers in config.json is %d",
          s->file->path, s->tensor->name, im->config.layers);
    CHECK(strncmp(canonical, "bert.", 5) != 0 && strncmp(canonical, "cls.predictions.", 16) != 0, STATUS_DATA,
          "%s: has '%.100s', which this program does not compute; it reads BERT without changes or adapters",
          s->file->path, s->tensor->name);
    snprintf(im->ignored, sizeof im->ignored, "%s", s->tensor->name);
    im->n_ignored++;
    return STATUS_OK;
}

/* "[47, 4]", owned by the caller; of more than two dimensions the first two are known. */
static char *shape_text(const int64_t shape[2], int rank)
{
    if (rank == 0) return memory_copy_text("[]");
    if (rank == 1) return memory_print("[%lld]", (long long)shape[0]);
    return memory_print("[%lld, %lld%s]", (long long)shape[0], (long long)shape[1], rank > 2 ? ", ..." : "");
}

static Status check_shape(const Import *im, const Source *s, const BertTensor *wanted)
{
    if (same_shape(s->tensor, wanted)) return STATUS_OK;
    char *found = shape_text(s->tensor->shape, s->tensor->rank), *asked = shape_text(wanted->shape, wanted->rank);
    Status status = status_set(STATUS_DATA, __FILE__, __LINE__,
                               "%s: '%s' has shape %s, %s/config.json asks for %s; the files are of different models",
                               s->file->path, s->tensor->name, found, im->folder, asked);
    free(found);
    free(asked);
    return status;
}

static Status match_tensor(Import *im, const json_t *place_of, const Source *s)
{
    char name[200] = "";
    const bool used = bert_canonical_name(&im->config, s->tensor->name, name, sizeof name);
    const json_t *place = used ? json_object_get(place_of, name) : NULL;
    if (!place) return leave_out(im, s, name);
    const BertTensor *wanted = &im->layout.tensor[json_integer_value(place)];
    TRY(check_shape(im, s, wanted));
    Source *found = &im->source[json_integer_value(place)];
    if (found->tensor) return check_copy(found, s);
    *found = *s;
    return STATUS_OK;
}

/* Which tensor of which file goes where; shapes are compared before anything is allocated from them. */
static Status match_tensors(Import *im)
{
    json_t *place_of = json_object(); /* name -> place in the layout */
    Status status = STATUS_OK;
    im->source = memory_alloc((size_t)im->layout.n, sizeof *im->source);
    for (int i = 0; i < im->layout.n; i++) json_object_set_new(place_of, im->layout.tensor[i].name, json_integer(i));
    for (int f = 0; f < im->weights.n && !status; f++)
        for (int i = 0; i < im->weights.file[f].n && !status; i++)
            status = match_tensor(im, place_of, &(Source){&im->weights.file[f], &im->weights.file[f].tensor[i]});
    json_decref(place_of);
    return status;
}

static bool is_head(const BertTensor *t)
{
    return t->part == PART_HEAD || t->id == BERT_DECODER;
}

static const char *a_name(const SafetensorsFolder *weights)
{
    return weights->n && weights->file[0].n ? weights->file[0].tensor[0].name : "nothing";
}

/* Pooler and next-sentence head: there because they were found, or asked for. */
static bool is_of_sentences(const BertTensor *t)
{
    return t->id == BERT_POOLER_WEIGHT || t->id == BERT_POOLER_BIAS || t->id == BERT_NEXT_WEIGHT ||
           t->id == BERT_NEXT_BIAS;
}

/* Is there a tensor of this name, however it was wrapped? */
static bool holds(const SafetensorsFolder *weights, const BertConfig *config, const char *name)
{
    char found[200];
    for (int f = 0; f < weights->n; f++)
        for (int i = 0; i < weights->file[f].n; i++)
            if (bert_canonical_name(config, weights->file[f].tensor[i].name, found, sizeof found) &&
                strcmp(found, name) == 0)
                return true;
    return false;
}

/* A next-sentence head is kept, with the pooler whose output it reads. */
static void find_next_sentence(Import *im)
{
    BertConfig all = im->config;
    all.pooler = all.next_sentence = true;
    const bool has_head = holds(&im->weights, &all, "cls.seq_relationship.weight") &&
                          holds(&im->weights, &all, "cls.seq_relationship.bias"),
               has_pooler = holds(&im->weights, &all, "bert.pooler.dense.weight") &&
                            holds(&im->weights, &all, "bert.pooler.dense.bias");
    im->config.next_sentence = has_head && has_pooler;
    im->config.pooler = options.pooler || im->config.next_sentence;
    if (has_head && !has_pooler)
        fprintf(stderr, "the next-sentence head was left out: the folder has no pooler, whose output it reads\n");
}

/* The encoder must be complete; the masked-LM head must be complete or absent. */
static Status check_complete(Import *im)
{
    int missing_head = 0, head = 0;
    const BertTensor *first_missing = NULL;
    for (int i = 0; i < im->layout.n; i++) {
        const BertTensor *t = &im->layout.tensor[i];
        head += is_head(t) && !is_of_sentences(t);
        if (im->source[i].tensor) continue;
        CHECK(!is_of_sentences(t), STATUS_DATA, "%s: has no tensor '%s' among its weights, but --pooler asks for it",
              im->folder, t->name);
        missing_head += is_head(t);
        CHECK(is_head(t), STATUS_DATA,
              "%s: has no tensor '%s' among its weights; is this a BERT with %d layers? Its tensors are like '%.100s'",
              im->folder, t->name, im->config.layers, a_name(&im->weights));
        first_missing = t;
    }
    im->head_is_new = missing_head == head;
    CHECK(missing_head == 0 || im->head_is_new, STATUS_DATA,
          "%s: has a masked-LM head without '%s'; the folder is incomplete", im->folder,
          first_missing ? first_missing->name : "");
    return STATUS_OK;
}

static Status read_weights(Import *im)
{
    TRY(safetensors_folder_open(im->folder, &im->weights));
    find_next_sentence(im);
    bert_layout_init(&im->config, &im->layout);
    TRY(match_tensors(im));
    TRY(check_complete(im));
    im->weight = memory_alloc((size_t)im->layout.count, sizeof *im->weight);
    for (int i = 0; i < im->layout.n; i++) {
        const BertTensor *t = &im->layout.tensor[i];
        if (!im->source[i].tensor) bert_init_tensor(&im->config, t, (uint64_t)options.seed, im->weight);
        else TRY(safetensors_read_f32(im->source[i].file, im->source[i].tensor, im->weight + t->first));
    }
    return STATUS_OK;
}

static int count_pieces(const Tokenizer *t)
{
    int n = 0;
    for (int id = 0; id < t->n; id++) n += t->piece[id][0] != '\0';
    return n;
}

static void say_ignored(const Import *im, char *text, size_t size)
{
    if (!im->n_ignored) snprintf(text, size, "every tensor is used");
    else
        snprintf(text, size, "%d tensors that a masked LM does not use were left out (%s%s)", im->n_ignored,
                 im->ignored, im->n_ignored > 1 ? ", ..." : "");
}

static Status write_body(H5File *file, const void *context)
{
    const Import *im = context;
    TRY(h5_write_header(file, MODEL_FORMAT, im->command_line, ""));
    if (im->head_is_new) TRY(h5_put_i64(file, "/", MODEL_NEW_HEAD, options.seed));
    return model_file_write(file, &im->config, &im->layout, im->weight, &im->tokenizer);
}

static Status import(Import *im)
{
    static const OutputKind kind = {"a model file", MODEL_FORMAT, NULL, false};
    const Input inputs[] = {{"the folder", im->folder}};
    CHECK(options.output[0], STATUS_USAGE, "--output=MODEL.h5 is missing");
    TRY(check_folder(im));
    TRY(output_check("--output", options.output, &kind, options.overwrite, inputs, 1));
    TRY(read_config(im));
    TRY(read_tokenizer(im));
    TRY(read_weights(im));
    TRY(h5_write_file(options.output, write_body, im));
    char ignored[200];
    say_ignored(im, ignored, sizeof ignored);
    fprintf(stderr, "wrote %s: %d layers, hidden %d, %d pieces, %s; %s\n", options.output, im->config.layers,
            im->config.hidden, count_pieces(&im->tokenizer), im->tokenizer.lower_case ? "lower-cased" : "cased",
            ignored);
    if (im->config.next_sentence)
        fprintf(stderr, "the next-sentence head and its pooler are kept: evaluate --task=stereoset asks them\n");
    if (im->head_is_new)
        fprintf(stderr, "the folder has no masked-LM head: a new one was initialised (seed %lld); it must be trained\n",
                (long long)options.seed);
    return STATUS_OK;
}

static Status run(const char *folder, const char *command_line)
{
    Import im = {.folder = folder, .command_line = command_line};
    Status status = import(&im);
    safetensors_folder_close(&im.weights);
    bert_layout_free(&im.layout);
    free(im.weight);
    free(im.source);
    tokenizer_free(&im.tokenizer);
    free(im.notes);
    return status;
}

int main(int argc, char **argv)
{
    const Tool tool = {
        "collapse-import",
        "collapse-import HF_DIR --output=MODEL.h5 [--case=auto|lower|keep]",
        "Turn a Hugging Face BERT folder (config.json, model.safetensors, vocab.txt or tokenizer.json) into MODEL.h5.",
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
