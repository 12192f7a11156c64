/* tokenizer_folder.h: tokenizers in the files of Hugging Face, in and out. Local.
 *
 * Read as AutoTokenizer of transformers reads them: tokenizer.json before vocab.txt; do_lower_case, strip_accents and
 * tokenize_chinese_chars of tokenizer_config.json before the normalizer of tokenizer.json; special_tokens_map.json and
 * added_tokens.json where tokenizer_config.json has no added_tokens_decoder. What is not computed is refused by name.
 */
#ifndef IO_TOKENIZER_FOLDER_H
#define IO_TOKENIZER_FOLDER_H

#include <stddef.h>

#include "io/tokenizer.h"

/* path: vocab.txt, a tokenizer.json (told by its ending), or a folder. n_rows: rows of the model; the tokenizer is
 * filled up to them with rows without a piece; 0: as many as there are pieces. *notes: owned by the caller, sentences
 * for the user, each ended by a line end; "" if there are none. */
Status tokenizer_read(const char *path, CaseRule rule, int n_rows, Tokenizer *tokenizer, char **notes);

typedef struct {
    const char *name;
    char *text; /* owned by the caller */
} TokenizerFile;

enum { TOKENIZER_FILES = 4 };

/* vocab.txt, tokenizer.json, tokenizer_config.json, special_tokens_map.json, as transformers writes them. */
void tokenizer_files(const Tokenizer *tokenizer, TokenizerFile file[TOKENIZER_FILES]);

#endif
