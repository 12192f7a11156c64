/* tokenizer_folder.c: which file says what, and what to do where two of them disagree. */
#include "io/tokenizer_folder.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/file.h"
#include "tokenizer_parts.h"

typedef struct {
    const char *name; /* for messages: the folder or the file */
    CaseRule rule;
    Tokenizer *t;
    char *notes;                              /* owned */
    json_t *file, *config, *map, *added_json; /* tokenizer.json, tokenizer_config.json, ...; NULL: not there */
    char *file_path, *config_path;            /* owned */
    json_t *index;                            /* piece -> id */
    json_t *place;                            /* text of an added token -> place in t->added */
    int highest_added;                        /* id of an added token; -1: none */
    bool has_blank_line;                      /* vocab.txt: Hugging Face counts the empty text as a piece */
    json_t *listed;                           /* texts of additional_special_tokens */
    bool is_generic;                          /* the class takes everything from tokenizer.json */
    bool is_bare;                             /* one file, no folder */
} Reading;

static void note(Reading *r, char *sentence)
{
    char *longer = memory_print("%s%s\n", r->notes, sentence);
    free(r->notes);
    free(sentence);
    r->notes = longer;
}

/* --- the class -----------------------------------------------------------------------------------------------------
 */

static bool is_one_of(const char *name, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(name, *list) == 0) return true;
    return false;
}

static Status check_class(Reading *r, const char *class)
{
    static const char *const bert[] = {"BertTokenizer",
                                       "BertTokenizerFast",
                                       "DistilBertTokenizer",
                                       "DistilBertTokenizerFast",
                                       "ElectraTokenizer",
                                       "ElectraTokenizerFast",
                                       "MobileBertTokenizer",
                                       "MobileBertTokenizerFast",
                                       "ConvBertTokenizer",
                                       "ConvBertTokenizerFast",
                                       NULL};
    static const char *const generic[] = {"PreTrainedTokenizerFast", "TokenizersBackend", NULL};
    r->is_generic = class && is_one_of(class, generic);
    CHECK(!class || r->is_generic || is_one_of(class, bert), STATUS_DATA,
          "%s: tokenizer_class is '%.60s', but this program computes only BertTokenizer; use another model",
          r->config_path, class);
    CHECK(!r->is_generic || r->file, STATUS_DATA,
          "%s: tokenizer_class is '%.60s', which needs tokenizer.json, and that is not there; copy the whole folder",
          r->config_path, class);
    return STATUS_OK;
}

/* Keys under which Hugging Face would cut another way. */
static Status check_keys(const Reading *r)
{
    static const struct {
        const char *key, *computed;
    } fixed[] = {{"do_basic_tokenize", "true"},
                 {"never_split", "[]"},
                 {"split_special_tokens", "false"},
                 {"wordpieces_prefix", "\"##\""}};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        const json_t *value = json_object_get(r->config, fixed[i].key);
        json_t *computed = json_loads(fixed[i].computed, JSON_DECODE_ANY, NULL);
        const bool is_same = !value || json_is_null(value) || json_equal(value, computed);
        json_decref(computed);
        CHECK(is_same, STATUS_DATA, "%s: %s is not %s, and nothing else is computed; change it or use another model",
              r->config_path, fixed[i].key, fixed[i].computed);
    }
    return STATUS_OK;
}

/* --- pieces --------------------------------------------------------------------------------------------------------
 */

/* vocab.txt beside tokenizer.json: Hugging Face reads the second. */
static Status compare_vocab_txt(Reading *r, const char *path)
{
    Tokenizer other;
    tokenizer_defaults(&other);
    Status status = tokenizer_read_vocab_txt(path, &other);
    json_t *index = tokenizer_index(&other);
    const int rows = other.n > r->t->n ? other.n : r->t->n;
    for (int id = 0; id < rows && !status; id++) {
        const char *here = id < r->t->n ? r->t->piece[id] : "", *there = id < other.n ? other.piece[id] : "";
        if (here[0] ? tokenizer_lookup(index, here) == id : id < r->t->n || !there[0]) continue;
        note(r,
             memory_print("vocab.txt and tokenizer.json disagree (id %d is '%.60s' in one and '%.60s' in the other); "
                          "tokenizer.json is followed, as transformers does",
                          id, there, here));
        break;
    }
    json_decref(index);
    tokenizer_free(&other);
    return status;
}

