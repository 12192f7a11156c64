/* h5_parallel.c: one file, rows from all ranks, collective writes. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "h5_seal.h"

Status h5_create_parallel(const Comm *comm, const char *path, H5File **file)
{
    *file = NULL;
    TRY(comm_agree(comm, comm->rank == 0 ? h5_look_new(path) : STATUS_OK));
    h5_keep_reasons();
    *file = memory_alloc(1, sizeof **file);
    (*file)->path = memory_copy_text(path);
    (*file)->is_parallel = (*file)->is_written = true;
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18);
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    H5Pset_fapl_mpio(access, *(MPI_Comm *)comm->world, MPI_INFO_NULL);
    (*file)->id = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    H5Pclose(access);
    Status status = (*file)->id < 0 ? h5_fail(*file, "", "cannot be created") : STATUS_OK;
    status = comm_agree(comm, status);
    if (status) {
        free((*file)->path);
        free(*file);
        *file = NULL;
    }
    return status;
}

static Status write_slab(H5File *file, const char *path, hid_t dataset, H5Kind kind, int rank, const int64_t *dims,
                         int64_t first_row, int64_t my_rows, const void *data)
{
    hsize_t start[3] = {(hsize_t)first_row, 0, 0}, count[3] = {(hsize_t)my_rows, 1, 1};
    for (int i = 1; i < rank; i++) count[i] = (hsize_t)dims[i];
    hid_t file_space = H5Dget_space(dataset), memory_space = H5Screate_simple(rank, count, NULL);
    if (my_rows) {
        H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, count, NULL);
    } else { /* nothing of ours: still part of the collective call */
        H5Sselect_none(file_space);
        H5Sselect_none(memory_space);
    }
    hid_t transfer = H5Pcreate(H5P_DATASET_XFER);
    H5Pset_dxpl_mpio(transfer, H5FD_MPIO_COLLECTIVE);
    herr_t wrote = H5Dwrite(dataset, h5_memory_type(kind), memory_space, file_space, transfer, data);
    H5Pclose(transfer);
    H5Sclose(memory_space);
    H5Sclose(file_space);
    return wrote < 0 ? h5_fail(file, path, "cannot be written") : STATUS_OK;
}

Status h5_rows_create(const Comm *comm, H5File *file, const char *path, H5Kind kind, int rank, const int64_t *dims,
                      const char *axes)
{
    hid_t dataset = h5_new_dataset(file, path, h5_file_type(kind), rank, dims);
    Status status = dataset < 0 ? h5_fail(file, path, "cannot be created") : STATUS_OK;
    if (dataset >= 0) H5Dclose(dataset);
    TRY(comm_agree(comm, status));
    return comm_agree(comm, h5_put_text(file, path, "axes", axes));
}

Status h5_rows_write(const Comm *comm, H5File *file, const char *path, H5Kind kind, int rank, const int64_t *dims,
                     int64_t first_row, int64_t n_rows, const void *data)
{
    hid_t dataset = H5Dopen2(file->id, path, H5P_DEFAULT);
    TRY(comm_agree(comm, dataset < 0 ? h5_fail(file, path, "cannot be opened") : STATUS_OK));
    Status status = comm_agree(comm, write_slab(file, path, dataset, kind, rank, dims, first_row, n_rows, data));
    H5Dclose(dataset);
    return status;
}

static Status hash_dataset(H5File *file, const char *path, void *context)
{
    (void)context;
    H5Shape shape;
    TRY(h5_shape(file, path, &shape));
    const size_t bytes = (size_t)shape.count * h5_kind_size(shape.kind);
    void *data = memory_alloc((size_t)shape.count, h5_kind_size(shape.kind));
    Status status = h5_read(file, path, shape.kind, shape.count, data);
    char hash[HASH_TEXT_SIZE];
    hash_xxh128(data, bytes, hash);
    free(data);
    TRY(status);
    return h5_put_text(file, path, "xxh128", hash);
}

static Status note_object(H5File *file, const char *path, bool is_dataset, void *context)
{
    (void)is_dataset, (void)context;
    h5_touch_new(file, path);
    return STATUS_OK;
}

Status h5_seal(const char *path)
{
    H5File *file;
    TRY(h5_open_unsealed(path, &file));
    file->is_unhashed = true;
    Status status = h5_visit_datasets(file, hash_dataset, NULL);
    file->is_sealed = true;
    h5_touch_new(file, "/");
    if (!status) status = h5_visit_objects(file, note_object, NULL);
    Status closed = h5_close(&file);
    return status ? status : closed;
}
