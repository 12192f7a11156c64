/* test_checkpoint_find.c: which checkpoint is continued. Two copies of a whole one; one byte of the newest is changed,
 * or it is cut short: the older must be found, or the newest where the byte has no meaning (then it is whole). One byte
 * in FAULTS (default 211; FAULTS=1 takes all of them). ranks: 1 */
#include <sys/stat.h>
#include <unistd.h>

#include "../harness.h"
#include "io/file.h"
#include "parallel/comm.h"
#include "train/checkpoint.h"

static char folder[4000], newest[4100], older[4100];
static Comm world;

static void write_bytes(const char *path, const char *bytes, size_t n)
{
    FILE *stream = fopen(path, "wb");
    fwrite(bytes, 1, n, stream);
    fclose(stream);
}

typedef enum { NEWEST, OLDER, NONE, FAILED } Found;

static Found find(void)
{
    char *path = NULL;
    if (checkpoint_find(&world, folder, &path)) return FAILED;
    const Found found = strcmp(path, newest) == 0 ? NEWEST : strcmp(path, older) == 0 ? OLDER : NONE;
    free(path);
    return found;
}

static void changed_bytes(char *bytes, size_t n, size_t every)
{
    int count[4] = {0}, silent = 0;
    for (size_t at = 0; at < n; at += every) {
        const char kept = bytes[at];
        bytes[at] = (char)~kept;
        write_bytes(newest, bytes, n);
        bytes[at] = kept;
        const Found found = find();
        count[found]++;
        silent += found == NEWEST && h5_verify_file(newest) != STATUS_OK;
    }
    check(count[NONE] == 0 && count[FAILED] == 0 && silent == 0 && count[OLDER] > 9 * count[NEWEST],
          "one byte of the newest changed: the older was taken %d times, the newest %d (whole all the same), none %d, "
          "failed %d",
          count[OLDER], count[NEWEST], count[NONE], count[FAILED]);
}

int main(int argc, char **argv)
{
    char *bytes;
    size_t n;
    const char *text = getenv("FAULTS");
    const size_t every = text && atoi(text) > 0 ? (size_t)atoi(text) : 211;
    if (comm_init(&argc, &argv, &world)) return 1;
    snprintf(folder, sizeof folder, "%s/test_checkpoint_find", getenv("TMP") ? getenv("TMP") : "/tmp");
    snprintf(newest, sizeof newest, "%s/step-00000004.h5", folder);
    snprintf(older, sizeof older, "%s/step-00000002.h5", folder);
    mkdir(folder, 0777);
    check(find() == NONE, "an empty folder: none");
    if (!check(!file_read("tests/golden/version-1/step-00000002.h5", &bytes, &n), "%s", status_message())) return 1;
    write_bytes(older, bytes, n);
    write_bytes(newest, bytes, n);
    check(find() == NEWEST, "both are whole: the newest");
    fclose(freopen("/dev/null", "w", stderr)); /* a warning for each */
    changed_bytes(bytes, n, every);
    int wrong = 0;
    for (size_t cut = 0; cut < n; cut += n / 23) {
        write_bytes(newest, bytes, cut);
        wrong += find() != OLDER;
    }
    check(wrong == 0, "cut short anywhere: the older");
    unlink(newest);
    mkdir(newest, 0777);
    check(find() == FAILED && strstr(status_message(), "is a folder"), "what cannot be opened is not passed over: %s",
          status_message());
    rmdir(newest);
    unlink(older);
    rmdir(folder);
    free(bytes);
    comm_finalize(&world);
    return harness_done();
}
