/* test_comm.c: sums, whole and by bucket, agreement, gather, dealing. Oracle: identities that do not depend on the rank
 * count. ranks: 1 2 3 4 */
#include "parallel/comm.h"

#include <sys/resource.h>
#include <unistd.h>

#include "../../src/parallel/comm_mpi.h"
#include "../harness.h"
#include "base/timer.h"
#include "parallel/bucket_sum.h"
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
    /* The sentence, and of a rank above 0 also who found it and where. */
    char expected[256], host[64] = "";
    gethostname(host, sizeof host - 1);
    if (last == 0) snprintf(expected, sizeof expected, "rank 0 has found it");
    else snprintf(expected, sizeof expected, "rank %d has found it (rank %d on %s)", last, last, host);
    int64_t same = all == STATUS_DATA && strcmp(status_message(), expected) == 0;
    comm_sum_i64(comm, &same, 1);
    check(same == comm->n_ranks, "one rank fails: all have its status, its sentence, and which rank it was");
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
    const int last = comm->n_ranks - 1;
    const Spread s = comm_spread(comm, comm->rank == last ? -1 : comm->rank == 0 ? 5 : 2);
    check(s.min == -1 && s.rank_of_min == last && s.max == (last ? 5 : -1) && s.rank_of_max == 0,
          "the spread of a value names who has its extremes: %g on rank %d, %g on rank %d", s.min, s.rank_of_min, s.max,
          s.rank_of_max);
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

/* Every item dealt; no part above ceil(n / parts) times the largest cost; the spread below the largest cost. */
static void balanced(void)
{
    bool complete = true, bounded = true, even = true;
    uint32_t random = 1;
    for (int round = 0; round < 400; round++) {
        int cost[40], part_of[40], load[9] = {0}, largest = 0, least = INT32_MAX, most = 0;
        const int n = round % 40, parts = 1 + round % 9;
        for (int i = 0; i < n; i++) {
            random = random * 1664525u + 1013904223u;
            cost[i] = round % 3 == 0 ? 128 : 3 + (int)(random >> 25);
            largest = cost[i] > largest ? cost[i] : largest;
            part_of[i] = -1;
        }
        PartitionLoad scratch[49];
        partition_balanced(n, cost, parts, part_of, scratch);
        for (int i = 0; i < n; i++) {
            complete = complete && part_of[i] >= 0 && part_of[i] < parts;
            if (complete) load[part_of[i]] += cost[i];
        }
        for (int p = 0; p < parts; p++) {
            least = load[p] < least ? load[p] : least;
            most = load[p] > most ? load[p] : most;
        }
        bounded = bounded && most <= (n + parts - 1) / parts * largest;
        even = even && most - least <= largest;
    }
    check(complete, "balanced: every item goes to one part");
    check(bounded, "balanced: no part is above ceil(n / parts) times the largest cost");
    check(even, "balanced: parts differ by at most one item's cost");
}

