/* winobias_mlm.h: evaluate --task=winobias-mlm: which pronoun does the model expect for an occupation? On the sentences
 * of Zhao et al. 2018, NAACL, without a coreference model; not their score. docs/scores.md. */
#ifndef EVALUATE_WINOBIAS_MLM_H
#define EVALUATE_WINOBIAS_MLM_H

#include "evaluate/task.h"

extern const Task task_winobias_mlm;

#endif