static void note_twice(Reading *r, const char *path)
{
    for (int id = 0; id < r->t->n; id++) {
        const char *piece = r->t->piece[id];
        const int later = piece[0] ? tokenizer_lookup(r->index, piece) : id;
        if (later == id) continue;
        note(r, memory_print("%s: '%.60s' stands in lines %d and %d; the later is used, as transformers does", path,
                             piece, id + 1, later + 1));
        return;
    }
}

static Status read_pieces(Reading *r, const char *vocab_txt)
{
    if (r->file) {
        TRY(tokenizer_read_parts(r->file_path, r->file, r->t));
        r->index = tokenizer_index(r->t);
        return vocab_txt ? compare_vocab_txt(r, vocab_txt) : STATUS_OK;
    }
    CHECK(vocab_txt, STATUS_IO, "%s: has neither vocab.txt nor tokenizer.json; copy the whole folder of the model",
          r->name);
    TRY(tokenizer_read_vocab_txt(vocab_txt, r->t));
    r->index = tokenizer_index(r->t);
    for (int id = 0; id < r->t->n; id++) r->has_blank_line |= !r->t->piece[id][0];
    note_twice(r, vocab_txt);
    return STATUS_OK;
}

/* --- settings ------------------------------------------------------------------------------------------------------
 */

static const char *word_of(int value)
{
    return value < 0 ? "null" : value ? "true" : "false";
}

/* A setting that tokenizer_config.json and the normalizer of tokenizer.json both have. Hugging Face lets the first win,
 * or its own default; a default alone does not win here. given: the value of tokenizer_config.json, or the default. */
static Status decide(Reading *r, const char *key, int given, bool differs, int *value)
{
    if (!r->file || r->is_generic || !differs) {
        if (!r->file) *value = given;
        return STATUS_OK;
    }
    CHECK(json_object_get(r->config, key), STATUS_DATA,
          "%s: its normalizer contradicts transformers' default, %s = %s; write %s into tokenizer_config.json",
          r->file_path, key, word_of(given), key);
    note(r, memory_print("%s: %s is %s, the normalizer of tokenizer.json says otherwise; the first is followed, as "
                         "transformers does",
                         r->config_path, key, word_of(given)));
    *value = given;
    return STATUS_OK;
}

static Status decide_lower_case(Reading *r)
{
    Tokenizer *t = r->t;
    bool given = true;
    TRY(tokenizer_get_bool(r->config_path, r->config, "do_lower_case", &given));
    int value = t->lower_case;
    if (r->rule == CASE_AUTO) TRY(decide(r, "do_lower_case", given, given != t->lower_case, &value));
    else value = r->rule == CASE_LOWER;
    t->lower_case = value != 0;
    return STATUS_OK;
}

static Status decide_normalizer(Reading *r)
{
    Tokenizer *t = r->t;
    bool chinese = true, clean = t->clean_text;
    int strip = -1, value = t->chinese_chars;
    const bool file_strips = tokenizer_rules(t).strip_accents; /* with the case of tokenizer.json */
    TRY(decide_lower_case(r));
    TRY(tokenizer_get_strip(r->config_path, r->config, "strip_accents", &strip));
    TRY(tokenizer_get_bool(r->config_path, r->config, "tokenize_chinese_chars", &chinese));
    TRY(tokenizer_get_bool(r->config_path, r->config, "clean_text", &clean));
    const bool follows_case = strip < 0 && t->strip_accents < 0;
    const bool strips = strip < 0 ? t->lower_case : strip == 1;
    TRY(decide(r, "strip_accents", strip, !follows_case && strips != file_strips, &t->strip_accents));
    TRY(decide(r, "tokenize_chinese_chars", chinese, chinese != t->chinese_chars, &value));
    t->chinese_chars = value != 0;
    if (!r->file) t->clean_text = clean;
    return STATUS_OK;
}

