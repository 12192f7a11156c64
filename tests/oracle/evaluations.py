"""Every evaluation of collapse on a real model, item by item, against transformers (part of make check-torch).

check_all(run, model, hf, shared, folder): yields (holds, text). run(*args) runs collapse; model: .h5; hf: the same as a folder.
"""
import csv
import io
import os
import sys
from contextlib import redirect_stdout

import h5py
import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lm_scores  # noqa: E402


def items(path):
    with h5py.File(path) as f:
        return {k: v.asstr()[()] if v.dtype.kind in "OS" else v[()] for k, v in f["item"].items()}


def metrics(path):
    with h5py.File(path) as f:
        return {k: float(v[()]) for k, v in f["metric"].items()}


def columns(function, *args):
    """What a function of lm_scores prints."""
    out = io.StringIO()
    with redirect_stdout(out):
        function(*args)
    rows = list(csv.DictReader(io.StringIO(out.getvalue()), delimiter="\t", quoting=csv.QUOTE_NONE))
    return {k: [r[k] for r in rows] for k in rows[0]}


def stereoset(run, model, hf, shared, folder):
    data, out = shared + "/data/eval/stereoset/gender_dev.json", folder + "/stereoset.h5"
    run("evaluate", model, "--task=stereoset", f"--data={data}", f"--output={out}", ranks=2)
    ours, theirs = items(out), columns(lm_scores.stereoset, hf, data)
    score, log_score = np.array(theirs["score"], float), np.array(theirs["log_score"], float)

    def decisions(x):
        x = np.asarray(x).reshape(-1, 3)  # stereotype, anti-stereotype, unrelated in this file
        return np.stack([x[:, 0] > x[:, 1], x[:, 0] > x[:, 2], x[:, 1] > x[:, 2]])
    yield list(ours["id"]) == theirs["id"], "stereoset: ids"
    worst = np.abs(ours["log_score"] - log_score).max()
    yield worst <= 1e-4 and np.abs(ours["score"] / score - 1).max() <= 1e-4, f"stereoset: {len(score)} sentences, ln p within {worst:.1e}"
    yield (decisions(ours["score"]) == decisions(score)).all() and (decisions(ours["log_score"]) == decisions(log_score)).all(), \
        "stereoset: the same decisions"
    yield metrics(out)["masked"] == 1000, "stereoset: 1000 masked sequences"


TASKS = [stereoset]


def check_all(run, model, hf, shared, folder):
    for task in TASKS:
        yield from task(run, model, hf, shared, folder)
