/* comm_wait.c: how a rank waits for others. MPI moves messages only within its calls, so a rank whose core is its own
 * does best to look without a pause. On a core that another program wants, too, that is wrong twice: looking uses up
 * the rank's share of the core before there is work again, and giving the core away by sched_yield puts the rank behind
 * the other program each time (on Linux 6.18 a run took 17 times as long as alone, where its share is half). There a
 * rank sleeps between looks: a sleeper keeps its share, and goes first when it wakes. */
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <time.h>

#include "base/timer.h"
#include "comm_mpi.h"

/* Looks without a pause at the start of a wait, on any core: most messages come by then. */
static const double SPIN_S = 100e-6;
enum { PAUSE_NS = 20000, PATIENT_NS = 100000 };

void comm_wake_sharply(void)
{
#ifdef PR_SET_TIMERSLACK
    enum { SLACK_NS = 1000 };
    (void)prctl(PR_SET_TIMERSLACK, SLACK_NS); /* of this thread and those it will begin; 50 us else */
#endif
}

static void sleep_for(long ns)
{
    nanosleep(&(struct timespec){0, ns}, NULL);
}

/* Request by request: gcc takes MPI_STATUSES_IGNORE of the calls for many, in MPICH's header, for an array. */
static bool all_done(int n, MPI_Request *request)
{
    int done = 1;
    for (int i = 0; i < n && done; i++) MPI(MPI_Test(&request[i], &done, MPI_STATUS_IGNORE));
    return done;
}

void comm_wait(const Comm *comm, int n, MPI_Request *request)
{
    if (all_done(n, request)) return;
    Pace *pace = &scratch_of(comm)->pace;
    const double began_s = timer_now();
    do {
        const double now_s = timer_now();
        if (comm->is_patient) sleep_for(PATIENT_NS);
        else if (pace_is_shared(pace, now_s, pace_delay) && now_s - began_s > SPIN_S) sleep_for(PAUSE_NS);
    } while (!all_done(n, request));
}
