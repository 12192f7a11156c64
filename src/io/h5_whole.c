/* h5_whole.c: files that appear complete and verified, or not at all. */
#include <stdlib.h>
#include <unistd.h>

#include "io/file.h"
#include "io/h5.h"

static Status verify_dataset(H5File *file, const char *path, void *context)
{
    (void)context;
    return h5_verify(file, path);
}

Status h5_verify_file(const char *path)
{
    H5File *file;
    TRY(h5_open(path, &file));
    Status status = h5_visit_datasets(file, verify_dataset, NULL);
    Status closed = h5_close(&file);
    return status ? status : closed;
}

Status h5_write_file(const char *path, H5Body body, const void *context)
{
    char *target = file_target(path), *partial = file_partial_name(target);
    H5File *file = NULL;
    Status status = h5_create(partial, &file);
    if (!status) status = body(file, context);
    Status closed = h5_close(&file);
    if (!status) status = closed;
    if (!status) status = h5_verify_file(partial);
    if (!status) status = file_commit(partial, target);
    if (status) unlink(partial);
    free(partial);
    free(target);
    return status;
}
