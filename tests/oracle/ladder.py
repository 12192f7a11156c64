"""The statistics of hdf5-tools/ladder_statistics.h in numpy and mpmath: what tests/hdf5-tools/test_ladder.sh must find.
Student's t comes from the incomplete beta function.

    ladder.py values > tests/golden/ladder.tsv
    ladder.py tests/golden/ladder.tsv > tests/golden/ladder-table.tsv
    ladder.py coverage     how often intervals of a rank correlation hold it (minutes)
"""
import functools
import sys

import mpmath
import numpy as np

# For coverage: slope over the levels, scatter of seeds' values, of models, of seeds' slopes, where values saturate.
KINDS = {"steady": (1, 0.1, 0.1, 0, 9), "slopes differ": (1, 0.1, 0.1, 0.3, 9), "steep": (3, 0.1, 0.1, 0.3, 9), "saturated": (2, 0.1, 0.1, 0.2, 0.7),
         "weak": (0.5, 0.3, 0.3, 0.3, 9), "none, seeds differ": (0, 0.5, 0.2, 0.3, 9), "none": (0, 0, 1, 0, 9)}
LEVELS, SEEDS = [0, 2, 5, 10], [1, 2, 3, 5, 8, 13]
FAIR = {"rises": 0.5, "falls": 0, "flat": 50, "ties": 3, "holes": 0, "late": None, "turns": -1, "clear": 1}


def values():
    """A table of scores that follow the level well, badly, not at all; with ties, holes and intervals of their own."""
    draw = np.random.default_rng(7)
    print("level\tseed\tscore\tvalue\tlow\thigh")
    for level in LEVELS:
        for k, seed in enumerate(SEEDS):
            noise = draw.normal(size=8)
            rows = {
                "rises": 0.5 + 0.04 * level + 0.05 * noise[0] + 0.1 * (k % 3),
                "falls": -0.3 * level + 1.1 * noise[1],
                "flat": 50 + 3 * noise[2],
                "ties": np.round(3 + 0.2 * level + 0.6 * noise[3]),
                "holes": None if (level, seed) in [(0, 3), (5, 8), (10, 8), (10, 1)] else 0.2 * level + noise[4],
                "late": (5 if level == 10 else 0) + noise[5],
                "turns": 2 * noise[6] + {0: 0, 2: 9, 5: -9, 10: -20}[level],
                "clear": 3 + level + 0.01 * noise[7],
                "count": 96,
            }
            for name, x in rows.items():
                own = name in ("rises", "flat") and x is not None
                bounds = [f"{x - 0.07 * (1 if name == 'rises' else 30):.6f}", f"{x + 0.07 * (1 if name == 'rises' else 30):.6f}"] if own else ["", ""]
                print("\t".join([f"{level}", f"{seed}", name, "" if x is None else f"{x:.6f}"] + bounds))


def ranks(x):
    x = np.asarray(x)
    return np.array([(x < v).sum() + ((x == v).sum() + 1) / 2 for v in x])


def spearman(level, x):
    a, b = ranks(level), ranks(x)
    a, b = a - a.mean(), b - b.mean()
    size = np.sqrt((a @ a) * (b @ b))
    return a @ b / size if len(x) > 1 and size > 0 else np.nan


def tail(t, freedom):
    return float(mpmath.betainc(freedom / 2, 0.5, 0, freedom / (freedom + mpmath.mpf(t) ** 2), regularized=True))


@functools.lru_cache
def quantile(freedom):
    return float(mpmath.findroot(lambda t: tail(t, freedom) - 0.05, (2, 13), solver="anderson"))


def mean(x, centre):
    x = x[np.isfinite(x)]
    n = len(x)
    if n < 2:
        return [x[0] if n else np.nan, np.nan, np.nan, np.nan]
    error = x.std(ddof=1) / np.sqrt(n)
    half = quantile(n - 1) * error
    p = np.nan if centre is None else tail((x.mean() - centre) / error, n - 1) if error > 0 else float(x.mean() == centre)
    return [x.mean(), x.mean() - half, x.mean() + half, p]


def correlation(grid):
    level, keep = np.repeat(LEVELS, grid.shape[1]).reshape(grid.shape), np.isfinite(grid)
    return spearman(level[keep], grid[keep])


def jackknife(grid):
    grid = grid[:, np.isfinite(grid).any(0)]
    n, z = grid.shape[1], np.arctanh(correlation(grid))
    each = n * z - (n - 1) * np.arctanh([correlation(np.delete(grid, s, 1)) for s in range(n)])
    low, high = mean(each, None)[1:3]
    return (np.tanh(low), np.tanh(high)) if high - low > 1e-9 else (np.nan, np.nan)


