/* report_scores.h: what collapse evaluate measured: models side by side. Writes to `page`. */
#ifndef HDF5_TOOLS_REPORT_SCORES_H
#define HDF5_TOOLS_REPORT_SCORES_H

#include "report_data.h"

/* Files of one task and one text together: bars by type (TYPE.b.score of all types is one figure), every other metric
 * on a scale of its own, with 95 % intervals; and the differences that --compare found. */
void report_scores(const Report *report);

#endif
