/* bec_pro.h: evaluate --task=bec-pro: what a profession does to the probability of a person word.
 * Bartl, Nissim and Gatt 2020, GeBNLP, after Kurita et al. 2019. docs/scores.md. */
#ifndef EVALUATE_BEC_PRO_H
#define EVALUATE_BEC_PRO_H

#include "evaluate/task.h"

extern const Task task_bec_pro;

#endif
