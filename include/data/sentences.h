/* sentences.h: cut running text into sentences by a plain rule. Local.
 *
 * A sentence ends after . ! or ? and any closing quotes or brackets, when white space follows and
 * then an upper-case letter, a quote or an opening bracket (or the end of the text). The published
 * code uses the learned Punkt model instead; text split by it, or by anything else, can be given one
 * sentence a line. */
#ifndef DATA_SENTENCES_H
#define DATA_SENTENCES_H

#include "base/text.h"

/* Cut the next sentence off *rest, without white space around it. False when nothing is left. */
bool sentences_next(Slice *rest, Slice *sentence);

#endif
