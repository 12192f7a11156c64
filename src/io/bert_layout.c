/* bert_layout.c: the table of BERT's tensors and of the keys of its config.json. */
#include "io/bert_layout.h"

#include <float.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* In the order of the block. Extents by letter: V vocabulary, P positions, T types, D hidden, I intermediate; columns
 * 0: a vector. Names of a layer follow "bert.encoder.layer.<l>.". */
static const struct {
    BertId id;
    TensorPart part;
    TensorRole role;
    char rows, columns;
    const char *name;
} table[N_BERT_IDS] = {
    {BERT_WORD, PART_EMBEDDINGS, TENSOR_MATRIX, 'V', 'D', "bert.embeddings.word_embeddings.weight"},
    {BERT_POSITION, PART_EMBEDDINGS, TENSOR_MATRIX, 'P', 'D', "bert.embeddings.position_embeddings.weight"},
    {BERT_TYPE, PART_EMBEDDINGS, TENSOR_MATRIX, 'T', 'D', "bert.embeddings.token_type_embeddings.weight"},
    {BERT_EMBEDDING_GAMMA, PART_EMBEDDINGS, TENSOR_NORM, 'D', 0, "bert.embeddings.LayerNorm.weight"},
    {BERT_EMBEDDING_BETA, PART_EMBEDDINGS, TENSOR_NORM_BIAS, 'D', 0, "bert.embeddings.LayerNorm.bias"},
    {BERT_QUERY_WEIGHT, PART_LAYER, TENSOR_MATRIX, 'D', 'D', "attention.self.query.weight"},
    {BERT_KEY_WEIGHT, PART_LAYER, TENSOR_MATRIX, 'D', 'D', "attention.self.key.weight"},
    {BERT_VALUE_WEIGHT, PART_LAYER, TENSOR_MATRIX, 'D', 'D', "attention.self.value.weight"},
    {BERT_QUERY_BIAS, PART_LAYER, TENSOR_BIAS, 'D', 0, "attention.self.query.bias"},
    {BERT_KEY_BIAS, PART_LAYER, TENSOR_BIAS, 'D', 0, "attention.self.key.bias"},
    {BERT_VALUE_BIAS, PART_LAYER, TENSOR_BIAS, 'D', 0, "attention.self.value.bias"},
    {BERT_OUT_WEIGHT, PART_LAYER, TENSOR_MATRIX, 'D', 'D', "attention.output.dense.weight"},
    {BERT_OUT_BIAS, PART_LAYER, TENSOR_BIAS, 'D', 0, "attention.output.dense.bias"},
    {BERT_NORM1_GAMMA, PART_LAYER, TENSOR_NORM, 'D', 0, "attention.output.LayerNorm.weight"},
    {BERT_NORM1_BETA, PART_LAYER, TENSOR_NORM_BIAS, 'D', 0, "attention.output.LayerNorm.bias"},
    {BERT_UP_WEIGHT, PART_LAYER, TENSOR_MATRIX, 'I', 'D', "intermediate.dense.weight"},
    {BERT_UP_BIAS, PART_LAYER, TENSOR_BIAS, 'I', 0, "intermediate.dense.bias"},
    {BERT_DOWN_WEIGHT, PART_LAYER, TENSOR_MATRIX, 'D', 'I', "output.dense.weight"},
    {BERT_DOWN_BIAS, PART_LAYER, TENSOR_BIAS, 'D', 0, "output.dense.bias"},
    {BERT_NORM2_GAMMA, PART_LAYER, TENSOR_NORM, 'D', 0, "output.LayerNorm.weight"},
    {BERT_NORM2_BETA, PART_LAYER, TENSOR_NORM_BIAS, 'D', 0, "output.LayerNorm.bias"},
    {BERT_TRANSFORM_WEIGHT, PART_HEAD, TENSOR_MATRIX, 'D', 'D', "cls.predictions.transform.dense.weight"},
    {BERT_TRANSFORM_BIAS, PART_HEAD, TENSOR_BIAS, 'D', 0, "cls.predictions.transform.dense.bias"},
    {BERT_TRANSFORM_GAMMA, PART_HEAD, TENSOR_NORM, 'D', 0, "cls.predictions.transform.LayerNorm.weight"},
    {BERT_TRANSFORM_BETA, PART_HEAD, TENSOR_NORM_BIAS, 'D', 0, "cls.predictions.transform.LayerNorm.bias"},
    {BERT_DECODER_BIAS, PART_HEAD, TENSOR_BIAS, 'V', 0, "cls.predictions.bias"},
};

