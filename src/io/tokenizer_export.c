/* tokenizer_export.c: a tokenizer as the files of Hugging Face, so that versions 4.30, 4.57 and 5 read the same ids. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/tokenizer_folder.h"
#include "tokenizer_parts.h"

static bool *rows_without_piece(const Tokenizer *t)
{
    bool *is_added = memory_alloc((size_t)t->n + 1, sizeof *is_added);
    for (int i = 0; i < t->n_added; i++) is_added[t->added[i].id] = !t->added[i].is_piece;
    for (int id = 0; id < t->n; id++) is_added[id] = is_added[id] || !t->piece[id][0];
    return is_added;
}

/* A row without a piece is an empty line; at the end it is left away. */
static char *vocab_txt(const Tokenizer *t)
{
    char *text = NULL;
    size_t length = 0;
    bool *is_empty = rows_without_piece(t);
    int n = t->n;
    while (n && is_empty[n - 1]) n--;
    FILE *stream = memory_stream(&text, &length);
    for (int id = 0; id < n; id++) fprintf(stream, "%s\n", is_empty[id] ? "" : t->piece[id]);
    memory_stream_close(stream);
    free(is_empty);
    return text;
}

static char *finish(json_t *root)
{
    char *bare = json_dumps(root, JSON_INDENT(2) | JSON_PRESERVE_ORDER), *text = memory_print("%s\n", bare);
    free(bare);
    json_decref(root);
    return text;
}

static json_t *strip_accents(const Tokenizer *t)
{
    return t->strip_accents < 0 ? json_null() : json_boolean(t->strip_accents);
}

/* --- tokenizer.json ------------------------------------------------------------------------------------------------
 */

static json_t *added_tokens(const Tokenizer *t)
{
    json_t *list = json_array();
    for (int i = 0; i < t->n_added; i++) {
        json_t *token = json_pack("{s:i}", "id", t->added[i].id), *flags = tokenizer_token_json(&t->added[i]);
        json_object_update(token, flags);
        json_decref(flags);
        json_array_append_new(list, token);
    }
    return list;
}

static json_t *vocab_object(const Tokenizer *t)
{
    json_t *vocab = json_object(), *index = tokenizer_index(t);
    for (int id = 0; id < t->n; id++)
        if (t->piece[id][0] && tokenizer_lookup(index, t->piece[id]) == id)
            json_object_set_new(vocab, t->piece[id], json_integer(id));
    json_decref(index);
    return vocab;
}

static char *tokenizer_json(const Tokenizer *t)
{
    json_t *normalizer = json_pack("{s:s, s:b, s:b, s:o, s:b}", "type", "BertNormalizer", "clean_text", t->clean_text,
                                   "handle_chinese_chars", t->chinese_chars, "strip_accents", strip_accents(t),
                                   "lowercase", t->lower_case);
    json_t *model = json_pack("{s:s, s:s, s:s, s:i, s:o}", "type", "WordPiece", "unk_token", t->special[SPECIAL_UNK],
                              "continuing_subword_prefix", t->prefix, "max_input_chars_per_word", t->longest_word,
                              "vocab", vocab_object(t));
    return finish(json_pack("{s:s, s:n, s:n, s:o, s:o, s:{s:s}, s:o, s:{s:s, s:s, s:b}, s:o}", "version", "1.0",
                            "truncation", "padding", "added_tokens", added_tokens(t), "normalizer", normalizer,
                            "pre_tokenizer", "type", "BertPreTokenizer", "post_processor", tokenizer_template(t),
                            "decoder", "type", "WordPiece", "prefix", t->prefix, "cleanup", 1, "model", model));
}

/* --- tokenizer_config.json, special_tokens_map.json -----------------------------------------------------------------
 */

static json_t *listed_tokens(const Tokenizer *t)
{
    json_t *list = json_array();
    for (int i = 0; i < t->n_added; i++)
        if (t->added[i].is_listed) json_array_append_new(list, json_string(t->added[i].text));
    return list;
}

static json_t *decoder_object(const Tokenizer *t)
{
    json_t *decoder = json_object();
    for (int i = 0; i < t->n_added; i++) {
        char id[24];
        snprintf(id, sizeof id, "%d", t->added[i].id);
        json_object_set_new(decoder, id, tokenizer_token_json(&t->added[i]));
    }
    return decoder;
}

/* BertTokenizer of version 5 builds its own normalizer and knows no other prefix or length. */
static const char *class_of(const Tokenizer *t)
{
    const bool is_bert = t->clean_text && strcmp(t->prefix, "##") == 0 && t->longest_word == 100;
    return is_bert ? "BertTokenizer" : "PreTrainedTokenizerFast";
}

static char *tokenizer_config(const Tokenizer *t)
{
    json_t *root = json_loads(t->kept, 0, NULL), *listed = listed_tokens(t);
    json_object_set_new(root, "tokenizer_class", json_string(class_of(t)));
    json_object_set_new(root, "do_lower_case", json_boolean(t->lower_case));
    json_object_set_new(root, "strip_accents", strip_accents(t));
    json_object_set_new(root, "tokenize_chinese_chars", json_boolean(t->chinese_chars));
    if (!t->clean_text) json_object_set_new(root, "clean_text", json_false());
    if (t->model_max_length)
        json_object_set_new(root, "model_max_length", json_integer((json_int_t)t->model_max_length));
    for (int s = 0; s < N_SPECIALS; s++)
        json_object_set_new(root, tokenizer_special_key((Special)s), json_string(t->special[s]));
    if (json_array_size(listed)) json_object_set(root, "additional_special_tokens", listed);
    json_object_set_new(root, "added_tokens_decoder", decoder_object(t));
    json_decref(listed);
    return finish(root);
}

/* A name as a text, or with its flags where they are not the usual ones. */
static json_t *name_value(const Tokenizer *t, Special which)
{
    for (int i = 0; i < t->n_added; i++) {
        const AddedToken *a = &t->added[i];
        if (strcmp(a->text, t->special[which]) != 0 || !(a->lstrip || a->rstrip || a->single_word || a->normalized))
            continue;
        json_t *token = tokenizer_token_json(a);
        json_object_del(token, "special");
        return token;
    }
    return json_string(t->special[which]);
}

static char *special_tokens_map(const Tokenizer *t)
{
    json_t *root = json_object(), *listed = listed_tokens(t);
    for (int s = 0; s < N_SPECIALS; s++)
        json_object_set_new(root, tokenizer_special_key((Special)s), name_value(t, (Special)s));
    if (json_array_size(listed)) json_object_set(root, "additional_special_tokens", listed);
    json_decref(listed);
    return finish(root);
}

void tokenizer_files(const Tokenizer *t, TokenizerFile file[TOKENIZER_FILES])
{
    file[0] = (TokenizerFile){"vocab.txt", vocab_txt(t)};
    file[1] = (TokenizerFile){"tokenizer.json", tokenizer_json(t)};
    file[2] = (TokenizerFile){"tokenizer_config.json", tokenizer_config(t)};
    file[3] = (TokenizerFile){"special_tokens_map.json", special_tokens_map(t)};
}
