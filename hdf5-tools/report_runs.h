/* report_runs.h: what the logs of runs hold, over their steps. Writes to `page`. */
#ifndef HDF5_TOOLS_REPORT_RUNS_H
#define HDF5_TOOLS_REPORT_RUNS_H

#include "report_data.h"

/* Curves of the losses, of every score of evaluate-steps, and of the snapshots of geometry-steps; one line per run. */
void report_runs(const Report *report);

#endif
