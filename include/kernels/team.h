/* team.h: how many threads a parallel region is worth.
 *
 * A region ends when its last thread has come. On a quiet machine that is microseconds after the first; where other
 * programs keep the cores busy a thread that is not running comes milliseconds later, and hundreds of small regions a
 * second would each wait for it. So the waits are measured, and work that is shorter than what it would wait for stays
 * on the thread it is on. No result depends on it: every kernel cuts its work in the same way for any number of
 * threads. All functions: Local, from the thread that begins the regions. */
#ifndef KERNELS_TEAM_H
#define KERNELS_TEAM_H

#include <stdbool.h>
#include <stdint.h>

void team_init(int n_threads);

/* For num_threads(), which every region has: all threads, or 1. By seconds of one thread; by operations of matrix
 * products; by numbers that an elementwise kernel reads or writes (the shortest loops: others count theirs more than
 * once); by bytes of text to be tokenized. */
int team_for(double work_s);
int team_for_products(double operations);
int team_for_numbers(int64_t n);
int team_for_text(int64_t bytes);

/* A region whose wait is measured (products, of which there are most):
 *     TeamRegion region = team_begin(operations);
 *     #pragma omp parallel num_threads(region.threads)
 *     { #pragma omp for nowait ... team_add(&region, operations) ... ; team_arrive(&region); }
 *     team_end(&region);
 * Now and then it takes all threads although it had waited before, to see whether that is still so. */
typedef struct {
    int threads;
    double began_s, arrived_s; /* of thread 0: at the region's begin, at its end */
    double operations;         /* of thread 0 */
} TeamRegion;
TeamRegion team_begin(double operations);
void team_add(TeamRegion *region, double operations); /* by all threads: done between begin and arrival */
void team_arrive(TeamRegion *region);                 /* by all threads */
void team_end(const TeamRegion *region);

/* What a region waits for its threads now, seconds. */
double team_delay_s(void);

#endif