static int64_t extent(const BertConfig *c, char letter)
{
    switch (letter) {
    case 'V': return c->vocab;
    case 'P': return c->positions;
    case 'T': return c->types;
    case 'I': return c->intermediate;
    case 'D': return c->hidden;
    default: return 0;
    }
}

static void add(const BertConfig *c, int row, int layer, BertLayout *layout)
{
    BertTensor *t = &layout->tensor[layout->n++];
    const int64_t rows = extent(c, table[row].rows), columns = extent(c, table[row].columns);
    *t = (BertTensor){.id = table[row].id, .layer = layer, .part = table[row].part, .role = table[row].role};
    if (t->part != PART_LAYER) snprintf(t->name, sizeof t->name, "%s", table[row].name);
    else snprintf(t->name, sizeof t->name, "bert.encoder.layer.%d.%s", layer, table[row].name);
    t->decays = t->role == TENSOR_MATRIX;
    t->rank = columns ? 2 : 1;
    t->shape[0] = rows;
    t->shape[1] = columns;
    t->count = rows * (columns ? columns : 1);
    t->first = layout->count;
    layout->count += t->count;
}

static void add_part(const BertConfig *c, TensorPart part, int layer, BertLayout *layout)
{
    for (int row = 0; row < N_BERT_IDS; row++)
        if (table[row].part == part) add(c, row, layer, layout);
}

void bert_layout_init(const BertConfig *c, BertLayout *layout)
{
    *layout = (BertLayout){0};
    layout->tensor = memory_alloc(((size_t)c->layers + 1) * N_BERT_IDS, sizeof *layout->tensor);
    add_part(c, PART_EMBEDDINGS, 0, layout);
    for (int l = 0; l < c->layers; l++) add_part(c, PART_LAYER, l, layout);
    add_part(c, PART_HEAD, 0, layout);
}

void bert_layout_free(BertLayout *layout)
{
    free(layout->tensor);
    *layout = (BertLayout){0};
}

const BertTensor *bert_layout_find(const BertLayout *layout, const char *name)
{
    for (int i = 0; i < layout->n; i++)
        if (strcmp(layout->tensor[i].name, name) == 0) return &layout->tensor[i];
    return NULL;
}

const BertTensor *bert_layout_tensor(const BertLayout *layout, BertId id, int layer)
{
    for (int i = 0; i < layout->n; i++)
        if (layout->tensor[i].id == id && layout->tensor[i].layer == layer) return &layout->tensor[i];
    return NULL;
}

static bool ends_with(const char *text, const char *tail)
{
    const size_t n = strlen(text), t = strlen(tail);
    return n >= t && strcmp(text + n - t, tail) == 0;
}

/* Wrappers of a training program put their own name in front: torch's DataParallel, torch.compile. */
static const char *without_wrapper(const char *name)
{
    static const char *const wrapper[] = {"module.", "_orig_mod."};
    for (size_t i = 0; i < sizeof wrapper / sizeof wrapper[0];) {
        const size_t n = strlen(wrapper[i]);
        const bool here = strncmp(name, wrapper[i], n) == 0;
        name += here ? n : 0;
        i = here ? 0 : i + 1;
    }
    return name;
}

bool bert_canonical_name(const char *stored, char *canonical, size_t size)
{
    static const char *const unused[] = {"pooler.", "cls.seq_relationship.", "position_ids",
                                         "embeddings.token_type_ids"};
    static const struct {
        const char *stored, *canonical;
    } same[] = {{"cls.predictions.decoder.weight", "bert.embeddings.word_embeddings.weight"}, /* tied */
                {"cls.predictions.decoder.bias", "cls.predictions.bias"}};
    const char *name = without_wrapper(stored), *tail = "";
    for (size_t i = 0; i < sizeof unused / sizeof unused[0]; i++)
        if (strstr(name, unused[i])) return false;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        if (strcmp(name, same[i].stored) == 0) name = same[i].canonical;
    const bool needs_prefix = strncmp(name, "embeddings.", 11) == 0 || strncmp(name, "encoder.", 8) == 0;
    size_t kept = strlen(name);
    if (ends_with(name, "LayerNorm.gamma")) kept -= strlen("gamma"), tail = "weight"; /* TensorFlow's names */
    if (ends_with(name, "LayerNorm.beta")) kept -= strlen("beta"), tail = "bias";
    /* A name that does not fit is longer than any of ours, and stays so when it is cut. */
    snprintf(canonical, size, "%s%.*s%s", needs_prefix ? "bert." : "", (int)kept, name, tail);
    return true;
}

