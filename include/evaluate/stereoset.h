/* stereoset.h: evaluate --task=stereoset: does the model prefer a stereotype to its opposite, and either to nonsense?
 * Nadeem, Bethke and Reddy 2021, ACL. docs/scores.md. */
#ifndef EVALUATE_STEREOSET_H
#define EVALUATE_STEREOSET_H

#include "evaluate/task.h"

extern const Task task_stereoset;

#endif
