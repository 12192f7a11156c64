/* comm_wait.c: how a rank waits for others. MPI moves messages only within its calls, so a rank whose core is its own
 * does best to look without a pause. On a core that another program wants, too, that is wrong twice: looking uses up
 * the rank's share of the core before there is work again, and giving the core away by sched_yield puts the rank behind
 * the other program each time (on Linux 6.18 a run took 17 times as long as alone, where its share is half). There a
 * rank sleeps between looks: a sleeper keeps its share, and goes first when it wakes. */
#include <time.h>

#include "base/timer.h"
#include "comm_mpi.h"

/* Looks without a pause at the start of every wait, on any core; the pause. */
static const double SPIN_S = 200e-6;
enum { PAUSE_NS = 50000 };

/* Request by request: gcc takes MPI_STATUSES_IGNORE of the calls for many, in MPICH's header, for an array. */
static bool all_done(int n, MPI_Request *request)
{
    int done = 1;
    for (int i = 0; i < n && done; i++) MPI(MPI_Test(&request[i], &done, MPI_STATUS_IGNORE));
    return done;
}

void comm_wait(const Comm *comm, int n, MPI_Request *request)
{
    Pace *pace = &scratch_of(comm)->pace;
    const double began_s = timer_now();
    while (!all_done(n, request)) {
        const double now_s = timer_now();
        const bool pauses = comm->is_patient || (now_s - began_s > SPIN_S && pace_is_shared(pace, now_s, pace_delay));
        if (pauses) nanosleep(&(struct timespec){0, PAUSE_NS}, NULL);
    }
}
