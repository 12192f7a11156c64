/* file.c: reading whole files; writing aside, syncing, renaming. */
#include "io/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/process.h"
#include "base/text.h"

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
    memory_name_file(path);
    Status status = read_stream(stream, path, data, length);
    memory_name_file(NULL);
    fclose(stream);
    return status;
}

Status file_read_stdin(char **data, size_t *length)
{
    return read_stream(stdin, "standard input", data, length);
}

Status file_map(const char *path, const char **data, size_t *length)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe is not waited for */
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

Status file_check_regular(const char *path)
{
    struct stat info;
    CHECK(stat(path, &info) == 0, STATUS_IO, "%s: cannot be opened: %s", path, strerror(errno));
    CHECK(!S_ISDIR(info.st_mode), STATUS_IO, "%s: is a folder; a file is needed", path);
    CHECK(S_ISREG(info.st_mode), STATUS_IO, "%s: is a pipe or a device; a regular file is needed", path);
    return STATUS_OK;
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

char *file_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash) return memory_copy_text(".");
    return memory_print("%.*s", slash == path ? 1 : (int)(slash - path), path);
}

/* Names of files end at NAME_MAX bytes: of a long one the beginning must do. */
char *file_partial_name(const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path, *mark = process_mark();
    const size_t most = NAME_MAX - strlen(mark) - sizeof "..partial" + 1, n = strlen(base);
    return memory_print("%.*s.%s.partial", (int)(base - path + (ptrdiff_t)(n < most ? n : most)), path, mark);
}

char *file_target(const char *path)
{
    enum { LINKS = 40 /* as many as the system follows */ };
    char *at = memory_copy_text(path);
    for (int i = 0; i < LINKS; i++) {
        char target[PATH_MAX];
        const ssize_t n = readlink(at, target, sizeof target - 1);
        if (n <= 0) return at; /* no link */
        target[n] = '\0';
        char *whole = realpath(at, NULL), *folder = file_folder(at); /* NULL: to a file that is not there yet */
        char *next = whole ? whole : target[0] == '/' ? memory_copy_text(target) : file_join(folder, target);
        free(folder);
        free(at);
        if (whole) return whole;
        at = next;
    }
    return at;
}

/* path, which is changed: a folder that is not there yet may be written with slashes behind its name. */
static char *without_slash(char *path)
{
    for (size_t n = strlen(path); n > 1 && path[n - 1] == '/';) path[--n] = '\0';
    return path;
}

bool file_is_same(const char *a, const char *b)
{
    struct stat x, y;
    if (stat(a, &x) == 0 && stat(b, &y) == 0) return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
    char *target_a = without_slash(file_target(a)), *target_b = without_slash(file_target(b)),
         *folder_a = file_folder(target_a), *folder_b = file_folder(target_b);
    const char *slash_a = strrchr(target_a, '/'), *slash_b = strrchr(target_b, '/');
    const bool same = stat(folder_a, &x) == 0 && stat(folder_b, &y) == 0 && x.st_dev == y.st_dev &&
                      x.st_ino == y.st_ino &&
                      strcmp(slash_a ? slash_a + 1 : target_a, slash_b ? slash_b + 1 : target_b) == 0;
    free(folder_a);
    free(folder_b);
    free(target_a);
    free(target_b);
    return same;
}

bool file_is_partial(const char *name, const char **mark)
{
    const size_t tail = strlen(".partial"), n = strlen(name);
    if (n <= tail || strcmp(name + n - tail, ".partial") != 0) return false;
    for (size_t at = n - tail; at-- > 0;) {
        size_t length;
        bool is_dead;
        if (name[at] != '.') continue;
        *mark = name + at + 1;
        return process_read_mark(*mark, &length, &is_dead) && at + 1 + length + tail == n;
    }
    return false;
}

static void remove_partials(const char *path, bool all)
{
    char *folder = file_folder(path);
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path, *mark;
    DIR *directory = opendir(folder);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        size_t length;
        bool is_dead = false;
        if (!file_is_partial(entry->d_name, &mark) || strncmp(entry->d_name, base, strlen(base)) != 0 ||
            mark != entry->d_name + strlen(base) + 1 || !process_read_mark(mark, &length, &is_dead))
            continue;
        if (!is_dead && !all) continue;
        char *name = file_join(folder, entry->d_name);
        unlink(name);
        free(name);
    }
    if (directory) closedir(directory);
    free(folder);
}

