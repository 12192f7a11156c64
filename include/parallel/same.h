/* same.h: do all ranks hold the same? What each rank was told, or has read by itself, is compared before a rank could
 * take a road of its own on it: ranks on different roads wait for each other for ever. */
#ifndef PARALLEL_SAME_H
#define PARALLEL_SAME_H

#include "parallel/comm.h"

/* lines: `name = value` lines of this rank. STATUS_USAGE on all ranks if they differ: names the first that does, its
 * values and whose they are. Collective. */
Status same_check(const Comm *comm, const char *lines);

#endif
