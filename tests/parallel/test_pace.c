/* test_pace.c: is a core shared? Oracle: times in line made up for the purpose, and a real program that computes on the
 * core of this thread. */
#define _GNU_SOURCE
#include "parallel/pace.h"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../harness.h"
#include "base/timer.h"

static double in_line_s;
static int n_asked;

static double made_up(void)
{
    n_asked++;
    return in_line_s;
}

static void verdicts(void)
{
    Pace pace = {0};
    in_line_s = 5;
    check(!pace_is_shared(&pace, 100, made_up), "what the thread stood in line before the first look does not count");
    in_line_s = 5.06;
    check(!pace_is_shared(&pace, 100.05, made_up) && n_asked == 1, "a verdict holds for a tenth of a second");
    check(pace_is_shared(&pace, 100.12, made_up), "half of the time in line: shared");
    check(pace_is_shared(&pace, 100.15, made_up) && n_asked == 2, "and stays so until the next");
    in_line_s = 5.07;
    check(!pace_is_shared(&pace, 100.3, made_up), "a twentieth: not");
    in_line_s = 15;
    check(pace_is_shared(&pace, 110, made_up), "a long time after: a share of all of it counts");
    in_line_s = 0;
    check(!pace_is_shared(&pace, 111, made_up), "where nothing is told (0), not");
}

/* The other program and this thread on one core, for at most two seconds. */
static void beside_a_program(void)
{
    if (access("/proc/thread-self/schedstat", R_OK) != 0) {
        skip("a core beside a program that computes: the system does not count time in line");
        return;
    }
    cpu_set_t before, one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    if (sched_getaffinity(0, sizeof before, &before) != 0 || sched_setaffinity(0, sizeof one, &one) != 0) {
        skip("a core beside a program that computes: no choice of cores");
        return;
    }
    const pid_t other = fork();
    if (other == 0) {
        alarm(10);
        for (volatile int i = 0;; i = i + 1) {
        }
    }
    Pace pace = {0};
    bool is_shared = false;
    const double began_s = timer_now();
    while (!is_shared && timer_now() - began_s < 2) is_shared = pace_is_shared(&pace, timer_now(), pace_delay);
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
    sched_setaffinity(0, sizeof before, &before);
    check(is_shared, "a core beside a program that computes is shared");
}

int main(void)
{
    verdicts();
    beside_a_program();
    return harness_done();
}
