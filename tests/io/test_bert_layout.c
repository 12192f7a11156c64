/* test_bert_layout.c: names of tensors as other programs write them, and every number of config.json. Oracles: names
 * and bounds by hand; bytes behind the buffer of a name must stay as they are. */
#include "io/bert_layout.h"

#include "../harness.h"

static void canonical_of(const BertConfig *c, const char *stored, const char *expected)
{
    char name[200];
    const bool used = bert_canonical_name(c, stored, name, sizeof name);
    check(expected ? used && strcmp(name, expected) == 0 : !used, "%s is %s", stored, used ? name : "not used");
}

static void canonical(const char *stored, const char *expected)
{
    const BertConfig usual = bert_config_default();
    canonical_of(&usual, stored, expected);
}

/* A decoder of its own and a pooler have names of their own. */
static void names_of_parts(void)
{
    BertConfig c = bert_config_default();
    c.untied = c.pooler = true;
    canonical_of(&c, "cls.predictions.decoder.weight", "cls.predictions.decoder.weight");
    canonical_of(&c, "cls.predictions.decoder.bias", "cls.predictions.bias");
    canonical_of(&c, "pooler.dense.bias", "bert.pooler.dense.bias");
    canonical_of(&c, "module.bert.pooler.dense.weight", "bert.pooler.dense.weight");
    canonical_of(&c, "cls.seq_relationship.weight", NULL);
    c.next_sentence = true;
    canonical_of(&c, "module.cls.seq_relationship.weight", "cls.seq_relationship.weight");
}

static void names(void)
{
    canonical("bert.embeddings.LayerNorm.weight", "bert.embeddings.LayerNorm.weight");
    canonical("embeddings.LayerNorm.gamma", "bert.embeddings.LayerNorm.weight");
    canonical("module.encoder.layer.0.output.LayerNorm.beta", "bert.encoder.layer.0.output.LayerNorm.bias");
    canonical("module._orig_mod.module.cls.predictions.bias", "cls.predictions.bias");
    canonical("cls.predictions.decoder.weight", "bert.embeddings.word_embeddings.weight");
    canonical("module.cls.predictions.decoder.bias", "cls.predictions.bias");
    canonical("bert.pooler.dense.weight", NULL);
    canonical("bert.embeddings.position_ids", NULL);
    canonical("cls.seq_relationship.weight", NULL);
    check(bert_name_layer("bert.encoder.layer.12.output.dense.bias") == 12 &&
              bert_name_layer("bert.encoder.layer.99999999999999999999.x") > 1024 &&
              bert_name_layer("bert.encoder.layer.x") == -1 && bert_name_layer("cls.predictions.bias") == -1,
          "the layer of a name");
}

static int count_frozen(const char *patterns, int *held)
{
    BertConfig c = bert_config_default();
    BertLayout l, all;
    c.layers = 2, c.prefix = 4;
    bert_layout_init(&c, &l);
    bert_layout_init(&c, &all);
    bert_layout_freeze(&l, patterns);
    int wrong = l.n != all.n || l.count != all.count, frozen = l.n - l.n_trained;
    *held = 0;
    for (int i = 0; i < l.n; i++) {
        const BertTensor *t = &l.tensor[i], *was = bert_layout_find(&all, t->name);
        const int64_t next = i + 1 < l.n ? l.tensor[i + 1].first : l.count;
        wrong += !was || was->count != t->count || t->first + t->count != next || was->stream != t->stream;
        wrong += (i < l.n_trained) != (t->first < l.n_trained_elements);
        *held += t->is_held;
    }
    const BertTensor *q = bert_layout_tensor(&l, BERT_QUERY_WEIGHT, 1), *k = bert_layout_tensor(&l, BERT_KEY_WEIGHT, 1);
    check(wrong == 0 && k->first == q->first + q->count, "'%s': every tensor has its place, queries before keys",
          patterns);
    bert_layout_free(&l);
    bert_layout_free(&all);
    return frozen;
}

/* Counts by hand: 5 embeddings, 17 of a layer with its prefix, 5 of the head. */
static void freezing(void)
{
    int held;
    check(count_frozen("", &held) == 0 && held == 0, "nothing is frozen");
    check(count_frozen("bert.embeddings.*", &held) == 5 && held == 0, "the embeddings");
    check(count_frozen("*, !*.prefix", &held) == 42 && held == 0, "everything but the prefix");
    check(count_frozen("*.key.weight", &held) == 0 && held == 2, "keys alone stay beside queries and values");
    check(count_frozen("bert.encoder.layer.0.*  cls.*", &held) == 22 && held == 0, "a layer and the head");
    BertConfig c = bert_config_default();
    BertLayout l;
    bert_layout_init(&c, &l);
    check(bert_layout_check_patterns(&l, "freeze", "bert.*, cls.*") == STATUS_OK, "patterns that fit");
    check(bert_layout_check_patterns(&l, "freeze", "bert.*, roberta.*") == STATUS_USAGE &&
              strstr(status_message(), "'roberta.*'"),
          "%s", status_message());
    bert_layout_free(&l);
}

