/* file.c: reading whole files; writing aside, syncing, renaming. */
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

static Status read_stream(FILE *stream, const char *path, char **data, size_t *length)
{
    size_t capacity = 0, used = 0;
    char *text = NULL;
    for (;;) {
        memory_reserve((void **)&text, &capacity, used + (1 << 16) + 1, 1);
        size_t got = fread(text + used, 1, capacity - used - 1, stream);
        used += got;
        if (got == 0) break;
    }
    if (ferror(stream)) {
        free(text);
        FAIL(STATUS_IO, "%s: cannot be read: %s", path, strerror(errno));
    }
    text[used] = '\0';
    *data = text;
    *length = used;
    return STATUS_OK;
}

Status file_read(const char *path, char **data, size_t *length)
{
    struct stat info;
    CHECK(stat(path, &info) == 0, STATUS_IO, "%s: cannot be opened: %s", path, strerror(errno));
    CHECK(!S_ISDIR(info.st_mode), STATUS_IO, "%s: is a folder; a file is needed", path);
    FILE *stream = fopen(path, "rb");
    CHECK(stream, STATUS_IO, "%s: cannot be opened: %s", path, strerror(errno));
    Status status = read_stream(stream, path, data, length);
    fclose(stream);
    return status;
}

Status file_read_stdin(char **data, size_t *length)
{
    return read_stream(stdin, "standard input", data, length);
}

Status file_map(const char *path, const char **data, size_t *length)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(descriptor >= 0, STATUS_IO, "%s: cannot be opened: %s", path, strerror(errno));
    struct stat info;
    if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0) {
        close(descriptor);
        FAIL(STATUS_DATA, "%s: is empty or not a regular file", path);
    }
    void *base = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    close(descriptor);
    CHECK(base != MAP_FAILED, STATUS_IO, "%s: cannot be mapped: %s", path, strerror(errno));
    *data = base;
    *length = (size_t)info.st_size;
    return STATUS_OK;
}

void file_unmap(const char *data, size_t length)
{
    if (data) munmap((void *)(uintptr_t)data, length);
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

Status file_make_folder(const char *path)
{
    char *copy = memory_copy_text(path);
    for (char *at = copy + 1;; at++) {
        if (*at != '/' && *at != '\0') continue;
        char kept = *at;
        *at = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST) {
            status_set(STATUS_IO, __FILE__, __LINE__, "%s: the folder cannot be made: %s", copy, strerror(errno));
            free(copy);
            return STATUS_IO;
        }
        *at = kept;
        if (!kept) break;
    }
    struct stat info;
    bool is_folder = stat(copy, &info) == 0 && S_ISDIR(info.st_mode);
    free(copy);
    CHECK(is_folder, STATUS_IO, "%s: exists and is not a folder; choose another name", path);
    return STATUS_OK;
}

char *file_join(const char *folder, const char *name)
{
    return memory_print("%s/%s", folder, name);
}

char *file_partial_name(const char *path)
{
    return memory_print("%s.partial", path);
}

Status file_check_writable(const char *path)
{
    char *partial = file_partial_name(path);
    Status status = STATUS_OK;
    FILE *stream = fopen(partial, "ab");
    if (!stream) status = status_set(STATUS_IO, __FILE__, __LINE__, "%s: cannot be written: %s", path, strerror(errno));
    else fclose(stream);
    if (!status) unlink(partial);
    free(partial);
    return status;
}

static Status sync_path(const char *path, int flags)
{
    int descriptor = open(path, flags | O_CLOEXEC);
    CHECK(descriptor >= 0, STATUS_IO, "%s: cannot be opened to sync it: %s", path, strerror(errno));
    int code = fsync(descriptor), reason = errno;
    close(descriptor);
    CHECK(code == 0 || reason == EINVAL, STATUS_IO, "%s: cannot be synced to disk: %s", path, strerror(reason));
    return STATUS_OK;
}

Status file_commit(const char *from, const char *to)
{
    TRY(sync_path(from, O_RDONLY));
    CHECK(rename(from, to) == 0, STATUS_IO, "%s: cannot be renamed to %s: %s", from, to, strerror(errno));
    char *folder = memory_copy_text(to);
    char *slash = strrchr(folder, '/');
    if (slash == folder) slash++;
    if (slash) *slash = '\0';
    Status status = sync_path(slash ? folder : ".", O_RDONLY | O_DIRECTORY);
    free(folder);
    return status;
}

Status file_write_text(const char *path, const char *text, size_t length)
{
    char *partial = file_partial_name(path);
    Status status = STATUS_OK;
    FILE *stream = fopen(partial, "wb");
    if (!stream) {
        status = status_set(STATUS_IO, __FILE__, __LINE__, "%s: cannot be written: %s", partial, strerror(errno));
    } else {
        bool wrote = fwrite(text, 1, length, stream) == length;
        wrote = fclose(stream) == 0 && wrote;
        if (!wrote)
            status = status_set(STATUS_IO, __FILE__, __LINE__, "%s: cannot be written: %s", partial, strerror(errno));
    }
    if (!status) status = file_commit(partial, path);
    if (status) unlink(partial);
    free(partial);
    return status;
}
