/* stop.c: a flag set by a handler, a clock, a file. */
#include "train/stop.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/timer.h"
#include "io/file.h"

static volatile sig_atomic_t caught;
static double deadline_s;
static const char *output_folder;

static void on_signal(int number)
{
    caught = number;
}

void stop_init(double max_time_s, const char *folder)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    caught = 0;
    deadline_s = max_time_s > 0 ? timer_now() + max_time_s : 0;
    output_folder = folder;
}

StopReason stop_wanted(double step_s)
{
    if (caught) return STOP_SIGNAL;
    if (deadline_s > 0 && timer_now() + step_s > deadline_s) return STOP_TIME;
    char *path = file_join(output_folder, "stop");
    const bool found = file_exists(path);
    free(path);
    return found ? STOP_FILE : STOP_NO;
}

const char *stop_reason_text(StopReason reason)
{
    static const char *const text[N_STOPS] = {"", "a signal", "max-time", "the file 'stop' in the output folder"};
    return text[reason];
}
