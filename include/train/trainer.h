/* trainer.h: the step, and the loop around it. docs/training.md has the mathematics. */
#ifndef TRAIN_TRAINER_H
#define TRAIN_TRAINER_H

#include "parallel/comm.h"
#include "train/setup.h"
#include "train/stop.h"

/* Train as run says. Collective. settings: the merged `key = value` lines; both texts go into the
 * files. With a checkpoint: STATUS_STOPPED when its time is up, STATUS_ASKED when somebody asked it to stop. */
Status trainer_run(const Comm *comm, const RunSettings *run, const char *settings, const char *command_line);

/* The two halves of the loop, for collapse bench: one optimizer step, and moving on to the next
 * batch. *stop: somebody wants to stop after this step. Collective. */
Status trainer_step(const Comm *comm, Trainer *trainer, HistoryLine *line, StopReason *stop);
void trainer_advance(Trainer *trainer);

#endif