static Status read_limit(Reading *r)
{
    const json_t *limit = json_object_get(r->config, "model_max_length");
    if (!limit || json_is_null(limit)) return STATUS_OK;
    CHECK(json_is_number(limit) && json_number_value(limit) >= 1, STATUS_DATA,
          "%s: model_max_length must be a number from 1 on", r->config_path);
    r->t->model_max_length = json_number_value(limit) < 0x1p53 ? (int64_t)json_number_value(limit) : 0;
    return STATUS_OK;
}

/* Settings that change no id here but belong to the folder that is written again. */
static void keep_others(Reading *r)
{
    static const char *const key[] = {"padding_side", "truncation_side", "clean_up_tokenization_spaces"};
    json_t *kept = json_object();
    for (size_t i = 0; i < sizeof key / sizeof key[0]; i++) {
        json_t *value = json_object_get(r->config, key[i]);
        if (value) json_object_set(kept, key[i], value);
    }
    free(r->t->kept);
    r->t->kept = json_dumps(kept, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(kept);
    const char *side = json_string_value(json_object_get(r->config, "truncation_side"));
    if (side && strcmp(side, "right") != 0)
        note(r, memory_print("%s: truncation_side is '%.20s'; this program cuts long texts at the right",
                             r->config_path, side));
    if (json_is_object(json_object_get(r->file, "truncation")) || json_is_object(json_object_get(r->file, "padding")))
        note(r, memory_print("%s: its truncation and padding are left out; max-length says how long samples are",
                             r->file_path));
}

/* --- added tokens ----------------------------------------------------------------------------------------------------
 */

/* The id that Hugging Face's tokenizers gives to the next token that is no piece. */
static int next_id(const Reading *r)
{
    const int n = (int)json_object_size(r->index);
    return r->highest_added >= n ? r->highest_added + 1 : n;
}

static Status place_new(Reading *r, const AddedToken *token, json_int_t listed, int *id)
{
    const int next = next_id(r);
    CHECK(
        !r->has_blank_line, STATUS_DATA,
        "%s: vocab.txt has an empty line among its pieces, and '%.80s' is an added token: Hugging Face's readers give "
        "it different ids; fill the line",
        r->name, token->text);
    CHECK(listed < 0 || listed == next, STATUS_DATA,
          "%s: added token '%.80s' has id %lld, but ids follow the pieces without a gap and the next is %d (Hugging "
          "Face's fast tokenizers give it that one); number it so in the model too",
          r->name, token->text, (long long)listed, next);
    *id = listed < 0 ? next : (int)listed;
    if (*id >= r->t->n) tokenizer_set_rows(r->t, *id + 1);
    CHECK(!r->t->piece[*id][0], STATUS_DATA, "%s: added token '%.80s' has id %d, which is the id of '%.80s'", r->name,
          token->text, *id, r->t->piece[*id]);
    tokenizer_set_text(&r->t->piece[*id], token->text);
    return STATUS_OK;
}

/* listed: the id that the file gives, -1 if it gives none. A token that is there already takes the new flags. */
static Status add(Reading *r, AddedToken token, json_int_t listed)
{
    if (!token.text[0]) return STATUS_OK;
    const int there = tokenizer_lookup(r->place, token.text);
    token.id = there >= 0 ? r->t->added[there].id : tokenizer_lookup(r->index, token.text);
    token.is_piece = tokenizer_lookup(r->index, token.text) >= 0;
    if (token.id < 0) TRY(place_new(r, &token, listed, &token.id));
    CHECK(listed < 0 || listed == token.id, STATUS_DATA,
          "%s: added token '%.80s' has id %lld, but as a piece %d; the files are of different models", r->name,
          token.text, (long long)listed, token.id);
    if (token.id > r->highest_added) r->highest_added = token.id;
    if (there < 0) {
        json_object_set_new(r->place, token.text, json_integer(r->t->n_added));
        tokenizer_add(r->t, &token);
        return STATUS_OK;
    }
    AddedToken *old = &r->t->added[there];
    token.text = old->text;
    token.is_listed |= old->is_listed;
    *old = token;
    return STATUS_OK;
}

static Status add_list(Reading *r, const char *path, const json_t *list)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        AddedToken token = {0};
        const json_t *id = json_object_get(item, "id");
        TRY(tokenizer_get_token(path, item, &token));
        CHECK(json_is_integer(id) && json_integer_value(id) >= 0, STATUS_DATA, "%s: added token '%.80s' has no id",
              path, token.text);
        TRY(add(r, token, json_integer_value(id)));
    }
    return STATUS_OK;
}

