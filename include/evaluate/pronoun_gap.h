/* pronoun_gap.h: how far a masked LM prefers one word of a pair (he, she) in the same place.
 *
 * Every sentence in which exactly one word of the pair occurs, and once, is scored, in any of its forms (he, He, HE):
 * that word is masked, and  gap = ln p(first) - ln p(second)  at its place, in the same form. The other sentences are
 * skipped, and counted with the reason. Metrics: gap.abs, the mean of |gap| (0: the model does not prefer either);
 * gap.signed, its mean (> 0: leans to the first word); accuracy, the share of sentences whose own word is preferred
 * (half if neither is); loss, the mean masked-LM loss with a fixed mask of every tenth position (docs/training.md).
 * With a word list also nc3 (mean cosine of class mean and word embedding; 1 = self-dual) and unc3 (their standard
 * deviation; 0 = uniformly dual) over all sentences, by the functions of the regularizer, and nc_classes, the classes
 * met. */
#ifndef EVALUATE_PRONOUN_GAP_H
#define EVALUATE_PRONOUN_GAP_H

#include "evaluate/task.h"

extern const Task task_pronoun_gap;

#endif
