/* pace.h: has the thread that waits its core to itself, or must it share it with other programs? Local. */
#ifndef PARALLEL_PACE_H
#define PARALLEL_PACE_H

#include <stdbool.h>

/* The last verdict; zero before the first. One thread's. */
typedef struct {
    double at_s, delay_s; /* when, and how long the thread had stood in line for a core by then, in all */
    bool is_shared;
} Pace;

/* At now_s (timer_now), delay_s of which in line: shared if much of the time since the last verdict went in line. A
 * verdict holds for a tenth of a second; delay is asked for only when it is over. */
bool pace_is_shared(Pace *pace, double now_s, double (*delay)(void));

/* Seconds that this thread has been ready to run and had no core; 0 where the system does not tell (Linux does, in
 * /proc/thread-self/schedstat): then no core is ever shared. */
double pace_delay(void);

#endif
