/* seat.h: evaluate --task=seat: are two sets of words or sentences nearer to different attributes? May et al. 2019,
 * NAACL, after Caliskan et al. 2017. docs/scores.md. */
#ifndef EVALUATE_SEAT_H
#define EVALUATE_SEAT_H

#include "evaluate/task.h"

extern const Task task_seat;

#endif
