/* schedule.c: three shapes. */
#include "train/schedule.h"

#include <math.h>

double schedule_rate(const Schedule *s, int64_t step)
{
    if (step < s->warmup) return s->rate * (double)step / (double)s->warmup;
    const double span = (double)(s->total > s->warmup ? s->total - s->warmup : 1);
    const double r = (double)(step - s->warmup) / span;
    switch (s->kind) {
    case SCHEDULE_LINEAR: return r < 1 ? s->rate * (1 - r) : 0;
    case SCHEDULE_COSINE: return r < 1 ? s->rate * 0.5 * (1 + cos(3.14159265358979323846 * r)) : 0;
    default: return s->rate;
    }
}
