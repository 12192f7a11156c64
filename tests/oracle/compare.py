#!/usr/bin/env python3
"""The paired bootstrap of include/evaluate/compare.h in numpy, with the same random numbers (Philox4x32-10): what
tests/evaluate/test_compare.c must find. Units are drawn one by one, as written there, not weighted.

    compare.py > tests/golden/compare.tsv
    compare.py check            the intervals beside those of numpy's own generator, which draws otherwise
"""
import sys

import numpy as np

ROWS, RESAMPLES, SEED, BOOTSTRAP, LEAST = 60, 10000, 1, 7, 5


def philox(index, rounds):
    """Words [len(rounds), 4] for the counter (index, round, 0, purpose << 24) and the key of the seed."""
    mask = np.uint64(0xFFFFFFFF)
    c = [np.full(len(rounds), index, np.uint64), rounds.astype(np.uint64), np.zeros(len(rounds), np.uint64),
         np.full(len(rounds), BOOTSTRAP << 24, np.uint64)]
    k = [SEED & 0xFFFFFFFF, SEED >> 32]
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k[0]), p1 & mask, (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k[1]), p0 & mask]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return np.stack(c, 1)


class Words:
    """below(n): the next number of every round, in [0, n); n may differ from round to round."""
    def __init__(self):
        self.index, self.rounds = 0, np.arange(RESAMPLES)

    def below(self, n):
        if self.index % 4 == 0:
            self.words = philox(self.index // 4, self.rounds)
        self.index += 1
        return (self.words[:, (self.index - 1) % 4] * np.asarray(n, np.uint64) >> np.uint64(32)).astype(int)


class Numpy:
    def __init__(self):
        self.draw = np.random.default_rng(5)

    def below(self, n):
        return self.draw.integers(0, n, RESAMPLES)


def drawn_units(words, groups, drawn):
    """Units [draws, RESAMPLES]; groups of one size, as below."""
    groups = [np.array(g) for g in groups]
    table, out = np.stack(groups), []
    for g in range(len(groups)):
        which = words.below(len(groups)) if drawn else np.full(RESAMPLES, g)
        for _ in range(len(groups[0])):
            out.append(table[which, words.below(len(groups[0]))])
    return np.stack(out)


def main(check):
    i = np.arange(ROWS)
    here, there = np.sin(i * i) + 0.3, 0.9 * np.sin(i * i + 0.4)
    here[7], there[11] = np.nan, np.nan
    ok = ~np.isnan(here) & ~np.isnan(there)
    weight = 1.0 + i % 3
    mean = lambda x: (np.stack([x, np.ones(ROWS)], 1), lambda s: s[..., 0] / s[..., 1])
    measures = {
        "mean": mean,
        "weighted": lambda x: (np.stack([x * weight, weight], 1), lambda s: s[..., 0] / s[..., 1]),
        "deviation": lambda x: (np.stack([x, x * x, np.ones(ROWS)], 1), lambda s: np.sqrt(s[..., 1] / s[..., 2] - (s[..., 0] / s[..., 2]) ** 2)),
        "few": lambda x: (np.stack([np.where(i < 4, x, 0), 1.0 * (i < 4)], 1), lambda s: s[..., 0] / s[..., 1]),
    }
    of_unit = [3 * u + np.arange(3) for u in range(20)]
    plans = {"rows": (None, [list(range(60))], False), "units": (of_unit, [list(range(20))], False),
             "strata": (of_unit, [[u for u in range(20) if u % 4 == g] for g in range(4)], False),
             "stages": (of_unit, [[u for u in range(20) if u % 4 == g] for g in range(4)], True)}
    if not check:
        print("plan", "metric", "this", "other", "difference", "low", "high", "p", "n_units", sep="\t")
    for plan, (units, groups, drawn) in plans.items():
        picked = [drawn_units(w, groups, drawn) for w in ([Words(), Numpy()] if check else [Words()])]
        for name, measure in measures.items():
            sums, value = [], []
            for x in (here, there):
                per_row, of = measure(np.where(ok, x, 0))
                per_row = per_row * ok[:, None]
                per_unit = per_row if units is None else np.stack([per_row[u].sum(0) for u in units])
                sums.append(per_unit), value.append(of(per_unit.sum(0)))
            n_units = int(((sums[0] != 0).any(1) | (sums[1] != 0).any(1)).sum())
            row = [value[0], value[1], value[0] - value[1]]
            for units_drawn in picked:
                with np.errstate(all="ignore"):
                    d = of(sums[0][units_drawn].sum(0)) - of(sums[1][units_drawn].sum(0))
                if n_units < LEAST:
                    row += [np.nan] * 3
                    continue
                s = np.sort(d[np.isfinite(d)])
                p = min(1, 2 * (1 + min((s <= 0).sum(), (s >= 0).sum())) / (len(s) + 1))
                row += [s[int(0.025 * (len(s) - 1))], s[int(0.975 * (len(s) - 1))], p]
            print(plan, name, *[f"{v:.12g}" for v in row], n_units, sep="\t")


if __name__ == "__main__":
    main(len(sys.argv) > 1)
