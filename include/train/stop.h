/* stop.h: why a run should stop before its last step: a signal (SIGTERM, SIGINT, SIGUSR1), the time
 * limit, or a file named `stop` in the output folder. Local; the trainer makes the answer common. */
#ifndef TRAIN_STOP_H
#define TRAIN_STOP_H

#include <stdbool.h>

typedef enum { STOP_NO, STOP_SIGNAL, STOP_TIME, STOP_FILE, N_STOPS } StopReason;

/* Catch the signals. max_time_s: 0 = no limit, counted from here. folder: borrowed. */
void stop_init(double max_time_s, const char *folder);
/* step_s: the length of a step, so that the limit is not passed by one. */
StopReason stop_wanted(double step_s);
const char *stop_reason_text(StopReason reason);

#endif
