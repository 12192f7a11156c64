/* data_output.c: io/output and io/writer, on rank 0 for all. */
#include "commands/data_output.h"

#include "base/log.h"

Status data_output_check(const Comm *comm, const char *path, const OutputKind *kind, bool overwrite,
                         const Input *inputs, int n)
{
    const bool asks = comm->rank == 0 && path[0];
    return comm_agree(comm, asks ? output_check("--output", path, kind, overwrite, inputs, n) : STATUS_OK);
}

Status data_output_open(const Comm *comm, const char *path, const char *header, Writer *writer)
{
    Status status = STATUS_OK;
    *writer = (Writer){0};
    if (comm->rank == 0) {
        status = writer_open(path, writer);
        if (!status) status = writer_add(writer, slice_of(header));
    }
    return comm_agree(comm, status);
}

Status data_output_close(const Comm *comm, Status status, Writer *writer)
{
    const char *path = writer->stream ? writer->path : "";
    const Status closed = comm_agree(comm, writer_close(writer, !status));
    if (!status && !closed && path[0]) log_line("wrote %s", path);
    return status ? status : closed;
}
