/* team.c: a moving mean of what regions wait, and the speed of one thread. */
#include "kernels/team.h"

#include <omp.h>

#include "base/timer.h"

static const double START_S = 5e-6, /* what a region costs at the least */
    NUMBERS_PER_S = 1e9,            /* of an elementwise kernel */
    TEXT_PER_S = 4e7,               /* bytes, tokenized */
    UNEVEN = 0.25,                  /* parts of a region may differ so much: that is no wait for a late thread */
    WEIGHT = 0.2,                   /* of the newest wait in the mean */
    PROBE_EVERY = 20;               /* waits measured again after so many times their own length: 5 % */

static struct {
    int threads;                /* 0 before team_init: OpenMP's */
    double delay_s, measured_s; /* the mean; when it was last renewed */
    double speed;               /* operations of products a second of one thread: the best seen */
} team = {.speed = 5e9};

void team_init(int n_threads)
{
    team.threads = n_threads < 1 ? 1 : n_threads;
    team.delay_s = START_S;
    team.measured_s = 0;
}

double team_delay_s(void)
{
    return team.delay_s;
}

int team_for(double work_s)
{
    const double delay_s = team.delay_s > START_S ? team.delay_s : START_S;
    const int all = team.threads ? team.threads : omp_get_max_threads();
    return delay_s < work_s * (1 - 1.0 / all) ? all : 1;
}

int team_for_products(double operations)
{
    return team_for(operations / team.speed);
}

int team_for_numbers(int64_t n)
{
    return team_for((double)n / NUMBERS_PER_S);
}

int team_for_text(int64_t bytes)
{
    return team_for((double)bytes / TEXT_PER_S);
}

TeamRegion team_begin(double operations)
{
    TeamRegion region = {.threads = team_for_products(operations), .began_s = timer_now()};
    const bool is_due = region.began_s - team.measured_s > PROBE_EVERY * team.delay_s;
    if (is_due && operations > START_S * team.speed) region.threads = team.threads;
    return region;
}

void team_add(TeamRegion *region, double operations)
{
    if (omp_get_thread_num() == 0) region->operations += operations;
}

void team_arrive(TeamRegion *region)
{
    if (omp_get_thread_num() == 0) region->arrived_s = timer_now();
}

void team_end(const TeamRegion *region)
{
    const double end_s = timer_now(), alone_s = region->arrived_s - region->began_s;
    if (region->operations > team.speed * alone_s) team.speed = region->operations / alone_s;
    if (region->threads == 1) return;
    const double waited_s = end_s - region->arrived_s - UNEVEN * alone_s;
    team.delay_s += WEIGHT * ((waited_s > 0 ? waited_s : 0) + START_S - team.delay_s);
    team.measured_s = end_s;
}