typedef struct {
    json_int_t id;
    const char *text;    /* borrowed */
    const json_t *token; /* of added_tokens_decoder */
} Numbered;

static int by_id(const void *a, const void *b)
{
    const Numbered *x = a, *y = b;
    return x->id != y->id ? (x->id < y->id ? -1 : 1) : strcmp(x->text, y->text);
}

/* added_tokens_decoder of tokenizer_config.json: "id" -> token, in order of ids. */
static Status add_decoder(Reading *r, const json_t *decoder)
{
    const char *id;
    json_t *token;
    int n = 0;
    Status status = STATUS_OK;
    Numbered *list = memory_alloc(json_object_size(decoder), sizeof *list);
    json_object_foreach ((json_t *)(uintptr_t)decoder, id, token) {
        int64_t number = -1;
        if (!text_to_int64(id, &number) || number < 0) {
            status = status_set(STATUS_DATA, __FILE__, __LINE__, "%s: added_tokens_decoder has '%.40s' for an id",
                                r->config_path, id);
            break;
        }
        list[n++] = (Numbered){number, id, token};
    }
    qsort(list, (size_t)n, sizeof *list, by_id);
    for (int i = 0; i < n && !status; i++) {
        AddedToken one = {0};
        status = tokenizer_get_token(r->config_path, list[i].token, &one);
        if (!status) status = add(r, one, list[i].id);
    }
    free(list);
    return status;
}

/* The value of a name's key: a text or an added token with its flags. Where there is no added_tokens_decoder,
 * special_tokens_map.json comes first. */
static const json_t *value_of(const Reading *r, const char *key)
{
    const bool has_decoder = json_object_get(r->config, "added_tokens_decoder") != NULL;
    const json_t *value = has_decoder ? NULL : json_object_get(r->map, key);
    return value ? value : json_object_get(r->config, key);
}

static const char *text_of(const json_t *value)
{
    return json_string_value(json_is_object(value) ? json_object_get(value, "content") : value);
}

static Status read_names(Reading *r)
{
    for (int s = 0; s < N_SPECIALS; s++) {
        const json_t *value = value_of(r, tokenizer_special_key((Special)s));
        const char *text = text_of(value);
        CHECK(text || !value || json_is_null(value), STATUS_DATA, "%s: %s is neither a text nor an added token",
              r->name, tokenizer_special_key((Special)s));
        if (text && text[0]) tokenizer_set_text(&r->t->special[s], text);
    }
    return STATUS_OK;
}

static bool is_special(const Reading *r, const char *text)
{
    for (int s = 0; s < N_SPECIALS; s++)
        if (strcmp(r->t->special[s], text) == 0) return true;
    return json_object_get(r->listed, text) != NULL;
}

static Status add_extra(Reading *r, const json_t *value, bool is_listed)
{
    AddedToken token = {.special = true, .text = (char *)(uintptr_t)text_of(value)};
    if (json_is_object(value)) TRY(tokenizer_get_token(r->config_path, value, &token));
    token.special = true;
    token.is_listed = is_listed;
    const int there = tokenizer_lookup(r->place, token.text);
    if (there < 0) return add(r, token, -1);
    r->t->added[there].special = true; /* its flags are known already */
    r->t->added[there].is_listed |= is_listed;
    return STATUS_OK;
}

static Status list_extra(Reading *r, const json_t *value)
{
    const char *text = text_of(value);
    CHECK(text, STATUS_DATA, "%s: a special token is neither a text nor an added token", r->name);
    if (!json_object_get(r->listed, text)) json_object_set(r->listed, text, (json_t *)(uintptr_t)value);
    return STATUS_OK;
}

/* bos_token and eos_token, which a BERT need not have, and additional_special_tokens (version 5: extra_special_tokens):
 * a list, or an object name -> token. */
