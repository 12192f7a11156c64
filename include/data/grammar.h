/* grammar.h: a weighted template grammar, expanded into sentences. Local.
 *
 * One alternative per line:   symbol [weight] = text with {symbols}
 * A symbol may have any number of lines; an alternative is taken with probability weight / (sum of
 * the weights of its symbol), 1 if no weight is given. Expansion begins at `start`. {{ and }} stand
 * for braces; # at the beginning of a line starts a comment. Sentence number i is a function of
 * (seed, i) alone. */
#ifndef DATA_GRAMMAR_H
#define DATA_GRAMMAR_H

#include <stdint.h>
#include <stdio.h>

#include "base/status.h"
#include "base/text.h"

typedef struct Grammar Grammar;

Grammar *grammar_new(void);
void grammar_free(Grammar *grammar);
/* Add the lines of a file; several files make one grammar. */
Status grammar_read(const char *path, Grammar *grammar);
/* Refuse undefined symbols and symbols that cannot end. Call once, after the last file. */
Status grammar_check(const Grammar *grammar);
/* Write sentence number `index`, without a line end. */
Status grammar_expand(const Grammar *grammar, uint64_t seed, int64_t index, FILE *out);

#endif