int bert_name_layer(const char *canonical)
{
    static const char layers[] = "bert.encoder.layer.";
    const size_t n = sizeof layers - 1;
    if (strncmp(canonical, layers, n) != 0 || canonical[n] < '0' || canonical[n] > '9') return -1;
    const long layer = strtol(canonical + n, NULL, 10);
    return layer > INT_MAX ? INT_MAX : (int)layer;
}

/* --- configuration --------------------------------------------------------------------------- */

/* Bounds: what can be computed with. A real number counts as what it becomes, a float. */
static const struct {
    const char *name;
    size_t offset;
    int least, most;
} integer_keys[] = {{"vocab_size", offsetof(BertConfig, vocab), 5, 1 << 24},
                    {"hidden_size", offsetof(BertConfig, hidden), 1, 1 << 16},
                    {"num_hidden_layers", offsetof(BertConfig, layers), 1, 1024},
                    {"num_attention_heads", offsetof(BertConfig, heads), 1, 1 << 16},
                    {"intermediate_size", offsetof(BertConfig, intermediate), 1, 1 << 20},
                    {"max_position_embeddings", offsetof(BertConfig, positions), 2, 1 << 16},
                    {"type_vocab_size", offsetof(BertConfig, types), 1, 1024},
                    {"pad_token_id", offsetof(BertConfig, pad_id), 0, 1 << 24}};
static const struct {
    const char *name;
    size_t offset;
    float least, below;
} real_keys[] = {{"layer_norm_eps", offsetof(BertConfig, layernorm_epsilon), FLT_MIN, 1},
                 {"hidden_dropout_prob", offsetof(BertConfig, hidden_dropout), 0, 1},
                 {"attention_probs_dropout_prob", offsetof(BertConfig, attention_dropout), 0, 1},
                 {"initializer_range", offsetof(BertConfig, initializer_range), 0, 100}};

enum { N_INTEGER_KEYS = 8, N_REAL_KEYS = 4 };

static int *integer_of(BertConfig *config, int i)
{
    return (int *)((char *)config + integer_keys[i].offset);
}

static double *real_of(BertConfig *config, int i)
{
    return (double *)((char *)config + real_keys[i].offset);
}

BertConfig bert_config_default(void)
{
    return (BertConfig){.vocab = 30522,
                        .hidden = 768,
                        .layers = 12,
                        .heads = 12,
                        .intermediate = 3072,
                        .positions = 512,
                        .types = 2,
                        .pad_id = 0,
                        .layernorm_epsilon = 1e-12,
                        .hidden_dropout = 0.1,
                        .attention_dropout = 0.1,
                        .initializer_range = 0.02};
}

const char *bert_config_difference(const BertConfig *a, const BertConfig *b)
{
    BertConfig one = *a, other = *b;
    for (int i = 0; i < N_INTEGER_KEYS; i++)
        if (*integer_of(&one, i) != *integer_of(&other, i)) return integer_keys[i].name;
    for (int i = 0; i < N_REAL_KEYS; i++)
        if (*real_of(&one, i) != *real_of(&other, i)) return real_keys[i].name;
    return NULL;
}