static Status list_extras(Reading *r, const json_t *source)
{
    static const char *const single[] = {"bos_token", "eos_token"}, *const key[] = {"additional_special_tokens",
                                                                                    "extra_special_tokens"};
    for (int k = 0; k < 2; k++) {
        const json_t *value = json_object_get(source, single[k]);
        if (!value || json_is_null(value)) continue;
        if (!text_of(value) || !is_special(r, text_of(value))) TRY(list_extra(r, value));
    }
    for (int k = 0; k < 2; k++) {
        const json_t *list = json_object_get(source, key[k]);
        const char *name;
        json_t *item;
        size_t i;
        CHECK(!list || json_is_null(list) || json_is_array(list) || json_is_object(list), STATUS_DATA,
              "%s: %s is not a list; write [] if there are none", r->config_path, key[k]);
        json_array_foreach(list, i, item) TRY(list_extra(r, item));
        json_object_foreach ((json_t *)(uintptr_t)list, name, item) TRY(list_extra(r, item));
    }
    return STATUS_OK;
}

static Status add_extras(Reading *r)
{
    const char *text;
    json_t *value;
    json_object_foreach (r->listed, text, value) TRY(add_extra(r, value, true));
    return STATUS_OK;
}

/* The five names with the flags that a file gives them; a name that is no piece is found missing later. */
static Status add_names(Reading *r)
{
    for (int s = 0; s < N_SPECIALS; s++) {
        const json_t *value = value_of(r, tokenizer_special_key((Special)s));
        const char *text = r->t->special[s];
        if (value ? json_is_null(value) : r->is_generic) continue; /* no name of this tokenizer */
        if (tokenizer_lookup(r->place, text) < 0 && tokenizer_lookup(r->index, text) < 0) continue;
        json_t *plain = json_string(text);
        Status status = add_extra(r, text_of(value) ? value : plain, false);
        json_decref(plain);
        TRY(status);
    }
    return STATUS_OK;
}

/* added_tokens.json: token -> id. */
static Status add_legacy(Reading *r)
{
    const char *text;
    json_t *id;
    int n = 0;
    Numbered *list = memory_alloc(json_object_size(r->added_json), sizeof *list);
    Status status = STATUS_OK;
    json_object_foreach (r->added_json, text, id) {
        if (!json_is_integer(id) || json_integer_value(id) < 0)
            status =
                status_set(STATUS_DATA, __FILE__, __LINE__, "%s/added_tokens.json: '%.80s' has no id", r->name, text);
        list[n++] = (Numbered){json_integer_value(id), text, NULL};
    }
    qsort(list, (size_t)n, sizeof *list, by_id);
    for (int i = 0; i < n && !status; i++) {
        const bool special = is_special(r, list[i].text);
        const int there = tokenizer_lookup(r->place, list[i].text);
        AddedToken token = {.text = (char *)(uintptr_t)list[i].text, .special = special, .normalized = !special};
        if (there >= 0) token = r->t->added[there]; /* tokenizer.json knows its flags */
        status = add(r, token, list[i].id);
    }
    free(list);
    return status;
}

static Status read_added(Reading *r)
{
    const json_t *decoder = json_object_get(r->config, "added_tokens_decoder");
    const json_t *added = json_object_get(r->file, "added_tokens");
    CHECK(!decoder || json_is_object(decoder), STATUS_DATA, "%s: added_tokens_decoder is not an object {id: token}",
          r->config_path);
    CHECK(!added || json_is_null(added) || json_is_array(added), STATUS_DATA, "%s: added_tokens is not a list",
          r->file_path);
    TRY(read_names(r));
    if (!decoder) TRY(list_extras(r, r->map));
    TRY(list_extras(r, r->config));
    TRY(add_list(r, r->file_path, added));
    if (decoder) TRY(add_decoder(r, decoder));
    else TRY(add_legacy(r));
    TRY(add_names(r));
    return add_extras(r);
}

/* --- the whole
 * -------------------------------------------------------------------------------------------------------- */

