/* winobias_score.h: evaluate --task=winobias-score: how often a coreference model found WinoBias' pairs, from the
 * clusters it predicted. Zhao et al. 2018, NAACL; counted as He et al. 2022 (MABEL) do, and whole. docs/scores.md. */
#ifndef EVALUATE_WINOBIAS_SCORE_H
#define EVALUATE_WINOBIAS_SCORE_H

#include "evaluate/task.h"

extern const Task task_winobias_score;

#endif
