/* data_output.h: the file that a data command writes: checked before the work, written by rank 0, whole or not at all.
 * Collective, all of it. */
#ifndef COMMANDS_DATA_OUTPUT_H
#define COMMANDS_DATA_OUTPUT_H

#include "io/output.h"
#include "io/writer.h"
#include "parallel/comm.h"

/* path "": standard output. inputs [n]. */
Status data_output_check(const Comm *comm, const char *path, const OutputKind *kind, bool overwrite,
                         const Input *inputs, int n);
/* header: the first line, or "". */
Status data_output_open(const Comm *comm, const char *path, const char *header, Writer *writer);
/* status: how the work ended. If well, the file is kept, and told. Returns the status of both. */
Status data_output_close(const Comm *comm, Status status, Writer *writer);

#endif
