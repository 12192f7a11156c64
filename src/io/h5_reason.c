/* h5_reason.c: why a file cannot be opened, made or written: the system's words first, then HDF5's.
 *
 * HDF5 clears its stack of errors at the next call, even at one that only gives something back. So the reason is
 * kept at the moment of the failure, by the function HDF5 calls then. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "h5_file.h"
#include "io/file_kind.h"

enum { REASON_BYTES = 1024, LOOKED_AT = 512 };

static _Thread_local char kept[REASON_BYTES];

static herr_t keep_deepest(unsigned n, const H5E_error2_t *error, void *context)
{
    (void)n, (void)context;
    if (error->desc && error->desc[0]) snprintf(kept, sizeof kept, "%s", error->desc);
    return 0;
}

static herr_t keep(hid_t stack, void *context)
{
    (void)context;
    H5Ewalk2(stack, H5E_WALK_DOWNWARD, keep_deepest, NULL);
    return 0;
}

void h5_keep_reasons(void)
{
    static bool is_begun;
    /* No clean-up by HDF5 when the process ends: all files are closed by then, or are as after a full disk, where it
     * crashes; MPICH's MPI_Abort runs it. This must be HDF5's first call. */
    if (!is_begun) H5dont_atexit();
    is_begun = true;
    kept[0] = '\0';
    H5Eset_auto2(H5E_DEFAULT, keep, NULL);
}

/* HDF5 quotes the system: "..., error message = 'No space left on device', ...". */
static const char *reason(void)
{
    if (!kept[0]) return "HDF5 gives no reason";
    char *quoted = strstr(kept, "error message = '");
    if (quoted) {
        memmove(kept, quoted + 17, strlen(quoted + 17) + 1);
        kept[strcspn(kept, "'")] = '\0';
    }
    kept[strcspn(kept, "\n")] = '\0';
    return kept;
}

Status h5_fail(const H5File *file, const char *object, const char *action)
{
    status_set(STATUS_IO, __FILE__, __LINE__, "%s%s%s: %s: %s", file->path, object[0] ? " " : "", object, action,
               reason());
    kept[0] = '\0';
    return STATUS_IO;
}

/* --- what the system says ---------------------------------------------------------------------------------- */

/* HDF5 locks what it has open for writing (flock), unless the user has switched that off. */
static bool is_locked(int descriptor, int how)
{
    const char *setting = getenv("HDF5_USE_FILE_LOCKING");
    if (setting && (strcmp(setting, "FALSE") == 0 || strcmp(setting, "0") == 0)) return false;
    const bool held = flock(descriptor, how | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (!held) flock(descriptor, LOCK_UN);
    return held;
}

static bool is_text(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] < 9 || (bytes[i] > 13 && bytes[i] < 32 && bytes[i] != 27)) return false;
    return n > 0;
}

/* What a file is that is not HDF5; NULL if it is. */
static const char *other_kind(const uint8_t *b, size_t n)
{
    if (n >= 8 && memcmp(b, "\x89HDF\r\n\x1a\n", 8) == 0) return NULL;
    if (n >= 4 && memcmp(b, "\x89HDF", 4) == 0)
        return "an HDF5 file whose first bytes are damaged; was it copied as text?";
    const char *known = file_kind((const char *)b, n);
    if (known) return known;
    if (n > 9 && b[8] == '{' && memchr(b, 0, 8))
        return "a safetensors file, not HDF5; give its folder to collapse-import";
    if (is_text(b, n)) return "a text file, not HDF5";
    for (size_t i = 0; i < n; i++)
        if (b[i]) return "not an HDF5 file";
    return "not an HDF5 file: it begins with zeros; was it written to the end?";
}

static Status look_inside(const char *path, int descriptor, bool to_write)
{
    uint8_t bytes[LOOKED_AT];
    struct stat info;
    CHECK(fstat(descriptor, &info) == 0, STATUS_IO, "%s: cannot be opened: %s", path, strerror(errno));
    CHECK(!S_ISDIR(info.st_mode), STATUS_IO, "%s: is a folder; a file is needed", path);
    CHECK(S_ISREG(info.st_mode), STATUS_IO, "%s: is not a regular file", path);
    CHECK(info.st_size > 0, STATUS_DATA, "%s: is empty (0 bytes); was it written or copied to the end?", path);
    CHECK(!is_locked(descriptor, to_write ? LOCK_EX : LOCK_SH), STATUS_IO,
          "%s: is held open by another program that %s it; close it there, then run this again", path,
          to_write ? "uses" : "writes to");
    const ssize_t got = pread(descriptor, bytes, sizeof bytes, 0);
    CHECK(got >= 0, STATUS_IO, "%s: cannot be read: %s", path, strerror(errno));
    const char *other = other_kind(bytes, (size_t)got);
    CHECK(!other, STATUS_DATA, "%s: is %s", path, other);
    return STATUS_OK;
}

Status h5_look(const char *path, bool to_write)
{
    const int descriptor = open(path, (to_write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0 && errno == ENOENT) FAIL(STATUS_IO, "%s: does not exist", path);
    if (descriptor < 0 && errno == EISDIR) FAIL(STATUS_IO, "%s: is a folder; a file is needed", path);
    CHECK(descriptor >= 0, STATUS_IO, "%s: cannot be opened: %s", path, strerror(errno));
    Status status = look_inside(path, descriptor, to_write);
    close(descriptor);
    return status;
}

Status h5_look_new(const char *path)
{
    const int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    if (descriptor < 0 && errno == ENOENT) FAIL(STATUS_IO, "%s: cannot be created: its folder does not exist", path);
    CHECK(descriptor >= 0, STATUS_IO, "%s: cannot be created: %s", path, strerror(errno));
    const bool held = is_locked(descriptor, LOCK_EX);
    close(descriptor);
    CHECK(!held, STATUS_IO, "%s: cannot be created: another program holds it open", path);
    return STATUS_OK;
}
