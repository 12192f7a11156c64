/* tokenizer.c: what every source of a tokenizer has in common: defaults, checks, and the settings as one JSON text. */
#include "io/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/json.h"
#include "tokenizer_parts.h"

static const char *const special_text[N_SPECIALS] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
static const char *const special_key[N_SPECIALS] = {"pad_token", "unk_token", "cls_token", "sep_token", "mask_token"};

enum { LONGEST_WORD = 100, MOST_ROWS = 1 << 24 };

const char *tokenizer_special_text(Special which)
{
    return special_text[which];
}

const char *tokenizer_special_key(Special which)
{
    return special_key[which];
}

NormaliseRules tokenizer_rules(const Tokenizer *t)
{
    return (NormaliseRules){.clean_text = t->clean_text,
                            .chinese_chars = t->chinese_chars,
                            .strip_accents = t->strip_accents < 0 ? t->lower_case : t->strip_accents == 1,
                            .lower_case = t->lower_case};
}

void tokenizer_defaults(Tokenizer *t)
{
    *t = (Tokenizer){.lower_case = true, .chinese_chars = true, .clean_text = true, .strip_accents = -1};
    t->prefix = memory_copy_text("##");
    t->longest_word = LONGEST_WORD;
    t->kept = memory_copy_text("{}");
    for (int s = 0; s < N_SPECIALS; s++) t->special[s] = memory_copy_text(special_text[s]);
}

void tokenizer_free(Tokenizer *t)
{
    for (int i = 0; i < t->n; i++) free(t->piece[i]);
    for (int i = 0; i < t->n_added; i++) free(t->added[i].text);
    for (int s = 0; s < N_SPECIALS; s++) free(t->special[s]);
    free(t->piece);
    free(t->added);
    free(t->prefix);
    free(t->kept);
    *t = (Tokenizer){0};
}

void tokenizer_set_text(char **place, const char *text)
{
    char *copy = memory_copy_text(text);
    free(*place);
    *place = copy;
}

void tokenizer_set_rows(Tokenizer *t, int n)
{
    t->piece = memory_resize(t->piece, (size_t)n, sizeof *t->piece);
    while (t->n < n) t->piece[t->n++] = memory_copy_text("");
}

void tokenizer_add(Tokenizer *t, const AddedToken *token)
{
    if ((t->n_added & (t->n_added - 1)) == 0) /* full at every power of two */
        t->added = memory_resize(t->added, t->n_added ? 2 * (size_t)t->n_added : 1, sizeof *t->added);
    t->added[t->n_added] = *token;
    t->added[t->n_added++].text = memory_copy_text(token->text);
}

/* piece -> id; of equal ones the later, as in Hugging Face's readers. Rows of added tokens alone are no pieces. */
json_t *tokenizer_index(const Tokenizer *t)
{
    json_t *index = json_object();
    bool *is_added = memory_alloc((size_t)t->n, sizeof *is_added);
    for (int i = 0; i < t->n_added; i++)
        if (t->added[i].id >= 0 && t->added[i].id < t->n) is_added[t->added[i].id] = !t->added[i].is_piece;
    for (int id = 0; id < t->n; id++)
        if (t->piece[id][0] && !is_added[id]) json_object_set_new(index, t->piece[id], json_integer(id));
    free(is_added);
    return index;
}

int tokenizer_lookup(const json_t *index, const char *text)
{
    const json_t *id = json_object_get(index, text);
    return id ? (int)json_integer_value(id) : -1;
}

/* --- checks ----------------------------------------------------------------------------------------------------- */

static Status check_added(const char *name, const Tokenizer *t, const AddedToken *token)
{
    CHECK(token->text[0], STATUS_DATA, "%s: an added token is empty; remove it", name);
    CHECK(token->id >= 0 && token->id < t->n, STATUS_DATA, "%s: added token '%.80s' has id %d, but there are %d rows",
          name, token->text, token->id, t->n);
    CHECK(strcmp(t->piece[token->id], token->text) == 0, STATUS_DATA,
          "%s: added token '%.80s' has id %d, which is the id of '%.80s'", name, token->text, token->id,
          t->piece[token->id]);
    if (!token->normalized) return STATUS_OK;
    const NormaliseRules rules = tokenizer_rules(t);
    TextBuffer buffer = {0};
    normalise_text(&rules, slice_of(token->text), &buffer);
    free(buffer.text);
    CHECK(buffer.n > 0, STATUS_DATA,
          "%s: added token '%.80s' (id %d) is nothing after normalisation and would be found everywhere; set its "
          "\"normalized\" to false, or remove it",
          name, token->text, token->id);
    return STATUS_OK;
}

