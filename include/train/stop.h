/* stop.h: why a run should end before its last step: a signal (base/interrupt), the time limit, or a file named
 * `stop` in the output folder. Local; the trainer makes the answer common. */
#ifndef TRAIN_STOP_H
#define TRAIN_STOP_H

#include <stdbool.h>

#include "base/interrupt.h"

/* In the order in which they count. Below N_INTERRUPTS: that signal. */
typedef enum { STOP_NO = INTERRUPT_NONE, STOP_FILE = N_INTERRUPTS, STOP_TIME, N_STOPS } StopReason;

/* max_time_s: 0 = no limit, counted from here. folder: borrowed; "" = no file is looked for (all ranks but one). */
void stop_init(double max_time_s, const char *folder);
/* step_s: the length of a step, so that the limit is not passed by one. */
StopReason stop_wanted(double step_s);
/* The reason that counts when any rank has seen it: seen [N_STOPS], > 0 where some rank has. */
StopReason stop_first(const double *seen);

/* The file has been obeyed: remove it, so that it does not stop the next run too. False if it cannot be. */
bool stop_remove_file(void);

const char *stop_reason_text(StopReason reason);
/* STATUS_STOPPED (time is up: run the same line again) or STATUS_ASKED (somebody wants it to end). */
Status stop_code(StopReason reason);

#endif
