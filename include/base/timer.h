/* timer.h: where the time of a run goes, by named phase. The sums are reduced over ranks by
 * train/progress. Phases do not nest: beginning one ends the other. */
#ifndef BASE_TIMER_H
#define BASE_TIMER_H

typedef enum {
    PHASE_DATA,       /* batch: order, masks, packing */
    PHASE_FORWARD,    /* encoder forward */
    PHASE_HEAD,       /* head, loss, and the head's gradient */
    PHASE_REGULARIZE, /* class means, collapse loss and its gradient */
    PHASE_BACKWARD,   /* encoder backward */
    PHASE_WAIT,       /* sums over ranks */
    PHASE_OPTIMIZE,   /* norm, clip, AdamW */
    PHASE_CHECKPOINT, /* files */
    PHASE_OTHER,
    N_PHASES
} Phase;

typedef struct {
    double time_s[N_PHASES];
    double started_s;
    Phase phase;
} Timer;

double timer_now(void); /* seconds, monotonic */
double timer_cpu(void); /* seconds that all threads of this process have computed */
void timer_begin(Timer *timer, Phase phase);
const char *timer_phase_name(Phase phase);

#endif
