/* test_team.c: when a region is worth its threads. Late threads are made by sleeping, so nothing depends on the
 * machine. */
#include "kernels/team.h"

#include <omp.h>
#include <time.h>

#include "../harness.h"
#include "base/timer.h"

enum { THREADS = 3 };
static const double LONG = 1e12, SHORT = 1e7; /* operations: seconds, and less than a millisecond, of any thread */

static void sleep_s(double s)
{
    const struct timespec time = {0, (long)(1e9 * s)};
    nanosleep(&time, NULL);
}

/* A region whose other threads come late_s after the first. Returns the threads it was given. */
static int region(double operations, double late_s)
{
    TeamRegion r = team_begin(operations);
    team_add(&r, 0); /* nothing of the processor's speed is learned here */
    team_arrive(&r);
    if (r.threads > 1) sleep_s(late_s);
    team_end(&r);
    return r.threads;
}

static int among(int n, double operations, double late_s)
{
    int wide = 0;
    for (int i = 0; i < n; i++) wide += region(operations, late_s) > 1;
    return wide;
}

int main(void)
{
    omp_set_num_threads(THREADS);
    check(team_for(1) == THREADS && team_for(1e-7) == 1, "before it begins: OpenMP's threads, and not for 0.1 us");
    team_init(1);
    check(region(LONG, 0) == 1 && team_for(1e3) == 1, "one thread is never more");
    team_init(THREADS);
    check(region(SHORT, 0) == THREADS, "at first all threads are asked");
    check(team_for(1e-7) == 1 && team_for(1) == THREADS, "a quiet machine: 0.1 us stays, 1 s is shared");
    check(team_for_text(1 << 20) == THREADS && team_for_text(100) == 1, "a megabyte of text is shared, a line is not");
    for (int i = 0; i < 10; i++) region(LONG, 0.01);
    check(team_delay_s() > 0.004, "ten regions whose threads came 10 ms late: %.1f ms are expected",
          1e3 * team_delay_s());
    check(team_for(0.001) == 1, "1 ms stays on its thread then");
    check(team_for(1) == THREADS && region(LONG, 0.01) == THREADS, "a second is shared all the same");
    const double began = timer_now();
    const int n = 20000, wide = among(n, SHORT, 0.01);
    const double took = timer_now() - began;
    check(wide <= 1 + took / 0.08, "%d short regions: %d waited, to see (in %.3f s)", n, wide, took);
    double waited = 0;
    while (team_delay_s() > 1e-4 && waited < 60) { /* the threads come in time again: probes find it */
        region(SHORT, 0);
        sleep_s(0.002);
        waited += 0.002;
    }
    check(team_delay_s() <= 1e-4, "a machine that has become quiet is found out, after %.1f s", waited);
    check(team_for(0.001) == THREADS, "1 ms is shared again");
    return harness_done();
}
