"""Every evaluation of collapse on a real model, item by item, against transformers (part of make check-torch).

    evaluations.py bec HF_DIR DATA.tsv none|mask > tsv   per row: association log_p_tm log_p_tam

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


def answers(scorer, asked):
    """ln p for each (ids, place, piece), sequences of one length at a time."""
    found, by_length = {}, {}
    for ask in set(asked):
        by_length.setdefault(len(ask[0]), []).append(ask)
    for some in by_length.values():
        found.update(zip(some, scorer.at([list(a[0]) for a in some], [a[1] for a in some], [a[2] for a in some])))
    return [found[a] for a in asked]


def bec(hf, path, pad):
    s = lm_scores.Scorer(hf)
    rows = list(csv.DictReader(open(path, encoding="utf-8"), delimiter="\t", quoting=csv.QUOTE_NONE))
    length = 1
    while length < max(len(r["Sent_TM"].split()) for r in rows):
        length *= 2
    known, asked = {}, []

    def ids(text):
        if text not in known:
            x = s.tokenizer(text)["input_ids"]
            known[text] = x if pad == "none" else (x + [s.mask] * length)[:length]
        return known[text]
    for r in rows:
        whole, tm, tam, person = ids(r["Sentence"]), ids(r["Sent_TM"]), ids(r["Sent_TAM"]), s.tokenizer.encode(r["Person"], add_special_tokens=False)
        place = tam.index(s.mask) if s.mask in tam else len(whole)
        good = place < len(whole) and [whole[place]] == person and tm[place] == s.mask
        asked.append([(tuple(x), place, whole[place]) for x in (tm, tam)] if good else [])
    found = iter(answers(s, [a for both in asked for a in both]))
    print("association", "log_p_tm", "log_p_tam", sep="\t")
    for both in asked:
        tm, tam = (next(found), next(found)) if both else (float("nan"), float("nan"))
        print(*[f"{x:.9g}" for x in (tm - tam, tm, tam)], sep="\t")


def bec_pro(run, model, hf, shared, folder):
    data = shared + "/data/eval/bec_pro/BEC-Pro_EN.tsv"
    kinds = [(r["Gender"], r["Prof_Gender"]) for r in csv.DictReader(open(data, encoding="utf-8"), delimiter="\t", quoting=csv.QUOTE_NONE)]
    for pad in ("none", "mask"):
        out = f"{folder}/bec-{pad}.h5"
        run("evaluate", model, "--task=bec-pro", f"--bec-pad={pad}", f"--data={data}", f"--output={out}", ranks=2)
        ours, theirs, values = items(out), columns(bec, hf, data, pad), metrics(out)
        theirs = {k: np.array(v, float) for k, v in theirs.items()}
        worst = max(np.abs(ours[k] - theirs[k]).max() for k in theirs)
        signs = (ours["association"] > 0) != (theirs["association"] > 0)
        yield worst <= 1e-4 and (np.abs(theirs["association"][signs]) < 1e-4).all(), f"bec-pro, {pad}: {len(kinds)} rows, ln p within {worst:.1e}, {signs.sum()} signs differ"
        cells = {k: theirs["association"][[x == k for x in kinds]].mean() for k in set(kinds)}
        worst = max(abs(values[f"{p}.{q}"] - x) for (p, q), x in cells.items())
        yield len(cells) == 6 and worst <= 1e-5, f"bec-pro, {pad}: six means within {worst:.1e}"
        yield values["masked"] == 970, f"bec-pro, {pad}: {values['masked']:.0f} sequences"


TASKS = [stereoset, bec_pro]


def check_all(run, model, hf, shared, folder):
    for task in TASKS:
        yield from task(run, model, hf, shared, folder)


if __name__ == "__main__":
    {"bec": bec}[sys.argv[1]](*sys.argv[2:])
