/* data_files.c: readdir, endings, order. */
#include "evaluate/data_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/file.h"

int data_files_stem(const char *name, const char *endings)
{
    int n = (int)strlen(name);
    if (n > 3 && strcmp(name + n - 3, ".gz") == 0) n -= 3;
    Slice rest = slice_of(endings), ending;
    while (slice_next_field(&rest, ' ', &ending)) {
        const int at = n - (int)ending.length;
        if (at > 1 && name[at - 1] == '.' && strncmp(name + at, ending.start, ending.length) == 0) return at - 1;
    }
    return -1;
}

static void add_file(DataFiles *f, char *path, Slice stem)
{
    f->path = memory_resize(f->path, (size_t)f->n + 1, sizeof *f->path);
    f->stem = memory_resize(f->stem, (size_t)f->n + 1, sizeof *f->stem);
    f->path[f->n] = path;
    f->stem[f->n++] = slice_copy(stem);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static Status list_folder(const char *folder, const char *endings, DataFiles *f)
{
    struct dirent **entry;
    const int n = scandir(folder, &entry, NULL, by_name);
    CHECK(n >= 0, STATUS_IO, "%s: cannot be read: %s", folder, strerror(errno));
    for (int i = 0; i < n; i++) {
        const char *name = entry[i]->d_name;
        const int length = name[0] == '.' ? 0 : data_files_stem(name, endings);
        if (length > 0) add_file(f, file_join(folder, name), (Slice){name, (size_t)length});
        else f->n_other += name[0] != '.';
        free(entry[i]);
    }
    free(entry);
    CHECK(f->n > 0, STATUS_DATA, "%s: holds no file whose name ends in one of: %s", folder, endings);
    for (int i = 0; i < f->n; i++)
        for (int k = 0; k < i; k++)
            CHECK(strcmp(f->stem[i], f->stem[k]) != 0, STATUS_DATA, "%s: has two files named %s: %s and %s", folder,
                  f->stem[i], f->path[k], f->path[i]);
    return STATUS_OK;
}

Status data_files_list(const char *path, const char *endings, DataFiles *f)
{
    struct stat info;
    *f = (DataFiles){0};
    CHECK(stat(path, &info) == 0, STATUS_IO, "%s: cannot be read: %s", path, strerror(errno));
    if (S_ISDIR(info.st_mode)) return list_folder(path, endings, f);
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const int length = data_files_stem(name, endings);
    add_file(f, memory_copy_text(path), (Slice){name, length > 0 ? (size_t)length : strlen(name)});
    return STATUS_OK;
}

void data_files_free(DataFiles *f)
{
    for (int i = 0; i < f->n; i++) free(f->path[i]), free(f->stem[i]);
    free(f->path), free(f->stem);
    *f = (DataFiles){0};
}
