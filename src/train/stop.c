/* stop.c: a flag set by a handler, a clock, a file. */
#include "train/stop.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/timer.h"
#include "io/file.h"

static double deadline_s;
static const char *output_folder = "";

void stop_init(double max_time_s, const char *folder)
{
    deadline_s = max_time_s > 0 ? timer_now() + max_time_s : 0;
    output_folder = folder;
}

static bool file_is_there(void)
{
    if (!output_folder[0]) return false;
    char path[4096]; /* a step allocates nothing */
    snprintf(path, sizeof path, "%s/stop", output_folder);
    return file_exists(path);
}

StopReason stop_wanted(double step_s)
{
    const Interrupt signal = interrupt_caught();
    if (signal && interrupt_code(signal) == STATUS_ASKED) return (StopReason)signal;
    if (file_is_there()) return STOP_FILE; /* before the clock: what somebody asked is not to be run again by itself */
    if (signal) return (StopReason)signal;
    return deadline_s > 0 && timer_now() + step_s > deadline_s ? STOP_TIME : STOP_NO;
}

StopReason stop_first(const double *seen)
{
    for (int asked = 1; asked >= 0; asked--)
        for (int reason = 1; reason < N_STOPS; reason++)
            if (seen[reason] > 0 && (stop_code((StopReason)reason) == STATUS_ASKED) == asked) return (StopReason)reason;
    return STOP_NO;
}

bool stop_remove_file(void)
{
    char *path = file_join(output_folder, "stop");
    const bool gone = unlink(path) == 0;
    free(path);
    return gone;
}

const char *stop_reason_text(StopReason reason)
{
    if (reason == STOP_TIME) return "max-time";
    if (reason == STOP_FILE) return "the file 'stop' in the output folder";
    return interrupt_name((Interrupt)reason);
}

Status stop_code(StopReason reason)
{
    if (reason == STOP_FILE) return STATUS_ASKED;
    return reason == STOP_TIME ? STATUS_STOPPED : interrupt_code((Interrupt)reason);
}
