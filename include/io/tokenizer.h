/* tokenizer.h: everything that ids are a function of, as files tell it: pieces, settings, added tokens. Local.
 *
 * A row of the word embeddings is named by a piece; "" is a row without one (a vocabulary padded to a round size, a
 * gap): it can be neither fed nor drawn. An added token is matched whole in the text before words are cut; its id may
 * be that of a piece. The rules are those of Hugging Face's tokenizers (WordPiece with BertNormalizer). */
#ifndef IO_TOKENIZER_H
#define IO_TOKENIZER_H

#include <stdint.h>

#include "base/normalise.h"
#include "base/status.h"

typedef enum { SPECIAL_PAD, SPECIAL_UNK, SPECIAL_CLS, SPECIAL_SEP, SPECIAL_MASK, N_SPECIALS } Special;
typedef enum { CASE_AUTO, CASE_LOWER, CASE_KEEP } CaseRule; /* auto: as the files say */

typedef struct {
    char *text; /* owned */
    int id;
    bool is_piece;       /* words can become it too */
    bool lstrip, rstrip; /* white space beside it belongs to it */
    bool single_word;    /* no letter or digit may touch it */
    bool normalized;     /* compared with normalised text */
    bool special;        /* never masked, never a class */
    bool is_listed;      /* of additional_special_tokens */
} AddedToken;

typedef struct {
    char **piece; /* owned [n]; the text of an added token where it has a row of its own */
    int n;        /* rows: V */
    bool lower_case, chinese_chars, clean_text;
    int strip_accents;         /* 0 no, 1 yes, -1 as lower_case */
    char *prefix;              /* owned: of pieces that continue a word, "##" */
    int longest_word;          /* characters; a longer word is the unknown piece */
    char *special[N_SPECIALS]; /* owned: their texts */
    int special_id[N_SPECIALS];
    AddedToken *added; /* owned [n_added], in the order of the files */
    int n_added;
    int64_t model_max_length; /* 0: no limit is said */
    char *kept;               /* owned: a JSON object, keys of tokenizer_config.json that change no id */
} Tokenizer;

/* BERT's own settings over pieces (copied). The five special pieces must be there. name: for messages. */
Status tokenizer_plain(const char *name, const char *const *piece, int n, bool lower_case, Tokenizer *tokenizer);
void tokenizer_free(Tokenizer *tokenizer);
NormaliseRules tokenizer_rules(const Tokenizer *tokenizer);
/* "[PAD]", ... */
const char *tokenizer_special_text(Special which);

/* Settings and added tokens as one JSON object, owned by the caller; all of them, or those that ids are a function of.
 * And back onto pieces. */
char *tokenizer_settings(const Tokenizer *tokenizer, bool all);
Status tokenizer_from_settings(const char *name, const char *const *piece, int n, const char *settings,
                               Tokenizer *tokenizer);
/* Make *to a copy. */
void tokenizer_copy(const Tokenizer *from, Tokenizer *to);

/* What a tokenizer must be before words are cut with it; every failure names the piece or the token. */
Status tokenizer_check(const char *name, Tokenizer *tokenizer);

#endif
