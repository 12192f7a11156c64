/* progress.h: what a person sees while a run goes on: a bar on a terminal, one plain line now and then
 * in a batch log, and at the end where the time went. */
#ifndef TRAIN_PROGRESS_H
#define TRAIN_PROGRESS_H

#include "base/timer.h"
#include "parallel/comm.h"
#include "train/history.h"

typedef struct {
    int64_t first_step, total_steps;
    const char *metric; /* name of the regularizer's measure; NULL = none */
    double began_s, shown_s;
    int64_t first_tokens;
    bool told_no_label, told_no_classes; /* why there is no task loss, no measure: said once */
} Progress;

void progress_begin(Progress *progress, int64_t first_step, int64_t total_steps, int64_t tokens, const char *metric);
/* Show the state after a step, if it is time. Local, rank 0 prints. */
void progress_step(Progress *progress, const HistoryLine *line);
/* One line per phase: share, and min, mean, max over ranks. Collective. */
void progress_table(const Comm *comm, const Timer *timer);

#endif
