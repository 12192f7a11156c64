/* test_schedule.c: the learning rate, step by step. Oracle: the formulas of transformers' get_*_schedule_with_warmup,
 * at steps where they are plain numbers. */
#include "train/schedule.h"

#include "../harness.h"

static double rate(ScheduleKind kind, int64_t warmup, int64_t total, int64_t step)
{
    return schedule_rate(&(Schedule){kind, 2, warmup, total}, step);
}

int main(void)
{
    check(rate(SCHEDULE_LINEAR, 4, 12, 0) == 0 && rate(SCHEDULE_LINEAR, 4, 12, 1) == 0.5 &&
              rate(SCHEDULE_LINEAR, 4, 12, 3) == 1.5 && rate(SCHEDULE_LINEAR, 4, 12, 4) == 2,
          "warm-up rises from 0 by even steps to the peak");
    check(rate(SCHEDULE_LINEAR, 4, 12, 8) == 1 && rate(SCHEDULE_LINEAR, 4, 12, 11) == 0.25 &&
              rate(SCHEDULE_LINEAR, 4, 12, 12) == 0 && rate(SCHEDULE_LINEAR, 4, 12, 99) == 0,
          "linear falls by even steps to 0, and stays there");
    check(near(rate(SCHEDULE_COSINE, 0, 8, 4), 1, 1e-15) && near(rate(SCHEDULE_COSINE, 0, 12, 4), 1.5, 1e-15) &&
              rate(SCHEDULE_COSINE, 0, 8, 8) == 0,
          "cosine: half at half, three quarters at a third, 0 at the end");
    check(rate(SCHEDULE_CONSTANT, 2, 8, 1) == 1 && rate(SCHEDULE_CONSTANT, 2, 8, 7) == 2, "constant after the warm-up");
    check(rate(SCHEDULE_LINEAR, 0, 5, 0) == 2, "without warm-up the first step has the peak");
    check(isfinite(rate(SCHEDULE_LINEAR, 9, 5, 4)) && isfinite(rate(SCHEDULE_COSINE, 5, 5, 5)),
          "a warm-up as long as the run, or longer, divides by nothing");
    return harness_done();
}