void file_remove_dead_partials(const char *path)
{
    remove_partials(path, false);
}

void file_remove_partials(const char *path)
{
    remove_partials(path, true);
}

static Status copy_stream(FILE *from, FILE *to, const char *from_path, const char *to_path)
{
    enum { BYTES = 1 << 20 };
    char *block = memory_alloc(BYTES, 1);
    size_t got;
    Status status = STATUS_OK;
    while (!status && (got = fread(block, 1, BYTES, from)) > 0)
        if (fwrite(block, 1, got, to) != got)
            status = status_set(STATUS_IO, __FILE__, __LINE__, "%s: cannot be written: %s", to_path, strerror(errno));
    if (!status && ferror(from))
        status = status_set(STATUS_IO, __FILE__, __LINE__, "%s: cannot be read: %s", from_path, strerror(errno));
    free(block);
    return status;
}

Status file_copy(const char *from, const char *to)
{
    FILE *in = fopen(from, "rb");
    CHECK(in, STATUS_IO, "%s: cannot be opened: %s", from, strerror(errno));
    FILE *out = fopen(to, "wb");
    Status status = STATUS_OK;
    if (out) status = copy_stream(in, out, from, to);
    if (!out || (fclose(out) != 0 && !status))
        status = status_set(STATUS_IO, __FILE__, __LINE__, "%s: cannot be written: %s", to, strerror(errno));
    fclose(in);
    return status;
}

char *file_aside_name(const char *path, int number)
{
    return number == 1 ? memory_print("%s.old", path) : memory_print("%s.old.%d", path, number);
}

int file_aside_number(const char *path, int least)
{
    struct stat info;
    for (int number = least;; number++) {
        char *name = file_aside_name(path, number);
        const bool is_free = lstat(name, &info) != 0;
        free(name);
        if (is_free || number == INT_MAX) return number;
    }
}

Status file_set_aside(const char *path, int number)
{
    char *aside = file_aside_name(path, number);
    Status status = STATUS_OK;
    if (rename(path, aside) != 0)
        status =
            status_set(STATUS_IO, __FILE__, __LINE__, "%s: cannot be renamed to %s: %s", path, aside, strerror(errno));
    free(aside);
    return status;
}

Status file_check_writable(const char *path)
{
    char *target = file_target(path), *partial = file_partial_name(target);
    Status status = STATUS_OK;
    FILE *stream = fopen(partial, "ab");
    if (stream) fclose(stream);
    else
        status = status_set(STATUS_IO, __FILE__, __LINE__, "%s: cannot be written: %s cannot be created: %s", path,
                            partial, strerror(errno));
    if (!status) unlink(partial);
    free(partial);
    free(target);
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
    char *folder = file_folder(to);
    Status status = sync_path(folder, O_RDONLY | O_DIRECTORY);
    free(folder);
    return status;
}

Status file_write(const char *path, bool (*write)(FILE *stream, const void *context), const void *context)
{
    char *target = file_target(path), *partial = file_partial_name(target);
    FILE *stream = fopen(partial, "wb");
    bool wrote = stream && write(stream, context);
    int reason = wrote ? 0 : errno;
    if (stream && fclose(stream) != 0 && wrote) wrote = false, reason = errno;
    Status status = STATUS_OK;
    if (!wrote)
        status = status_set(STATUS_IO, __FILE__, __LINE__, "%s: cannot be written: %s", partial, strerror(reason));
    if (!status) status = file_commit(partial, target);
    if (status) unlink(partial);
    free(partial);
    free(target);
    return status;
}

static bool write_slice(FILE *stream, const void *context)
{
    const Slice *text = context;
    return fwrite(text->start, 1, text->length, stream) == text->length;
}

Status file_write_text(const char *path, const char *text, size_t length)
{
    return file_write(path, write_slice, &(Slice){text, length});
}