static Status fill_rows(Reading *r, int n_rows)
{
    Tokenizer *t = r->t;
    while (t->n && !t->piece[t->n - 1][0]) free(t->piece[--t->n]);
    if (!n_rows) return STATUS_OK;
    CHECK(t->n <= n_rows, STATUS_DATA,
          "%s: the tokenizer has %d pieces and added tokens, but vocab_size in config.json is %d; the files are of "
          "different models",
          r->name, t->n, n_rows);
    if (t->n < n_rows)
        note(r,
             memory_print("%s: vocab_size is %d, but there are %d pieces; the other rows can be neither fed nor drawn",
                          r->name, n_rows, t->n));
    tokenizer_set_rows(t, n_rows);
    return STATUS_OK;
}

static Status assemble(Reading *r, const char *vocab_txt, const char *class, int n_rows)
{
    TRY(check_class(r, class));
    TRY(check_keys(r));
    TRY(read_pieces(r, vocab_txt));
    TRY(decide_normalizer(r));
    TRY(read_limit(r));
    keep_others(r);
    TRY(read_added(r));
    TRY(fill_rows(r, n_rows));
    TRY(tokenizer_check(r->name, r->t));
    return r->file ? tokenizer_check_template(r->file_path, r->file, r->t, !r->is_generic || r->is_bare) : STATUS_OK;
}

static Status read_optional(const char *folder, const char *name, json_t **root, char **path)
{
    char *joined = file_join(folder, name);
    Status status = STATUS_OK;
    if (file_exists(joined)) {
        status = file_check_regular(joined);
        if (!status) status = json_read_file(joined, root);
        if (!status && !json_is_object(*root))
            status = status_set(STATUS_DATA, __FILE__, __LINE__, "%s: is not a JSON object", joined);
    }
    if (path) *path = joined;
    else free(joined);
    return status;
}

static Status read_folder(Reading *r, const char *folder, int n_rows)
{
    json_t *model = NULL;
    char *vocab = file_join(folder, "vocab.txt");
    Status status = read_optional(folder, "tokenizer_config.json", &r->config, &r->config_path);
    if (!status) status = read_optional(folder, "tokenizer.json", &r->file, &r->file_path);
    if (!status) status = read_optional(folder, "special_tokens_map.json", &r->map, NULL);
    if (!status) status = read_optional(folder, "added_tokens.json", &r->added_json, NULL);
    if (!status) status = read_optional(folder, "config.json", &model, NULL);
    const json_t *given = json_object_get(r->config, "tokenizer_class");
    const char *class = json_string_value(given);
    if (!status && given && !class && !json_is_null(given))
        status = status_set(STATUS_DATA, __FILE__, __LINE__, "%s: tokenizer_class is not a text", r->config_path);
    if (!class) class = json_string_value(json_object_get(model, "tokenizer_class"));
    const bool has_vocab = file_exists(vocab);
    if (!status && has_vocab) status = file_check_regular(vocab);
    if (!status) status = assemble(r, has_vocab ? vocab : NULL, class, n_rows);
    json_decref(model);
    free(vocab);
    return status;
}

static bool ends_with(const char *text, const char *tail)
{
    const size_t n = strlen(text), t = strlen(tail);
    return n >= t && strcmp(text + n - t, tail) == 0;
}

static Status read_any(Reading *r, const char *path, int n_rows)
{
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) return read_folder(r, path, n_rows);
    r->is_bare = true;
    r->config_path = memory_copy_text(path);
    r->file_path = memory_copy_text(path);
    if (!ends_with(path, ".json")) return assemble(r, path, NULL, n_rows);
    TRY(json_read_file(path, &r->file));
    return assemble(r, NULL, "TokenizersBackend", n_rows);
}

Status tokenizer_read(const char *path, CaseRule rule, int n_rows, Tokenizer *t, char **notes)
{
    Reading r = {.name = path, .rule = rule, .t = t, .highest_added = -1};
    r.notes = memory_copy_text("");
    r.place = json_object();
    r.listed = json_object();
    tokenizer_defaults(t);
    Status status = read_any(&r, path, n_rows);
    json_decref(r.file);
    json_decref(r.config);
    json_decref(r.map);
    json_decref(r.added_json);
    json_decref(r.index);
    json_decref(r.place);
    json_decref(r.listed);
    free(r.file_path);
    free(r.config_path);
    *notes = r.notes;
    if (status) tokenizer_free(t);
    return status;
}