/* Names of every length around the buffer's, with tails that become longer: nothing is written behind it. */
static void long_names(void)
{
    enum { SIZE = 200 };
    const BertConfig c = bert_config_default();
    static const char *const tail[] = {"", "LayerNorm.gamma", "LayerNorm.beta"};
    int overruns = 0, unended = 0;
    for (int n = 20; n < 2 * SIZE; n++)
        for (int t = 0; t < 3; t++) {
            char stored[2 * SIZE + 32], found[SIZE + 16];
            memset(stored, 'x', sizeof stored);
            strcpy(stored + n - strlen(tail[t]), tail[t]);
            memset(found, '#', sizeof found);
            bert_canonical_name(&c, stored, found, SIZE);
            unended += memchr(found, '\0', SIZE) == NULL;
            for (int i = SIZE; i < SIZE + 16; i++) overruns += found[i] != '#';
        }
    check(overruns == 0 && unended == 0, "names of 20 to 400 bytes: %d bytes written behind the buffer", overruns);
}

static void config(const char *text, const char *says)
{
    BertConfig c;
    json_t *root = NULL;
    Status status = json_parse("config.json", text, strlen(text), &root);
    if (!status) status = bert_config_from_json("config.json", root, &c);
    json_decref(root);
    if (says) check(status == STATUS_DATA && strstr(status_message(), says), "%s", status_message());
    else check(!status, "accepted: %s", text);
}

static void numbers(void)
{
    config("{}", NULL);
    config("{\"tie_word_embeddings\": false}", NULL);
    config(
        "{\"model_type\": \"bert\", \"architectures\": [\"BertModel\"], \"vocab_size\": 100, \"pad_token_id\": null}",
        NULL);
    config("{\"vocab_size\": 4}", "vocab_size is 4");
    config("{\"vocab_size\": 30522.5}", "vocab_size is 30522.5");
    config("{\"vocab_size\": 1000000000000000000000000}", "vocab_size is 1e24");
    config("{\"hidden_size\": -768}", "hidden_size is -768");
    config("{\"hidden_size\": 4294967296}", "hidden_size is 4294967296");
    config("{\"hidden_size\": \"768\"}", "hidden_size is '768'");
    config("{\"num_hidden_layers\": 0}", "num_hidden_layers is 0");
    config("{\"num_hidden_layers\": 1025}", "num_hidden_layers is 1025");
    config("{\"num_attention_heads\": 0}", "num_attention_heads is 0");
    config("{\"num_attention_heads\": 5}", "not a multiple of 5 heads");
    config("{\"intermediate_size\": true}", "intermediate_size is true");
    config("{\"max_position_embeddings\": 1}", "max_position_embeddings is 1");
    config("{\"type_vocab_size\": 0}", "type_vocab_size is 0");
    config("{\"vocab_size\": 100, \"pad_token_id\": 100}", "pad_token_id is 100, but vocab_size is 100");
    config("{\"layer_norm_eps\": 0}", "layer_norm_eps is 0");
    config("{\"layer_norm_eps\": 1e-46}", "layer_norm_eps is 1e-46, in single precision 0");
    config("{\"layer_norm_eps\": -1e-12}", "layer_norm_eps is -1e-12");
    config("{\"layer_norm_eps\": 1e300}", "layer_norm_eps is 1e+300, in single precision inf");
    config("{\"hidden_dropout_prob\": 1}", "hidden_dropout_prob is 1");
    config("{\"hidden_dropout_prob\": 0.99999999999}", "in single precision 1;");
    config("{\"attention_probs_dropout_prob\": -0.1}", "attention_probs_dropout_prob is -0.1");
    config("{\"attention_probs_dropout_prob\": \"0.1\"}", "must be a number");
    config("{\"initializer_range\": 1e39}", "initializer_range is 1e+39, in single precision inf");
    config("[]", "not a JSON object");
}

static void architectures(void)
{
    config("{\"model_type\": \"roberta\"}", "model_type is 'roberta'");
    config("{\"architectures\": [\"RobertaForMaskedLM\"]}", "architectures is 'RobertaForMaskedLM'");
    config("{\"hidden_act\": \"gelu_new\"}", "hidden_act is 'gelu_new'");
    config("{\"hidden_act\": [\"gelu\"]}", "hidden_act is [\"gelu\"]");
    config("{\"position_embedding_type\": \"relative_key\"}", "position_embedding_type is 'relative_key'");
    config("{\"is_decoder\": true}", "is_decoder is true");
    config("{\"is_encoder_decoder\": true}", "is_encoder_decoder is true");
    config("{\"add_cross_attention\": true}", "add_cross_attention is true");
    config("{\"tie_word_embeddings\": 0}", "tie_word_embeddings must be true or false");
    config("{\"pruned_heads\": {\"0\": [1]}}", "pruned_heads is {\"0\":[1]}");
    config("{\"quantization_config\": {\"bits\": 8}}", "quantization_config");
}

int main(void)
{
    names();
    names_of_parts();
    freezing();
    long_names();
    numbers();
    architectures();
    return harness_done();
}
