/* test_comm.c: sums, agreement, gather. Oracle: identities that do not depend on the rank count.
 * ranks: 1 2 3 4 */
#include "parallel/comm.h"

#include "../harness.h"
#include "parallel/partition.h"

static void sums(const Comm *comm)
{
    enum { N = 100003 };
    double *x = malloc(N * sizeof *x);
    real *y = malloc(N * sizeof *y);
    int wrong = 0;
    for (int i = 0; i < N; i++) x[i] = (comm->rank + 1) * (i + 1), y[i] = (real)((comm->rank + 1) * (i % 1000));
    comm_sum_f64(comm, x, N);
    comm_sum_real(comm, y, N);
    const int triangle = comm->n_ranks * (comm->n_ranks + 1) / 2;
    for (int i = 0; i < N; i++) wrong += x[i] != (double)triangle * (i + 1) || y[i] != (real)(triangle * (i % 1000));
    check(wrong == 0, "sums of %d numbers on every rank (%d wrong)", N, wrong);
    free(x);
    free(y);
}

/* 2^24 + 1 + 1 ... in fp32 depends on the order; all ranks must have the bits of rank order. */
static void order(const Comm *comm)
{
    real x[3] = {comm->rank == 0 ? (real)16777216 : 1, (real)0.1 * (real)(comm->rank + 1), 0};
    real expected = (real)16777216;
    for (int r = 1; r < comm->n_ranks; r++) expected += 1;
    comm_sum_real(comm, x, 3);
    check(x[0] == expected, "numbers are added in rank order");
}

static void agreement(const Comm *comm)
{
    check(comm_agree(comm, STATUS_OK) == STATUS_OK, "all well: all agree");
    Status mine = STATUS_OK;
    const int last = comm->n_ranks - 1;
    if (comm->rank == last) mine = status_set(STATUS_DATA, "x", 1, "rank %d has found it", last);
    const Status all = comm_agree(comm, mine);
    char expected[64];
    snprintf(expected, sizeof expected, "rank %d has found it", last);
    int64_t same = all == STATUS_DATA && strcmp(status_message(), expected) == 0;
    comm_sum_i64(comm, &same, 1);
    check(same == comm->n_ranks, "one rank fails: all have its status and its sentence");
}

static void gathering(const Comm *comm)
{
    int64_t mine[8], all[64] = {0};
    for (int i = 0; i < comm->rank; i++) mine[i] = 10 * comm->rank + i; /* rank r gives r numbers */
    comm_gather(comm, mine, comm->rank * (int64_t)sizeof *mine, all);
    bool good = true;
    int at = 0;
    for (int r = 0; r < comm->n_ranks && comm->rank == 0; r++)
        for (int i = 0; i < r; i++) good = good && all[at++] == 10 * r + i;
    check(good, "blocks of different length arrive in rank order");
    check(comm_prefix_sum(comm, comm->rank + 1) == comm->rank * (comm->rank + 1) / 2, "sum over the ranks before");
}

static void parts(void)
{
    bool good = true;
    for (int n = 0; n < 20; n++)
        for (int ranks = 1; ranks < 8; ranks++) {
            int next = 0, least = n, most = 0;
            for (int r = 0; r < ranks; r++) {
                const Part part = partition_even(n, r, ranks);
                good = good && part.first == next;
                next += part.n;
                least = part.n < least ? part.n : least;
                most = part.n > most ? part.n : most;
            }
            good = good && next == n && most - least <= 1;
        }
    check(good, "parts are contiguous, complete and even, also with fewer items than ranks");
}

int main(int argc, char **argv)
{
    Comm comm;
    if (comm_init(&argc, &argv, &comm)) return 1;
    harness_speaks = comm.rank == 0;
    sums(&comm);
    order(&comm);
    agreement(&comm);
    gathering(&comm);
    parts();
    int64_t failures = harness_failures;
    comm_sum_i64(&comm, &failures, 1);
    harness_failures = (int)failures;
    const int code = harness_done();
    comm_finalize(&comm);
    return code;
}
