/* bert_config.c: the keys of BERT's config.json, as a table. */
#include "io/bert_config.h"

#include <float.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

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

/* Parts that not every model has: attributes of /model that are there only where they are not 0. */
static const struct {
    const char *name;
    size_t offset;
    bool is_flag;
    int most;
} parts[] = {{"tie_word_embeddings = 0", offsetof(BertConfig, untied), true, 1},
             {"pooler", offsetof(BertConfig, pooler), true, 1},
             {"sentence_head", offsetof(BertConfig, sentence_head), true, 1},
             {"next_sentence_head", offsetof(BertConfig, next_sentence), true, 1},
             {"prefix_length", offsetof(BertConfig, prefix), false, 4096},
             {"prefix_shifts_positions", offsetof(BertConfig, prefix_shifts), true, 1}};
enum { N_PARTS = sizeof parts / sizeof parts[0], FIRST_STORED_PART = 1 };

static int part_of(const BertConfig *config, int i)
{
    const char *at = (const char *)config + parts[i].offset;
    return parts[i].is_flag ? *(const bool *)at : *(const int *)(const void *)at;
}

static void set_part(BertConfig *config, int i, int64_t value)
{
    char *at = (char *)config + parts[i].offset;
    if (parts[i].is_flag) *(bool *)at = value != 0;
    else *(int *)(void *)at = (int)value;
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
    for (int i = 0; i < N_PARTS; i++)
        if (part_of(&one, i) != part_of(&other, i)) return parts[i].name;
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
    CHECK(c->pooler || !c->next_sentence, STATUS_DATA,
          "%s: has a next-sentence head, but no pooler, whose output it reads", name);
    CHECK(c->prefix >= 0 && (!c->prefix_shifts || c->prefix < c->positions), STATUS_DATA,
          "%s: a prefix of %d leaves none of the %d positions to a sample", name, c->prefix, c->positions);
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
        {"model_type", "\"bert\""}, {"hidden_act", "\"gelu\""},      {"position_embedding_type", "\"absolute\""},
        {"is_decoder", "false"},    {"is_encoder_decoder", "false"}, {"add_cross_attention", "false"},
        {"pruned_heads", "{}"},     {"quantization_config", "null"}};
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
    const json_t *tied = json_object_get(root, "tie_word_embeddings");
    CHECK(!tied || json_is_null(tied) || json_is_boolean(tied), STATUS_DATA,
          "%s: tie_word_embeddings must be true or false", name);
    config->untied = json_is_false(tied);
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
    for (int i = FIRST_STORED_PART; i < N_PARTS; i++)
        if (part_of(config, i)) TRY(h5_put_i64(file, "/model", parts[i].name, part_of(config, i)));
    return h5_put_i64(file, "/model", "tie_word_embeddings", !config->untied);
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
    return STATUS_OK;
}

/* An attribute that may be missing. */
static Status read_part(H5File *file, const char *name, int most, int64_t *value)
{
    if (!h5_has_attribute(file, "/model", name)) return STATUS_OK;
    TRY(h5_get_i64(file, "/model", name, value));
    CHECK(*value >= 0 && *value <= most, STATUS_DATA, "%s: attribute %s of /model is %lld; it must be from 0 to %d",
          h5_path(file), name, (long long)*value, most);
    return STATUS_OK;
}

static Status read_parts(H5File *file, BertConfig *config)
{
    int64_t tied = 1;
    TRY(read_part(file, "tie_word_embeddings", 1, &tied));
    config->untied = !tied;
    for (int i = FIRST_STORED_PART; i < N_PARTS; i++) {
        int64_t value = 0;
        TRY(read_part(file, parts[i].name, parts[i].most, &value));
        set_part(config, i, value);
    }
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
    TRY(read_parts(file, config));
    return bert_config_check(h5_path(file), config);
}

char *bert_config_json(const BertConfig *config)
{
    BertConfig copy = *config;
    const char *class = config->next_sentence ? "BertForPreTraining" : "BertForMaskedLM";
    json_t *root = json_pack("{s:[s], s:s, s:s, s:s, s:b, s:s}", "architectures", class, "model_type", "bert",
                             "hidden_act", "gelu", "position_embedding_type", "absolute", "tie_word_embeddings",
                             !config->untied, "torch_dtype", "float32");
    for (int i = 0; i < N_INTEGER_KEYS; i++)
        json_object_set_new(root, integer_keys[i].name, json_integer(*integer_of(&copy, i)));
    for (int i = 0; i < N_REAL_KEYS; i++) json_object_set_new(root, real_keys[i].name, json_real(*real_of(&copy, i)));
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS);
    json_decref(root);
    return text;
}
