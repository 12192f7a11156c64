/* share.c: from the program's own path to what lies beside it. */
#include "io/share.h"

#include <stdlib.h>

#include "base/memory.h"
#include "io/file.h"

char *share_find(const char *name)
{
    enum { UP = 2 /* folders over the program's: build/ may have folders of its own */ };
    char *program = file_target("/proc/self/exe"), *folder = file_folder(program), *found = NULL;
    for (int i = 0; i < UP && !found; i++) {
        char *above = file_folder(folder);
        free(folder);
        folder = above;
        char *installed = memory_print("%s/share/collapse/%s", folder, name), *source = file_join(folder, name);
        const bool is_installed = file_exists(installed);
        if (is_installed || file_exists(source)) found = memory_copy_text(is_installed ? installed : source);
        free(installed);
        free(source);
    }
    free(folder);
    free(program);
    return found;
}