def measure(grid, own, fair):
    """grid [levels, seeds]; own: bounds of level 0"""
    row = {"models": np.isfinite(grid).sum()}
    row["level0"], row["level0_low"], row["level0_high"], row["fair_p"] = mean(grid[0], fair)
    inside = [(low, high) for low, high in own if np.isfinite(low)] if fair is not None else []
    row["own"], row["own_outside"] = len(inside), sum(low > fair or high < fair for low, high in inside)
    row["rho"] = correlation(grid)
    row["rho_low"], row["rho_high"] = jackknife(grid)
    row["told"], row["direction"] = np.nan, np.nan
    differences = [mean(g - grid[0], 0) for g in grid]
    for k in range(len(LEVELS) - 1, 0, -1):
        sign = 1 if differences[k][1] > 0 else -1 if differences[k][2] < 0 else 0
        if sign == 0 or (np.isfinite(row["direction"]) and sign != row["direction"]):
            break
        row["told"], row["direction"] = LEVELS[k], sign
    for k, l in enumerate(LEVELS):
        row[f"mean_{l}"] = mean(grid[k], None)[0]
    for k, l in enumerate(LEVELS):
        if k:
            row[f"difference_{l}"], row[f"difference_{l}_low"], row[f"difference_{l}_high"] = differences[k][:3]
    return row


def coverage(runs=400, resamples=200):
    """How many 95 % intervals hold the rank correlation of 20,000 seeds: of the jackknife, and of the percentile bootstrap over seeds."""
    draw = np.random.default_rng(1)

    def models(n, kind):
        slope, seeds, noise, slopes, most = KINDS[kind]
        return np.minimum(np.outer(LEVELS, slope + slopes * draw.normal(size=n)) / 10 + seeds * draw.normal(size=n) + noise * draw.normal(size=(len(LEVELS), n)), most)

    def quick(grid):
        """Ranks of levels and of values, in the grid's shape."""
        _, place, count = np.unique(grid.ravel(), return_inverse=True, return_counts=True)
        return np.repeat(np.arange(len(grid)), grid.shape[1]), (np.cumsum(count) - (count - 1) / 2)[place]

    def bootstrap(grid):
        x, y = (v.reshape(grid.shape) for v in quick(grid))
        pick = draw.integers(0, grid.shape[1], (resamples, grid.shape[1]))
        return np.quantile([np.corrcoef(x[:, p].ravel(), y[:, p].ravel())[0, 1] for p in pick], [0.025, 0.975])
    for n in (5, 20):
        for kind in KINDS:
            truth, held = np.corrcoef(*quick(models(20000, kind)))[0, 1], []
            for _ in range(runs):
                grid = models(n, kind)
                found = jackknife(grid), bootstrap(grid)
                held.append([np.nan if np.isnan(low) else low <= truth <= high for low, high in found])
            alone, share = np.isnan(held)[:, 0].sum(), np.nanmean(held, 0)
            print(f"{n} seeds, {kind} ({truth:.3f}): jackknife {share[0]:.3f} ({alone} of {runs} without interval), bootstrap {share[1]:.3f}", flush=True)


def main(path):
    number = lambda text: float(text) if text else np.nan
    grid, own = {}, {}
    for line in open(path).read().splitlines()[1:]:
        level, seed, name, x, low, high = line.split("\t")
        at = LEVELS.index(int(level)), SEEDS.index(int(seed))
        grid.setdefault(name, np.full((len(LEVELS), len(SEEDS)), np.nan))[at] = number(x)
        if at[0] == 0:
            own.setdefault(name, []).append((number(low), number(high)))
    rows = {name: measure(grid[name], own[name], FAIR[name]) for name in FAIR}
    p = sorted((r["fair_p"], name) for name, r in rows.items() if np.isfinite(r["fair_p"]))
    largest = 0
    for k, (x, name) in enumerate(p):
        largest = max(largest, min(1, x * (len(p) - k)))
        rows[name]["fair_p_holm"] = largest
    columns = ["models", "level0", "level0_low", "level0_high", "fair_p", "fair_p_holm", "own", "own_outside"]
    columns += [c for c in rows["rises"] if c not in columns]
    print("\t".join(["score", "fair"] + columns))
    for name, r in rows.items():
        cells = [np.nan if FAIR[name] is None else FAIR[name]] + [r.get(c, np.nan) for c in columns]
        print("\t".join([name] + ["" if np.isnan(x) else f"{x:.9g}" for x in cells]))


if __name__ == "__main__":
    {"values": values, "coverage": coverage}.get(sys.argv[1], lambda: main(sys.argv[1]))()
