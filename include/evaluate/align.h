/* align.h: which pieces two sequences share. Local.
 *
 * Ratcliff and Obershelp's matching as Python's difflib.SequenceMatcher does it with autojunk off: the longest block
 * that both hold (the one that begins first in a, then first in b, of several), and the same left and right of it. */
#ifndef EVALUATE_ALIGN_H
#define EVALUATE_ALIGN_H

#include <stdint.h>

/* match [n]: the place in b [m] that belongs to a place of a, ascending; -1: a's place is changed. Returns how many
 * places are shared. Time n m for every block. */
int align_pieces(int n, const int32_t *a, int m, const int32_t *b, int *match);

#endif
