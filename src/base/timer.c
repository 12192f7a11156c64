/* timer.c: two clocks, one running phase. */
#include "base/timer.h"

#include <time.h>

static double seconds_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double timer_now(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

double timer_cpu(void)
{
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

void timer_begin(Timer *timer, Phase phase)
{
    double now = timer_now();
    if (timer->started_s > 0) timer->time_s[timer->phase] += now - timer->started_s;
    timer->phase = phase;
    timer->started_s = now;
}

const char *timer_phase_name(Phase phase)
{
    static const char *const name[N_PHASES] = {"data", "forward",   "head",       "regularizer", "backward",
                                               "wait", "optimizer", "checkpoint", "other"};
    return name[phase];
}
