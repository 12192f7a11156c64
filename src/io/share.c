/* share.c: from the program's own path to what lies beside it. */
#include "io/share.h"

#include <stdlib.h>

#include "base/memory.h"
#include "io/file.h"

char *share_find(const char *name)
{
    static const char *const beside[] = {"/share/collapse", ""};
    char *program = file_target("/proc/self/exe"), *folder = file_folder(program), *above = file_folder(folder);
    char *found = NULL;
    for (size_t i = 0; i < sizeof beside / sizeof beside[0] && !found; i++) {
        char *path = memory_print("%s%s/%s", above, beside[i], name);
        if (file_exists(path)) found = path;
        else free(path);
    }
    free(above);
    free(folder);
    free(program);
    return found;
}