/* The ids of the five names: an added token's, else a piece's. */
static Status find_specials(const char *name, Tokenizer *t)
{
    json_t *index = tokenizer_index(t);
    for (int i = 0; i < t->n_added; i++) json_object_set_new(index, t->added[i].text, json_integer(t->added[i].id));
    Status status = STATUS_OK;
    for (int s = 0; s < N_SPECIALS && !status; s++) {
        t->special_id[s] = tokenizer_lookup(index, t->special[s]);
        if (t->special_id[s] < 0)
            status = status_set(STATUS_DATA, __FILE__, __LINE__,
                                "%s: has no piece %.80s%s%s; a BERT vocabulary (one piece a line) is needed", name,
                                t->special[s], strcmp(t->special[s], special_text[s]) ? ", the " : "",
                                strcmp(t->special[s], special_text[s]) ? special_key[s] : "");
    }
    json_decref(index);
    return status;
}

Status tokenizer_check(const char *name, Tokenizer *t)
{
    CHECK(t->n <= MOST_ROWS, STATUS_DATA, "%s: has %d pieces; at most %d can be used", name, t->n, MOST_ROWS);
    CHECK(t->longest_word >= 1, STATUS_DATA, "%s: max_input_chars_per_word is %d; at least 1 is needed", name,
          t->longest_word);
    for (int id = 0; id < t->n; id++) {
        const size_t length = strlen(t->piece[id]);
        CHECK(utf8_first_invalid(t->piece[id], length) == length, STATUS_DATA, "%s: piece %d is not valid UTF-8", name,
              id);
    }
    for (int i = 0; i < t->n_added; i++) TRY(check_added(name, t, &t->added[i]));
    return find_specials(name, t);
}

/* The five names are matched whole in the text, as Hugging Face's tokenizers do. */
void tokenizer_add_specials(Tokenizer *t)
{
    json_t *index = tokenizer_index(t), *added = json_object();
    for (int i = 0; i < t->n_added; i++) json_object_set_new(added, t->added[i].text, json_true());
    for (int s = 0; s < N_SPECIALS; s++) {
        const int id = tokenizer_lookup(index, t->special[s]);
        if (id < 0 || json_object_get(added, t->special[s])) continue;
        tokenizer_add(t, &(AddedToken){.text = t->special[s], .id = id, .is_piece = true, .special = true});
        json_object_set_new(added, t->special[s], json_true());
    }
    json_decref(index);
    json_decref(added);
}

static void copy_pieces(const char *const *piece, int n, Tokenizer *t)
{
    t->piece = memory_alloc((size_t)n, sizeof *t->piece);
    for (t->n = 0; t->n < n; t->n++) t->piece[t->n] = memory_copy_text(piece[t->n]);
}

Status tokenizer_plain(const char *name, const char *const *piece, int n, bool lower_case, Tokenizer *t)
{
    tokenizer_defaults(t);
    t->lower_case = lower_case;
    copy_pieces(piece, n, t);
    tokenizer_add_specials(t);
    Status status = tokenizer_check(name, t);
    if (status) tokenizer_free(t);
    return status;
}

/* --- settings as JSON -------------------------------------------------------------------------------------------- */

json_t *tokenizer_token_json(const AddedToken *a)
{
    return json_pack("{s:s, s:b, s:b, s:b, s:b, s:b}", "content", a->text, "lstrip", a->lstrip, "normalized",
                     a->normalized, "rstrip", a->rstrip, "single_word", a->single_word, "special", a->special);
}

char *tokenizer_settings(const Tokenizer *t, bool all)
{
    json_t *added = json_array(), *strip = t->strip_accents < 0 ? json_null() : json_boolean(t->strip_accents);
    for (int i = 0; i < t->n_added; i++) {
        json_t *token = tokenizer_token_json(&t->added[i]);
        json_object_set_new(token, "id", json_integer(t->added[i].id));
        json_object_set_new(token, "piece", json_boolean(t->added[i].is_piece));
        json_object_set_new(token, "listed", json_boolean(t->added[i].is_listed));
        json_array_append_new(added, token);
    }
    json_t *root =
        json_pack("{s:o, s:b, s:b, s:o, s:b, s:s, s:i}", "added_tokens", added, "do_lower_case", t->lower_case,
                  "tokenize_chinese_chars", t->chinese_chars, "strip_accents", strip, "clean_text", t->clean_text,
                  "continuing_subword_prefix", t->prefix, "max_input_chars_per_word", t->longest_word);
    if (all) json_object_set_new(root, "model_max_length", json_integer((json_int_t)t->model_max_length));
    if (all) json_object_set_new(root, "kept", json_loads(t->kept, 0, NULL));
    for (int s = 0; s < N_SPECIALS; s++) json_object_set_new(root, special_key[s], json_string(t->special[s]));
    char *text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(root);
    return text;
}

Status tokenizer_get_bool(const char *name, const json_t *object, const char *key, bool *value)
{
    const json_t *found = json_object_get(object, key);
    if (!found) return STATUS_OK;
    CHECK(json_is_boolean(found), STATUS_DATA, "%s: %s must be true or false", name, key);
    *value = json_is_true(found);
    return STATUS_OK;
}

