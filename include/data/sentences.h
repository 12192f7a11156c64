/* sentences.h: cut running text into sentences, by rules on the characters around a full stop. Local.
 *
 * plain   A sentence ends after . ! or ? and any closing quotes or brackets, when white space follows and then an
 *         upper-case letter, a quote or an opening bracket (or the end of the text).
 * usual   The same, but:
 *         - not behind a title (Dr. Mrs. Gen.), nor behind v. vs. e.g. i.e. and the like;
 *         - behind an initial (J.), letters with full stops between them (U.S., Ph.D.), and abbreviations that may also
 *           end a sentence (Jr. Inc. Sept. etc.) only if the next word is one that begins sentences and no names
 *           (He, The, In, ...: `sentence_starters` in the source);
 *         - a quote between white space is a closing one behind a full stop, an opening one else; ` opens.
 * Both decide by a bounded number of characters around each full stop, so that they take linear time. The published
 * code uses NLTK's learned Punkt model; docs/training.md compares. Text split by anything else can be given one
 * sentence a line. */
#ifndef DATA_SENTENCES_H
#define DATA_SENTENCES_H

#include "base/text.h"

typedef enum { SENTENCES_USUAL, SENTENCES_PLAIN } SentenceRule;

/* Cut the next sentence off *rest, without white space around it. False when nothing is left. */
bool sentences_next(SentenceRule rule, Slice *rest, Slice *sentence);

#endif
