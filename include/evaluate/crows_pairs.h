/* crows_pairs.h: evaluate --task=crows-pairs: does the model find the more stereotyping of two sentences likelier?
 * Nangia et al. 2020, EMNLP; scoring B as in Meade et al. 2022. docs/scores.md. */
#ifndef EVALUATE_CROWS_PAIRS_H
#define EVALUATE_CROWS_PAIRS_H

#include "evaluate/task.h"

extern const Task task_crows_pairs;

#endif
