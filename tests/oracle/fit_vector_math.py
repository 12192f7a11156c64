#!/usr/bin/env python3
"""fit_vector_math.py: the polynomials of the elementwise kernels beside the best there are.

    fit_vector_math.py [SOURCE_ROOT]        (numpy, scipy)

Each is fitted anew by weighted minimax (a linear program on Chebyshev's points), and the coefficients that stand in
src/kernels are read from there. Prints the fit, its largest weighted error, the same with coefficients rounded to
fp32, and theirs, in exact arithmetic; ends with 1 if theirs is more than twice that of the rounded fit. What rounding adds is measured by
tests/kernels/test_vector.c."""
import re
import sys

import numpy as np
from scipy.optimize import linprog
from scipy.special import erf, erfc


def constants(path, begin, end):
    """The numbers of the lines "p = ...;" between two marks of a source, as fp32, with the signs they are added with."""
    text = open(path).read()
    text = text[text.index(begin) + len(begin):]
    found = []
    for line in re.findall(r"^\s*(?:\w+ )?[pq] = (.*);", text[:text.index(end)], re.M):
        found += [float(np.float32(sign + number)) for sign, number in re.findall(r"([+-]?) ?(\d[\d.]*(?:e[+-]?\d+)?)", line)]
    return found


def points(a, b, n=4001):
    return (a + b) / 2 + (b - a) / 2 * np.cos(np.pi * (np.arange(n) + 0.5) / n)


def fit(basis, target, weight):
    """Coefficients c that make the largest |weight (basis c - target)| least, and that."""
    size = basis.shape[1]
    scale = np.abs(basis * weight[:, None]).max(axis=0)
    rows = basis * weight[:, None] / scale
    bound = target * weight
    unit = np.abs(bound).max() * 1e-6
    ones = np.full((len(bound), 1), -1.0)
    start, *_ = np.linalg.lstsq(rows, bound, rcond=None)
    rest = (bound - rows @ start) / unit
    a = np.vstack([np.hstack([rows, ones]), np.hstack([-rows, ones])])
    answer = linprog(np.r_[np.zeros(size), 1], A_ub=a, b_ub=np.r_[rest, -rest], bounds=[(None, None)] * size + [(0, None)])
    assert answer.status == 0, answer.message
    c = (start + answer.x[:size] * unit) / scale
    return c, np.abs(weight * (basis @ c - target)).max()


def powers(x, exponents):
    return np.stack([x**k for k in exponents], axis=1)


def main():
    root = (sys.argv[1] if len(sys.argv) > 1 else ".") + "/src/kernels/"
    bad = 0

    def compare(name, basis, target, weight, ours):
        nonlocal bad
        best, least = fit(basis, target, weight)
        assert len(ours) == basis.shape[1], f"{name}: {len(ours)} coefficients were found, not {basis.shape[1]}"
        rounded, there = (np.abs(weight * (basis @ c - target)).max() for c in (np.float32(best).astype(float), np.array(ours)))
        is_bad = there > 2 * rounded
        bad |= is_bad
        print(f"{name}: largest error {there:.2e}, of the best fit {least:.2e}, rounded {rounded:.2e}{'  <-- far' if is_bad else ''}")
        print("    best: " + " ".join(f"{x:.9g}" for x in best))
        print("    ours: " + " ".join(f"{x:.9g}" for x in ours))

    # exp(r) = 1 + r + r^2 P(r), relative, |r| <= ln 2 / 2; P's last coefficient is held at 1/2
    r = points(-np.log(2) / 2, np.log(2) / 2)
    ours = constants(root + "vector_math.h", "static inline float vector_exp", "float e =")
    assert ours[-1] == 0.5
    compare("exp", powers(r, (6, 5, 4, 3)), np.exp(r) - 1 - r - r**2 / 2, np.exp(-r), ours[:-1])

    # 2^r = 1 + r P(r), relative, |r| <= 1 / 2 (attention)
    r = points(-0.5, 0.5)
    ours = constants(root + "vector_attention.c", "static inline Vector power(Vector t)\n{\n    const real rounder", "return p *")
    assert ours[-1] == 1
    compare("2^r", powers(r, (5, 4, 3, 2, 1)), 2**r - 1, 2**-r, ours[:-1])

    # erf(x) = x P(x^2), absolute, |x| <= 1
    x = points(0, 1)
    small = constants(root + "vector_math.h", "static inline float vector_erf", "float t =")
    compare("erf below 1", powers(x, range(2 * len(small) - 1, 0, -2)), erf(x), np.ones_like(x), small)

    # erf(x) = 1 - exp(-Q(x)), absolute, 1 <= x <= 4
    x = points(1, 4)
    q = -np.log(erfc(x))
    large = constants(root + "vector_math.h", "float t = a", "float large")
    compare("erf from 1 on", powers(x, range(len(large) - 1, -1, -1)), q, np.exp(-q), large)
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
