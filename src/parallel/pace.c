/* pace.c: Linux counts for every thread how long it stood in line for a core. */
#include "parallel/pace.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Between two verdicts; a core is shared if a thread stood in line for this share of that time. One other program that
 * computes takes half; those with a low priority (nice) take little, and a core is then as good as one's own. */
static const double VERDICT_S = 0.1, IN_LINE = 0.2;

double pace_delay(void)
{
    char text[128];
    const int file = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    const ssize_t n = read(file, text, sizeof text - 1);
    close(file);
    if (n <= 0) return 0;
    text[n] = '\0'; /* ns on a core, ns in line, times on a core */
    char *second;
    strtoull(text, &second, 10);
    return 1e-9 * (double)strtoull(second, NULL, 10);
}

bool pace_is_shared(Pace *pace, double now_s, double (*delay)(void))
{
    const double passed_s = now_s - pace->at_s;
    if (passed_s < VERDICT_S) return pace->is_shared;
    const double delay_s = delay();
    pace->is_shared = pace->at_s > 0 && delay_s - pace->delay_s > IN_LINE * passed_s;
    pace->at_s = now_s;
    pace->delay_s = delay_s;
    return pace->is_shared;
}
