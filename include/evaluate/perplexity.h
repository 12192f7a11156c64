/* perplexity.h: evaluate --task=perplexity: pseudo-perplexity of plain text, is it still a language model? Salazar et
 * al. 2020, Kauf and Ivanova 2023. docs/scores.md. */
#ifndef EVALUATE_PERPLEXITY_H
#define EVALUATE_PERPLEXITY_H

#include "evaluate/task.h"

extern const Task task_perplexity;

#endif
