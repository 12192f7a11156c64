/* tokenizer_json.c: the parts of a tokenizer.json, each compared with what this program computes. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tokenizer_parts.h"

static const char *type_of(const json_t *part)
{
    const char *type = json_string_value(json_object_get(part, "type"));
    return type ? type : json_is_null(part) || !part ? "nothing" : "(no type)";
}

/* --- normalizer, pre_tokenizer, decoder -------------------------------------------------------------------------- */

static Status read_normalizer(const char *path, const json_t *part, Tokenizer *t)
{
    if (!part || json_is_null(part)) {
        t->lower_case = t->chinese_chars = t->clean_text = false;
        t->strip_accents = 0;
        return STATUS_OK;
    }
    CHECK(strcmp(type_of(part), "BertNormalizer") == 0, STATUS_DATA,
          "%s: normalizer is '%.60s', but this program computes only BertNormalizer; use another model", path,
          type_of(part));
    TRY(tokenizer_get_bool(path, part, "lowercase", &t->lower_case));
    TRY(tokenizer_get_bool(path, part, "handle_chinese_chars", &t->chinese_chars));
    TRY(tokenizer_get_bool(path, part, "clean_text", &t->clean_text));
    return tokenizer_get_strip(path, part, "strip_accents", &t->strip_accents);
}

static Status check_fixed_parts(const char *path, const json_t *root)
{
    const char *pre = type_of(json_object_get(root, "pre_tokenizer")),
               *decoder = type_of(json_object_get(root, "decoder"));
    CHECK(strcmp(pre, "BertPreTokenizer") == 0, STATUS_DATA,
          "%s: pre_tokenizer is '%.60s', but this program computes only BertPreTokenizer; use another model", path,
          pre);
    CHECK(strcmp(decoder, "WordPiece") == 0 || strcmp(decoder, "nothing") == 0, STATUS_DATA,
          "%s: decoder is '%.60s', but this program computes only WordPiece; use another model", path, decoder);
    return STATUS_OK;
}

/* --- model -------------------------------------------------------------------------------------------------------- */

enum { MOST_IDS = 1 << 24 };

static Status read_pieces(const char *path, const json_t *vocab, Tokenizer *t)
{
    const char *piece;
    json_t *id;
    json_int_t highest = -1;
    json_object_foreach ((json_t *)(uintptr_t)vocab, piece, id) {
        const json_int_t number = json_integer_value(id);
        CHECK(json_is_integer(id) && number >= 0 && number < MOST_IDS, STATUS_DATA,
              "%s: the id of piece '%.80s' is not a whole number from 0 to %d", path, piece, MOST_IDS - 1);
        if (number > highest) highest = number;
    }
    tokenizer_set_rows(t, (int)highest + 1);
    json_object_foreach ((json_t *)(uintptr_t)vocab, piece, id) {
        char **row = &t->piece[json_integer_value(id)];
        CHECK(!(*row)[0], STATUS_DATA, "%s: pieces '%.80s' and '%.80s' have the same id", path, *row, piece);
        tokenizer_set_text(row, piece);
    }
    return STATUS_OK;
}

static Status read_model(const char *path, const json_t *model, Tokenizer *t)
{
    const json_t *vocab = json_object_get(model, "vocab");
    const bool is_untyped = json_is_object(vocab) && !json_object_get(model, "type") &&
                            json_object_get(model, "continuing_subword_prefix") && !json_object_get(model, "merges");
    CHECK(is_untyped || strcmp(type_of(model), "WordPiece") == 0, STATUS_DATA,
          "%s: model is '%.60s', but this program computes only WordPiece; use another model", path, type_of(model));
    CHECK(json_is_object(vocab) && json_object_size(vocab) > 0, STATUS_DATA, "%s: model has no vocab", path);
    TRY(tokenizer_get_text(path, model, "unk_token", &t->special[SPECIAL_UNK]));
    TRY(tokenizer_get_text(path, model, "continuing_subword_prefix", &t->prefix));
    TRY(tokenizer_get_longest(path, model, &t->longest_word));
    return read_pieces(path, vocab, t);
}

Status tokenizer_read_parts(const char *path, const json_t *root, Tokenizer *t)
{
    CHECK(json_is_object(root) && json_is_object(json_object_get(root, "model")), STATUS_DATA,
          "%s: has no model; this is not a file of Hugging Face's tokenizers", path);
    TRY(read_model(path, json_object_get(root, "model"), t));
    TRY(read_normalizer(path, json_object_get(root, "normalizer"), t));
    return check_fixed_parts(path, root);
}

/* --- post_processor ----------------------------------------------------------------------------------------------- */

static json_t *template_special(const Tokenizer *t, Special which, int type)
{
    return json_pack("{s:{s:s, s:i}}", "SpecialToken", "id", t->special[which], "type_id", type);
}

static json_t *template_sequence(const char *which, int type)
{
    return json_pack("{s:{s:s, s:i}}", "Sequence", "id", which, "type_id", type);
}

static void set_template_id(const Tokenizer *t, Special which, json_t *specials)
{
    const char *text = t->special[which];
    json_object_set_new(specials, text,
                        json_pack("{s:s, s:[i], s:[s]}", "id", text, "ids", t->special_id[which], "tokens", text));
}

/* [CLS] A [SEP], [CLS] A [SEP] B [SEP]. */
json_t *tokenizer_template(const Tokenizer *t)
{
    json_t *single = json_array(), *pair = json_array(), *specials = json_object();
    json_t *const start[] = {template_special(t, SPECIAL_CLS, 0), template_sequence("A", 0),
                             template_special(t, SPECIAL_SEP, 0)};
    for (int i = 0; i < 3; i++) {
        json_array_append(single, start[i]);
        json_array_append_new(pair, start[i]);
    }
    json_array_append_new(pair, template_sequence("B", 1));
    json_array_append_new(pair, template_special(t, SPECIAL_SEP, 1));
    set_template_id(t, SPECIAL_CLS, specials);
    set_template_id(t, SPECIAL_SEP, specials);
    return json_pack("{s:s, s:o, s:o, s:o}", "type", "TemplateProcessing", "single", single, "pair", pair,
                     "special_tokens", specials);
}

/* BertProcessing: the two names with their ids. */
static json_t *pair_of_names(const Tokenizer *t)
{
    return json_pack("{s:s, s:[s,i], s:[s,i]}", "type", "BertProcessing", "sep", t->special[SPECIAL_SEP],
                     t->special_id[SPECIAL_SEP], "cls", t->special[SPECIAL_CLS], t->special_id[SPECIAL_CLS]);
}

Status tokenizer_check_template(const char *path, const json_t *root, const Tokenizer *t, bool may_lack)
{
    const json_t *part = json_object_get(root, "post_processor");
    if ((!part || json_is_null(part)) && may_lack) return STATUS_OK;
    json_t *wanted = strcmp(type_of(part), "BertProcessing") == 0 ? pair_of_names(t) : tokenizer_template(t);
    const bool is_same = json_equal(part, wanted);
    json_decref(wanted);
    CHECK(
        is_same, STATUS_DATA,
        "%s: post_processor is %.60s and does not set %.60s (id %d) before and %.60s (id %d) behind each text, as this "
        "program does; save the tokenizer with BertTokenizerFast",
        path, type_of(part), t->special[SPECIAL_CLS], t->special_id[SPECIAL_CLS], t->special[SPECIAL_SEP],
        t->special_id[SPECIAL_SEP]);
    return STATUS_OK;
}