/* Buckets tile the block; owned parts round-trip; sums by bucket are those of the whole, with and without a thread. */
static void buckets(const Comm *comm, int64_t count, int n, const int64_t *start)
{
    Buckets b;
    buckets_init(count, n, start, comm->rank, comm->n_ranks, &b);
    char *seen = calloc((size_t)count, 1);
    bool tiles = true, grid = true;
    for (int i = 0; i < n; i++)
        for (int r = 0; r < comm->n_ranks; r++) {
            const Span part = buckets_part(&b, i, r);
            grid = grid && (part.n == 0 || part.first % BUCKET_GRAIN == 0);
            for (int64_t at = part.first; at < part.first + part.n; at++) tiles = tiles && seen[at]++ == 0;
        }
    for (int64_t at = 0; at < count; at++) tiles = tiles && seen[at] == 1;
    check(tiles && grid, "%lld numbers in %d buckets: parts cover each number once, along the grid", (long long)count,
          n);

    real *x = malloc((size_t)count * sizeof *x), *y = malloc((size_t)count * sizeof *y);
    real *owned = malloc((size_t)buckets_owned(&b) * sizeof *owned + 1);
    double extra[5], expected_extra = 0;
    for (int r = 0; r < comm->n_ranks; r++) expected_extra += 0.1 * (r + 1);
    bool right = true, doubles = true, round_trip = true;
    for (int mode = 0; mode < 4; mode++) {
        const bool gathers = mode % 2 == 1;
        BucketSum sum;
        for (int64_t i = 0; i < count; i++) x[i] = y[i] = (real)((double)(i % 1013) * 0.1 * (comm->rank + 1));
        for (int i = 0; i < 5; i++) extra[i] = 0.1 * (comm->rank + 1);
        comm_sum_real(comm, y, count);
        bucket_sum_open(comm, &b, x, mode >= 2, &sum);
        bucket_sum_begin_f64(&sum, extra, 5);
        for (int i = n - 1; i >= 0; i--) bucket_sum_begin(&sum, i, gathers);
        bucket_sum_finish(&sum);
        bucket_sum_finish(&sum); /* nothing left: no harm */
        bucket_sum_close(&sum);
        if (!gathers) buckets_gather(comm, &b, x);
        right = right && memcmp(x, y, (size_t)count * sizeof *x) == 0;
        for (int i = 0; i < 5; i++) doubles = doubles && extra[i] == expected_extra;
    }
    check(right, "sums by bucket, kept or gathered, behind or in step, have the bits of comm_sum_real");
    check(doubles, "and so has the array of doubles");
    for (int i = 0; i < n; i++) {
        const Span mine = buckets_mine(&b, i);
        memcpy(owned + b.owned_at[i], y + mine.first, (size_t)mine.n * sizeof *y);
    }
    real *whole = comm->rank == 0 ? calloc((size_t)count, sizeof *whole) : NULL;
    buckets_collect(comm, &b, owned, whole);
    if (whole) round_trip = memcmp(whole, y, (size_t)count * sizeof *y) == 0;
    memset(owned, 0, (size_t)buckets_owned(&b) * sizeof *owned);
    buckets_deal(comm, &b, whole, owned);
    for (int i = 0; i < n; i++) {
        const Span mine = buckets_mine(&b, i);
        round_trip = round_trip && memcmp(owned + b.owned_at[i], y + mine.first, (size_t)mine.n * sizeof *y) == 0;
    }
    check(round_trip, "what the ranks own is collected on rank 0 and dealt again");
    free(seen), free(x), free(y), free(owned), free(whole);
    buckets_free(&b);
}

/* Times that this process left its core of its own will. */
static int64_t sleeps(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_nvcsw;
}

/* On a shared core a rank sleeps between looks while it waits. */
static void waiting(const Comm *comm)
{
    Pace *pace = &scratch_of(comm)->pace;
    const Pace before = *pace;
    *pace = (Pace){.at_s = timer_now() + 1000, .is_shared = true}; /* the verdict holds until then */
    comm_barrier(comm);
    const int64_t slept = sleeps();
    if (comm->rank == 0) usleep(400000);
    comm_barrier(comm);
    const double fewest = comm_spread(comm, comm->rank == 0 ? 1e9 : (double)(sleeps() - slept)).min;
    *pace = before;
    check(fewest >= 10, "a rank that waits on a shared core for 0.4 s sleeps at least 10 times");
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
    balanced();
    if (comm.n_ranks > 1) waiting(&comm);
    buckets(&comm, 100, 3, (int64_t[]){0, 10, 60});
    buckets(&comm, 3000001, 4, (int64_t[]){0, 1500000, 1500001, 2100000}); /* more than a chunk at a time */
    int64_t failures = harness_failures;
    comm_sum_i64(&comm, &failures, 1);
    harness_failures = (int)failures;
    const int code = harness_done();
    comm_finalize(&comm);
    return code;
}
