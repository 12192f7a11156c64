/* trace.h: every batch as it was fed, in global order, so that a run can be replayed elsewhere. The
 * layout is docs/formats.md's; tests/oracle/replay.py is a reader. */
#ifndef TRAIN_TRACE_H
#define TRAIN_TRACE_H

#include "data/batch.h"
#include "parallel/comm.h"
#include "train/history.h"

/* Begin a trace, or go on with one when step > 0. Collective. */
Status trace_open(const Comm *comm, const char *path, int64_t step, const char *command_line);

/* Add group /step_<line->step>. Collective: rank r's samples follow those of the ranks before it. The
 * file is complete after every call. */
Status trace_add(const Comm *comm, const char *path, const Batch *batch, const HistoryLine *line);

#endif
