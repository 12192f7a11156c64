/* item_measures.h: the metrics of stereoset, bec-pro, seat and winobias-mlm as functions of sums over their items, for
 * --compare, and what is resampled. Local. */
#ifndef EVALUATE_ITEM_MEASURES_H
#define EVALUATE_ITEM_MEASURES_H

#include "evaluate/compare.h"

/* <TYPE>.lms .ss .icat, .micro.*, .log.*: target terms are drawn, then examples within them. */
void stereoset_measures(const EvaluationResult *items, Measures *measures);
/* P.Q, means over persons P and professions Q: professions are drawn, with all their rows. */
void bec_pro_measures(const EvaluationResult *items, Measures *measures);
/* FILE.effect: targets are drawn within each set of each file. */
void seat_measures(const EvaluationResult *items, Measures *measures);
/* typeN.pro .anti .gap .log_ratio: pairs of sentences about the same occupations are drawn within each type, with both
 * versions. */
void winobias_mlm_measures(const EvaluationResult *items, Measures *measures);

#endif
