/* negation.h: an English sentence denied, or a denial taken back, at one place: control pairs of CrowS-Pairs (Pikuliak,
 * Beňová and Bachratý 2023, EACL, negate them by hand; these are rules). Local. */
#ifndef EVALUATE_NEGATION_H
#define EVALUATE_NEGATION_H

#include "base/text.h"

/* The first word from the left that one of these fits, in words between blanks:
 *   isn't, don't, can't, cannot, ...           lose their not (won't: will)
 *   is was can ... + not, never                lose it
 *   is are was were am, can could will would should must may might, and I'm you're he's ...   gain a not behind them
 * but for a verb that begins the sentence (a question). Returns the sentence, owned by the caller, and in rule, of
 * NEGATION_RULE bytes, what was done, the same for two sentences that were denied alike ("is +not"); NULL: no word
 * fits. */
enum { NEGATION_RULE = 32 };
char *negation_of(Slice sentence, char rule[NEGATION_RULE]);

#endif
