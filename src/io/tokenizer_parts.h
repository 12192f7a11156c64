/* tokenizer_parts.h: what the readers and writers of tokenizers share; no one else includes it. */
#ifndef IO_TOKENIZER_PARTS_H
#define IO_TOKENIZER_PARTS_H

#include "io/json.h"
#include "io/tokenizer.h"

void tokenizer_defaults(Tokenizer *tokenizer);
void tokenizer_set_text(char **place, const char *text);
/* Grow to n rows, the new ones empty. */
void tokenizer_set_rows(Tokenizer *tokenizer, int n);
void tokenizer_add(Tokenizer *tokenizer, const AddedToken *token); /* copies its text */
void tokenizer_add_specials(Tokenizer *tokenizer);
json_t *tokenizer_index(const Tokenizer *tokenizer);         /* piece -> id */
int tokenizer_lookup(const json_t *index, const char *text); /* -1 if absent */
const char *tokenizer_special_key(Special which);            /* "pad_token", ... */
json_t *tokenizer_token_json(const AddedToken *token);

/* Keys of an object that may be absent; the value stays as it was then. */
Status tokenizer_get_bool(const char *name, const json_t *object, const char *key, bool *value);
Status tokenizer_get_strip(const char *name, const json_t *object, const char *key, int *value);
Status tokenizer_get_text(const char *name, const json_t *object, const char *key, char **value);
Status tokenizer_get_longest(const char *name, const json_t *object, int *value);
Status tokenizer_get_token(const char *name, const json_t *object, AddedToken *token); /* its text is borrowed */

/* One piece a line. A byte order mark, blanks at the end of a line, and empty lines at the end do not count. */
Status tokenizer_read_vocab_txt(const char *path, Tokenizer *tokenizer);

/* tokenizer.json: pieces and settings into the tokenizer; parts that are not computed are refused by name. The added
 * tokens are left to the caller. */
Status tokenizer_read_parts(const char *path, const json_t *root, Tokenizer *tokenizer);
/* The post-processor must set [CLS] and [SEP] around, with the ids of this tokenizer. may_lack: nothing there is right
 * too. */
Status tokenizer_check_template(const char *path, const json_t *root, const Tokenizer *tokenizer, bool may_lack);
json_t *tokenizer_template(const Tokenizer *tokenizer);

#endif
