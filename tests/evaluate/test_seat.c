/* test_seat.c: effect size and permutation test worked out by hand, exact and drawn. */
#include "../harness.h"
#include "evaluate/seat_measure.h"

int main(void)
{
    const double tiny[] = {0.3, 0.1, -0.1, 0.0}, turned[] = {-0.1, 0.0, 0.3, 0.1}, same[] = {0.1, 0.1, 0.1, 0.1};
    check(near(seat_effect(2, 2, tiny), 0.25 / sqrt(0.0875 / 3), 1e-14) &&
              near(seat_effect(2, 2, tiny), 1.4638501, 1e-7),
          "effect size of four targets: %.7f", seat_effect(2, 2, tiny));
    check(near(seat_p(2, tiny, 1000, 1), 1.0 / 6, 1e-15) && near(seat_p(2, turned, 1000, 1), 1, 0),
          "all six splits: p = 1/6; turned around 1: it is one-sided");
    check(isnan(seat_effect(2, 2, same)) && near(seat_p(2, same, 1000, 1), 1, 0),
          "without spread: no effect size, p = 1");
    /* 0.1 + 0.2 and 0.3 + 0 differ in their last bit: a tie. */
    const double ties[] = {0.1, 0.2, 0.3, 0.0};
    check(near(seat_p(2, ties, 1000, 1), 4.0 / 6, 1e-15), "sums within 1e-12 are ties: %.4f", seat_p(2, ties, 1000, 1));
    /* 9 of 18 is the last that is counted whole, in steps of 1/48620; 10 of 20 is drawn. Ten of ten against none: one
     * split of 184756. */
    double x[20], top[20];
    for (int i = 0; i < 20; i++) x[i] = sin(i * i + 1.0), top[i] = i < 10;
    const double p9 = seat_p(9, x, 100, 1) * 48620, p10 = seat_p(10, x, 99999, 1), other = seat_p(10, x, 99999, 2);
    check(near(p9, round(p9), 1e-9) && p9 > 1, "48620 splits: %.0f have as much", p9);
    int64_t hits = 0;
    double least = -1e-12;
    for (int i = 0; i < 10; i++) least += x[i];
    for (uint32_t set = 0; set < 1u << 20; set++) {
        double sum = 0;
        if (__builtin_popcount(set) != 10) continue;
        for (int i = 0; i < 20; i++) sum += set >> i & 1 ? x[i] : 0;
        hits += sum >= least;
    }
    const double exact = (double)hits / 184756, error = sqrt(exact * (1 - exact) / 1e5);
    check(near(p10, exact, 4 * error) && near(other, exact, 4 * error) && fabs(p10 - other) > 0,
          "99999 random splits: %.5f and %.5f, exactly %.5f", p10, other, exact);
    check(near(seat_p(10, top, 999, 1), 0.001, 1e-15), "the split itself counts: never 0");
    const Interval in = seat_interval(10, 10, x, 2000, 1), none = seat_interval(4, 10, x, 2000, 1);
    check(in.low < seat_effect(10, 10, x) && seat_effect(10, 10, x) < in.high && isnan(none.low),
          "interval %.3f to %.3f; none below five", in.low, in.high);
    return harness_done();
}
