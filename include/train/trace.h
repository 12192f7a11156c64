/* trace.h: every batch as it was fed, in global order, so that a run can be replayed elsewhere. The layout is
 * docs/formats.md's; tests/oracle/replay.py is a reader.
 *
 * Steps are gathered in memory and written before every checkpoint: into a copy of the file, which then takes its
 * place. So a kill or a full disk leaves the file as it was, and it never lacks a step that the newest checkpoint has
 * behind it. Steps that a continued run computes again are not written again: they are the same. */
#ifndef TRAIN_TRACE_H
#define TRAIN_TRACE_H

#include "data/batch.h"
#include "parallel/comm.h"
#include "train/history.h"

enum { TRACE_PENDING_BYTES = 64 << 20 /* more than this is written at once */ };

typedef struct TraceStep TraceStep;

typedef struct {
    const char *path, *settings, *command_line; /* borrowed */
    TraceStep *step;                            /* owned [n]: not yet in the file; rank 0 */
    size_t n, capacity;
    int64_t pending_bytes;
    bool replaces; /* an older trace is there, and the run is at its beginning */
} Trace;

/* Begin a trace, or go on with the one that is there when step > 0: one of another run is refused, a damaged one set
 * aside. settings: the merged lines, by which it is told. Collective. */
Status trace_open(const Comm *comm, const char *path, int64_t step, const char *settings, const char *command_line,
                  Trace *trace);
/* Add the step of `line`. Collective: rank r's samples follow those of the ranks before it. */
Status trace_add(const Comm *comm, Trace *trace, const Batch *batch, const HistoryLine *line);
/* Write what is gathered. Collective. */
Status trace_flush(const Comm *comm, Trace *trace);
void trace_close(Trace *trace); /* Local */

#endif