Status bert_config_check(const char *name, const BertConfig *c)
{
    BertConfig copy = *c;
    for (int i = 0; i < N_INTEGER_KEYS; i++) {
        const int value = *integer_of(&copy, i);
        CHECK(value >= integer_keys[i].least && value <= integer_keys[i].most, STATUS_DATA,
              "%s: %s is %d; it must be from %d to %d", name, integer_keys[i].name, value, integer_keys[i].least,
              integer_keys[i].most);
    }
    for (int i = 0; i < N_REAL_KEYS; i++) {
        const double value = *real_of(&copy, i);
        CHECK((float)value >= real_keys[i].least && (float)value < real_keys[i].below, STATUS_DATA,
              "%s: %s is %g, in single precision %g; it must be from %g to below %g", name, real_keys[i].name, value,
              (double)(float)value, (double)real_keys[i].least, (double)real_keys[i].below);
    }
    CHECK(c->hidden % c->heads == 0, STATUS_DATA, "%s: hidden_size %d is not a multiple of %d heads", name, c->hidden,
          c->heads);
    CHECK(c->pad_id < c->vocab, STATUS_DATA, "%s: pad_token_id is %d, but vocab_size is %d", name, c->pad_id, c->vocab);
    return STATUS_OK;
}

/* A value of a JSON file as it stands there, cut to a sentence's size; owned by the caller. */
static char *value_text(const json_t *value)
{
    if (json_is_string(value)) return memory_print("'%.60s'", json_string_value(value));
    char *all = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(9));
    char *text = memory_print("%.60s%s", all ? all : "?", all && strlen(all) > 60 ? "..." : "");
    free(all);
    return text;
}

/* One key must be absent, null or `computed`. */
static Status check_value(const char *name, const json_t *root, const char *key, const json_t *computed)
{
    const json_t *value = json_object_get(root, key);
    if (!value || json_is_null(value) || json_equal(value, computed)) return STATUS_OK;
    char *found = value_text(value), *wanted = value_text(computed);
    Status status =
        status_set(STATUS_DATA, __FILE__, __LINE__,
                   "%s: %s is %s, but this program computes only %s; import another model", name, key, found, wanted);
    free(found);
    free(wanted);
    return status;
}

/* Models of other families are told by the classes they were saved from where model_type is missing or not theirs. */
static Status check_architecture(const char *name, const json_t *root)
{
    static const char *const ours[] = {"Bert", "TFBert", "FlaxBert"};
    const json_t *list = json_object_get(root, "architectures");
    const char *class = json_string_value(json_array_get(list, 0));
    bool known = !class;
    for (size_t i = 0; i < sizeof ours / sizeof ours[0] && class; i++)
        known = known || strncmp(class, ours[i], strlen(ours[i])) == 0;
    CHECK(known, STATUS_DATA, "%s: architectures is '%.60s', but this program computes only BERT; import another model",
          name, class);
    return STATUS_OK;
}

/* Refuse settings under which Hugging Face would compute something else than this program. */
static Status check_computed(const char *name, const json_t *root)
{
    static const struct {
        const char *key, *computed;
    } fixed[] = {
        {"model_type", "\"bert\""},      {"hidden_act", "\"gelu\""},      {"position_embedding_type", "\"absolute\""},
        {"is_decoder", "false"},         {"is_encoder_decoder", "false"}, {"add_cross_attention", "false"},
        {"tie_word_embeddings", "true"}, {"pruned_heads", "{}"},          {"quantization_config", "null"}};
    Status status = STATUS_OK;
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0] && !status; i++) {
        json_t *computed = json_loads(fixed[i].computed, JSON_DECODE_ANY, NULL);
        status = check_value(name, root, fixed[i].key, computed);
        json_decref(computed);
    }
    return status ? status : check_architecture(name, root);
}

static Status read_integer(const char *name, const json_t *value, int i, BertConfig *config)
{
    const json_int_t number = json_integer_value(value);
    if (json_is_integer(value) && number >= integer_keys[i].least && number <= integer_keys[i].most) {
        *integer_of(config, i) = (int)number;
        return STATUS_OK;
    }
    char *found = value_text(value);
    Status status = status_set(STATUS_DATA, __FILE__, __LINE__, "%s: %s is %s; it must be a whole number from %d to %d",
                               name, integer_keys[i].name, found, integer_keys[i].least, integer_keys[i].most);
    free(found);
    return status;
}