Status tokenizer_get_strip(const char *name, const json_t *object, const char *key, int *value)
{
    bool strips = false;
    const json_t *found = json_object_get(object, key);
    if (json_is_null(found)) *value = -1;
    if (!found || json_is_null(found)) return STATUS_OK;
    TRY(tokenizer_get_bool(name, object, key, &strips));
    *value = strips;
    return STATUS_OK;
}

Status tokenizer_get_text(const char *name, const json_t *object, const char *key, char **value)
{
    const json_t *found = json_object_get(object, key);
    if (!found) return STATUS_OK;
    CHECK(json_is_string(found), STATUS_DATA, "%s: %s must be a text", name, key);
    tokenizer_set_text(value, json_string_value(found));
    return STATUS_OK;
}

/* A whole number from 1 on; beyond 32 bits it is no limit. */
Status tokenizer_get_longest(const char *name, const json_t *object, int *value)
{
    const json_t *found = json_object_get(object, "max_input_chars_per_word");
    if (!found) return STATUS_OK;
    CHECK(json_is_number(found) && json_number_value(found) >= 1, STATUS_DATA,
          "%s: max_input_chars_per_word must be a whole number from 1 on", name);
    *value = json_number_value(found) >= INT32_MAX ? INT32_MAX : (int)json_number_value(found);
    return STATUS_OK;
}

Status tokenizer_get_token(const char *name, const json_t *object, AddedToken *token)
{
    token->text = (char *)(uintptr_t)json_string_value(json_object_get(object, "content"));
    CHECK(token->text, STATUS_DATA, "%s: an added token has no content", name);
    TRY(tokenizer_get_bool(name, object, "special", &token->special));
    token->normalized = !token->special;
    TRY(tokenizer_get_bool(name, object, "normalized", &token->normalized));
    TRY(tokenizer_get_bool(name, object, "lstrip", &token->lstrip));
    TRY(tokenizer_get_bool(name, object, "rstrip", &token->rstrip));
    return tokenizer_get_bool(name, object, "single_word", &token->single_word);
}

static Status read_added(const char *name, const json_t *list, Tokenizer *t)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        AddedToken token = {.id = -1};
        TRY(tokenizer_get_token(name, item, &token));
        TRY(tokenizer_get_bool(name, item, "piece", &token.is_piece));
        TRY(tokenizer_get_bool(name, item, "listed", &token.is_listed));
        const json_int_t id = json_integer_value(json_object_get(item, "id"));
        CHECK(json_is_integer(json_object_get(item, "id")) && id >= 0 && id < t->n, STATUS_DATA,
              "%s: added token '%.80s' has an id outside of the %d rows", name, token.text, t->n);
        token.id = (int)id;
        tokenizer_add(t, &token);
    }
    return STATUS_OK;
}

static Status read_settings(const char *name, const json_t *root, Tokenizer *t)
{
    CHECK(json_is_object(root), STATUS_DATA, "%s: is not a JSON object", name);
    TRY(tokenizer_get_bool(name, root, "do_lower_case", &t->lower_case));
    TRY(tokenizer_get_bool(name, root, "tokenize_chinese_chars", &t->chinese_chars));
    TRY(tokenizer_get_bool(name, root, "clean_text", &t->clean_text));
    TRY(tokenizer_get_strip(name, root, "strip_accents", &t->strip_accents));
    TRY(tokenizer_get_text(name, root, "continuing_subword_prefix", &t->prefix));
    TRY(tokenizer_get_longest(name, root, &t->longest_word));
    for (int s = 0; s < N_SPECIALS; s++) TRY(tokenizer_get_text(name, root, special_key[s], &t->special[s]));
    const json_int_t limit = json_integer_value(json_object_get(root, "model_max_length"));
    t->model_max_length = limit > 0 ? (int64_t)limit : 0;
    const json_t *kept = json_object_get(root, "kept");
    if (json_is_object(kept)) {
        free(t->kept);
        t->kept = json_dumps(kept, JSON_COMPACT | JSON_SORT_KEYS);
    }
    return read_added(name, json_object_get(root, "added_tokens"), t);
}

Status tokenizer_from_settings(const char *name, const char *const *piece, int n, const char *settings, Tokenizer *t)
{
    json_t *root;
    *t = (Tokenizer){0};
    TRY(json_parse(name, settings, strlen(settings), &root));
    tokenizer_defaults(t);
    copy_pieces(piece, n, t);
    Status status = read_settings(name, root, t);
    json_decref(root);
    if (!status) status = tokenizer_check(name, t);
    if (status) tokenizer_free(t);
    return status;
}

void tokenizer_copy(const Tokenizer *from, Tokenizer *to)
{
    *to = *from;
    copy_pieces((const char *const *)from->piece, from->n, to);
    to->added = NULL;
    to->n_added = 0;
    for (int i = 0; i < from->n_added; i++) tokenizer_add(to, &from->added[i]);
    for (int s = 0; s < N_SPECIALS; s++) to->special[s] = memory_copy_text(from->special[s]);
    to->prefix = memory_copy_text(from->prefix);
    to->kept = memory_copy_text(from->kept);
}
