/* schedule.h: the learning rate of a step. Local. */
#ifndef TRAIN_SCHEDULE_H
#define TRAIN_SCHEDULE_H

#include <stdint.h>

typedef enum { SCHEDULE_LINEAR, SCHEDULE_CONSTANT, SCHEDULE_COSINE } ScheduleKind;

typedef struct {
    ScheduleKind kind;
    double rate;           /* eta_0 */
    int64_t warmup, total; /* steps */
} Schedule;

/* Step k = 0, 1, ... as in transformers: eta_0 k / warmup while k < warmup; then with
 * r = (k - warmup) / (total - warmup): linear eta_0 (1 - r), cosine eta_0 (1 + cos(pi r)) / 2. */
double schedule_rate(const Schedule *schedule, int64_t step);

#endif