Status bert_config_from_json(const char *name, const json_t *root, BertConfig *config)
{
    CHECK(json_is_object(root), STATUS_DATA, "%s: is not a JSON object", name);
    TRY(check_computed(name, root));
    *config = bert_config_default();
    for (int i = 0; i < N_INTEGER_KEYS; i++) {
        const json_t *value = json_object_get(root, integer_keys[i].name);
        if (value && !json_is_null(value)) TRY(read_integer(name, value, i, config));
    }
    for (int i = 0; i < N_REAL_KEYS; i++) {
        const json_t *value = json_object_get(root, real_keys[i].name);
        if (!value || json_is_null(value)) continue;
        CHECK(json_is_number(value), STATUS_DATA, "%s: %s must be a number", name, real_keys[i].name);
        *real_of(config, i) = json_number_value(value);
    }
    return bert_config_check(name, config);
}

Status bert_config_write(H5File *file, const BertConfig *config)
{
    BertConfig copy = *config;
    for (int i = 0; i < N_INTEGER_KEYS; i++)
        TRY(h5_put_i64(file, "/model", integer_keys[i].name, *integer_of(&copy, i)));
    for (int i = 0; i < N_REAL_KEYS; i++) TRY(h5_put_f64(file, "/model", real_keys[i].name, *real_of(&copy, i)));
    TRY(h5_put_text(file, "/model", "model_type", "bert"));
    TRY(h5_put_text(file, "/model", "hidden_act", "gelu"));
    TRY(h5_put_text(file, "/model", "position_embedding_type", "absolute"));
    return h5_put_i64(file, "/model", "tie_word_embeddings", 1);
}

/* What the file says besides numbers must be what this program computes. */
static Status check_texts(H5File *file)
{
    static const struct {
        const char *key, *computed;
    } fixed[] = {{"model_type", "bert"}, {"hidden_act", "gelu"}, {"position_embedding_type", "absolute"}};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        char *value;
        if (!h5_has_attribute(file, "/model", fixed[i].key)) continue;
        TRY(h5_get_text(file, "/model", fixed[i].key, &value));
        const bool same = strcmp(value, fixed[i].computed) == 0;
        Status status = STATUS_OK;
        if (!same)
            status = status_set(STATUS_DATA, __FILE__, __LINE__, "%s: %s is '%s', but this program computes only '%s'",
                                h5_path(file), fixed[i].key, value, fixed[i].computed);
        free(value);
        TRY(status);
    }
    int64_t tied = 1;
    if (h5_has_attribute(file, "/model", "tie_word_embeddings"))
        TRY(h5_get_i64(file, "/model", "tie_word_embeddings", &tied));
    CHECK(tied == 1, STATUS_DATA, "%s: tie_word_embeddings is %lld, but this program computes only the tied head",
          h5_path(file), (long long)tied);
    return STATUS_OK;
}

Status bert_config_read(H5File *file, BertConfig *config)
{
    TRY(check_texts(file));
    *config = bert_config_default();
    for (int i = 0; i < N_INTEGER_KEYS; i++) {
        int64_t value;
        TRY(h5_get_i64(file, "/model", integer_keys[i].name, &value));
        CHECK(value >= integer_keys[i].least && value <= integer_keys[i].most, STATUS_DATA,
              "%s: attribute %s of /model is %lld; it must be from %d to %d", h5_path(file), integer_keys[i].name,
              (long long)value, integer_keys[i].least, integer_keys[i].most);
        *integer_of(config, i) = (int)value;
    }
    for (int i = 0; i < N_REAL_KEYS; i++) TRY(h5_get_f64(file, "/model", real_keys[i].name, real_of(config, i)));
    return bert_config_check(h5_path(file), config);
}

char *bert_config_json(const BertConfig *config)
{
    BertConfig copy = *config;
    json_t *root = json_pack("{s:[s], s:s, s:s, s:s, s:b, s:s}", "architectures", "BertForMaskedLM", "model_type",
                             "bert", "hidden_act", "gelu", "position_embedding_type", "absolute", "tie_word_embeddings",
                             1, "torch_dtype", "float32");
    for (int i = 0; i < N_INTEGER_KEYS; i++)
        json_object_set_new(root, integer_keys[i].name, json_integer(*integer_of(&copy, i)));
    for (int i = 0; i < N_REAL_KEYS; i++) json_object_set_new(root, real_keys[i].name, json_real(*real_of(&copy, i)));
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS);
    json_decref(root);
    return text;
}
