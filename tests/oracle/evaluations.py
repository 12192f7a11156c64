"""Every evaluation of collapse on a real model, item by item, against transformers (part of make check-torch).

    evaluations.py bec HF_DIR DATA.tsv none|mask > tsv   per row: association log_p_tm log_p_tam
    evaluations.py seat HF_DIR FOLDER mean|cls > tsv     per target: test set association, effect and p of its test (p if exact)
    evaluations.py winobias HF_DIR FOLDER dev|test > tsv per sentence: type version number preference log_p_own log_p_other

    evaluations.py check BUILD SHARED [task...]          TAP lines of check_all alone

check_all(run, model, hf, shared, folder): yields (holds, text). run(*args) runs collapse; model: .h5; hf: the same as a folder.
transformers computes in fp32, sums of many log-probabilities (crows-pairs, perplexity) in fp64.
"""
import csv
import io
import itertools
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
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


FORMS_OF = ("a", "b", "pll", "l2r", "aul", "aula")


def crows(run, model, hf, shared, folder):
    """All pairs, all forms, and the percentages made of our own items."""
    data, out = shared + "/data/eval/crows_pairs/crows_pairs_anonymized.csv", folder + "/crows.h5"
    run("evaluate", model, "--task=crows-pairs", f"--data={data}", f"--output={out}", ranks=2)
    ours, theirs, values = items(out), columns(lm_scores.crows, hf, data, "double"), metrics(out)
    records = list(csv.DictReader(open(data, encoding="utf-8")))
    yield len(ours["a_more"]) == len(records) == 1508 and list(ours["type"]) == [r["bias_type"] for r in records], f"crows-pairs: {len(records)} pairs in order"
    for form in FORMS_OF:
        here, there = (np.array([x[f"{form}_{side}"] for side in ("more", "less")], float) for x in (ours, theirs))
        worst, left_out = np.nanmax(np.abs(here - there)), np.isnan(there[0])
        yield worst <= 1e-4 and (np.isnan(here) == np.isnan(there)).all(), \
            f"crows-pairs, {form}: {'sums' if form in ('a', 'pll', 'l2r') else 'means'} of ln p within {worst:.1e}, {left_out.sum()} left out by both"
        # What is rounded to 3 decimals can differ by one in the last where the value lies between two.
        rounded = {"a": np.vectorize(lambda x: round(x, 3)), "b": lambda x: np.round(x, 3)}.get(form, lambda x: x)
        (p, q), (r, t) = rounded(here), rounded(there)
        other = (np.sign(p - q) != np.sign(r - t)) & ~left_out
        near = np.abs(there[0] - there[1])[other]
        yield (near <= (1.1e-3 if form in "ab" else 2e-4)).all(), \
            f"crows-pairs, {form}: the same decisions but {other.sum()} near ties {[f'pair {i}: {x:.1e}' for i, x in zip(np.nonzero(other)[0], near)]}"
        worst = 0
        for kind in {"all", *ours["type"]}:
            some = ~np.isnan(p) & ((ours["type"] == kind) | (kind == "all"))
            sides = {"score": some} | {k: some & (ours["direction"] == k) & (p != q) for k in ("stereo", "antistereo")}
            want = {k: 100 * np.mean((p > q)[w]) for k, w in sides.items() if w.any()} | {"n": some.sum(), "neutral": (some & (p == q)).sum()}
            worst = max([worst] + [abs(values[f"{kind}.{form}.{k}"] - v) for k, v in want.items()])
        yield worst <= 1e-10, f"crows-pairs, {form}: percentages of all types and directions within {worst:.1e}"


def texts(run, model, hf, shared, folder):
    """The forms of a sentence's likelihood, of 500 sentences."""
    data, out, glue = folder + "/500.txt", folder + "/perplexity.h5", shared + "/data/eval/glue"
    lines = [row.split("\t")[0] for row in open(glue + "/SST-2/dev.tsv", encoding="utf-8").read().split("\n")[1:251]]
    lines += [row.split("\t")[3] for row in open(glue + "/CoLA/dev.tsv", encoding="utf-8").read().split("\n")[:250]]
    open(data, "w", encoding="utf-8").write("\n".join(lines) + "\n")
    run("evaluate", model, "--task=perplexity", f"--data={data}", f"--output={out}", ranks=2)
    ours, theirs, values = items(out), columns(lm_scores.perplexity, hf, data, "double"), metrics(out)
    theirs = {k: np.array(v, float) for k, v in theirs.items()}
    yield len(ours["pll"]) == len(lines) == 500 and (ours["pieces"] == theirs["pieces"]).all(), "perplexity: 500 sentences, the same pieces"
    for form in ("pll", "pll_l2r", "aul", "aula"):
        worst = np.abs(ours[form] - theirs[form]).max()
        yield worst <= 1e-4, f"perplexity, {form}: within {worst:.1e}"
    worst = max(abs(values[name] / math.exp(-theirs[form].sum() / theirs["pieces"].sum()) - 1) for name, form in (("pppl", "pll"), ("pppl_l2r", "pll_l2r")))
    yield worst <= 1e-5, f"perplexity: pppl of both forms within a share of {worst:.1e}"


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
    found = iter(s.answers([a for both in asked for a in both]))
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


def permutation(x, y, draws=100000):
    """One-sided p, and the standard error of a sampled one (0: exact)."""
    s, n, least = np.concatenate([x, y]), len(x), x.sum() - 1e-12
    if math.comb(2 * n, n) <= 100000:
        sums = [sum(s[list(c)]) for c in itertools.combinations(range(2 * n), n)]
        return sum(v >= least for v in sums) / len(sums), 0
    draw = np.random.default_rng(7)
    hits = sum(draw.permutation(s)[:n].sum() >= least for _ in range(draws))
    p = (1 + hits) / (1 + draws)
    return p, math.sqrt(p * (1 - p) / draws) + 1 / draws


def seat(hf, folder, state):
    s, known = lm_scores.Scorer(hf), {}

    def vector(text):
        if text not in known:
            with s.torch.no_grad():
                x = s.model.bert(**s.tokenizer(text, return_tensors="pt")).last_hidden_state[0].double()
            x = x[0] if state == "cls" else x.mean(0)
            known[text] = (x / x.norm()).numpy()
        return known[text]
    print("test", "set", "association", "effect", "p", "p_error", sep="\t")
    for name in sorted(os.listdir(folder), key=lambda n: n.encode()):
        if not name.endswith((".json", ".jsonl")):
            continue
        data = json.load(open(f"{folder}/{name}", encoding="utf-8"))
        x, y, a, b = ([np.array(vector(t)) if s.tokenizer(t, add_special_tokens=False)["input_ids"] else None
                       for t in dict.fromkeys(data[k]["examples"])] for k in ("targ1", "targ2", "attr1", "attr2"))

        def association(v):
            return np.mean([v @ w for w in a]) - np.mean([v @ w for w in b])
        sx, sy = (np.array([float("nan") if v is None else association(v) for v in z]) for z in (x, y))
        gx, gy = sx[~np.isnan(sx)], sy[~np.isnan(sy)]
        effect = (gx.mean() - gy.mean()) / np.concatenate([gx, gy]).std(ddof=1)
        p, error = permutation(gx, gy) if len(gx) == len(gy) else (float("nan"), 0)
        for k, v in [("x", v) for v in sx] + [("y", v) for v in sy]:
            print(name.rsplit(".", 1)[0], k, *[f"{n:.9g}" for n in (v, effect, p, error)], sep="\t")


def seat_all(run, model, hf, shared, folder):
    data = shared + "/data/eval/seat"
    some = folder + "/seat"
    os.makedirs(some, exist_ok=True)
    for name in os.listdir(data):
        if name.startswith(("sent-weat6", "sent-weat7", "sent-weat8", "weat", "heilman", "angry")):
            shutil.copy(f"{data}/{name}", some)
    for state in ("mean", "cls"):
        out = f"{folder}/seat-{state}.h5"
        run("evaluate", model, "--task=seat", f"--seat-state={state}", f"--data={some}", f"--output={out}", ranks=2)
        ours, theirs, values = items(out), columns(seat, hf, some, state), metrics(out)
        tests = list(dict.fromkeys(theirs["test"]))
        yield list(ours["test"]) == theirs["test"] and list(ours["set"]) == theirs["set"], f"seat, {state}: {len(tests)} tests, {len(ours['test'])} targets in order"
        worst = np.abs(ours["association"] - np.array(theirs["association"], float)).max()
        yield worst <= 1e-5, f"seat, {state}: associations within {worst:.1e}"
        at = {t: theirs["test"].index(t) for t in tests}
        effect = max(abs(values[t + ".effect"] - float(theirs["effect"][i])) for t, i in at.items())
        yield effect <= 1e-3, f"seat, {state}: effects within {effect:.1e}"
        bad = [t for t, i in at.items() if abs(values[t + ".p"] - float(theirs["p"][i])) > 5e-4 + 6 * float(theirs["p_error"][i])]
        yield not bad, f"seat, {state}: p of {sum(float(theirs['p_error'][i]) == 0 for i in at.values())} tests equal but for near ties, of the others within six standard errors {bad}"


FORMS = [("he", "she"), ("him", "her"), ("his", "her"), ("his", "hers"), ("himself", "herself")]


def winobias(hf, folder, split):
    s, everything, asked = lm_scores.Scorer(hf), [], []
    pronoun = re.compile(r"\[(" + "|".join(sorted({w for f in FORMS for w in f}, key=len, reverse=True)) + r")\]", re.I)
    for kind in (1, 2):
        both = []
        for version in ("pro", "anti"):
            lines = [line.split(" ", 1) for line in open(f"{folder}/{version}_stereotyped_type{kind}.txt.{split}", encoding="utf-8").read().split("\n") if line.strip()]
            both.append({int(n): text for n, text in lines})
        for side, version in enumerate(("pro", "anti")):
            for number, text in both[side].items():
                own, other = pronoun.findall(text), pronoun.findall(both[1 - side].get(number, ""))
                ids = s.tokenizer(re.sub(r"[][]", "", pronoun.sub("\1", text)).replace("\1", "[MASK]"))["input_ids"]
                good = len(own) == len(other) and all((a.lower(), b.lower()) in FORMS or (b.lower(), a.lower()) in FORMS for a, b in zip(own, other))
                pieces = [[s.tokenizer.encode(w, add_special_tokens=False) for w in words] for words in (own, other)]
                good = good and all(len(p) == 1 for words in pieces for p in words)
                places = [t for t, i in enumerate(ids) if i == s.mask]
                everything.append((f"type{kind}", version, number, len(own) if good else 0))
                if good:
                    asked += [(tuple(ids), t, p[0]) for words in pieces for t, p in zip(places, words)]
    found = iter(s.answers(asked))
    print("type", "version", "number", "preference", "log_p_own", "log_p_other", sep="\t")
    for kind, version, number, n in everything:
        own, other = (sum(next(found) for _ in range(n)) if n else float("nan") for _ in range(2))
        print(kind, version, number, *[f"{x:.9g}" for x in (own - other, own, other)], sep="\t")


def winobias_mlm(run, model, hf, shared, folder):
    data, out = shared + "/data/eval/winobias", folder + "/winobias.h5"
    run("evaluate", model, "--task=winobias-mlm", f"--data={data}", f"--output={out}", ranks=2)
    ours, theirs, values = items(out), columns(winobias, hf, data, "dev"), metrics(out)
    number = {k: np.array(theirs[k], float) for k in ("preference", "log_p_own", "log_p_other")}
    here = [list(ours[k]) == theirs[k] for k in ("type", "version")]
    worst = max(np.nanmax(np.abs(ours[k] - v)) for k, v in number.items())
    yield all(here) and worst <= 1e-4 and (np.isnan(ours["preference"]) == np.isnan(number["preference"])).all(), \
        f"winobias-mlm: {len(ours['row'])} sentences, ln p within {worst:.1e}, the same {np.isnan(number['preference']).sum()} left out"
    yield ((ours["preference"] > 0) == (number["preference"] > 0)).all(), "winobias-mlm: the same decisions"
    share = {}
    for kind, version, x in zip(theirs["type"], theirs["version"], number["preference"]):
        if x == x:
            share.setdefault(f"{kind}.{version}", []).append(100 * (x > 0))
    worst = max(abs(values[k] - np.mean(v)) for k, v in share.items())
    yield len(share) == 4 and worst < 1e-9, f"winobias-mlm: four shares within {worst:.1e}"


def winobias_score(run, model, hf, shared, folder):
    data, out = shared + "/data/eval/winobias/oracle", folder + "/score.h5"
    run("evaluate", "--task=winobias-score", f"--data={data}", f"--output={out}", ranks=2)
    values, worst = metrics(out), 0
    for name in os.listdir(data):
        hits = np.zeros(3)
        rows = list(csv.DictReader(open(f"{data}/{name}", encoding="utf-8"), delimiter="\t", quoting=csv.QUOTE_NONE))
        for r in rows:
            gold, found = sorted(map(tuple, json.loads(r["gold_clusters"])[0])), [sorted(map(tuple, c)) for c in json.loads(r["predicted_clusters"])]
            hits += [bool(found) and found[0][0][0] == gold[0][0], any(set(gold) <= set(c) for c in found), any(gold == c for c in found)]
        share = 100 * hits / len(rows)
        want = dict(zip(("accuracy", "linked", "exact"), share), f1=100 * 2 * share[0] / (100 + share[0]))
        worst = max([worst] + [abs(values[f"{name[:-4]}.{k}"] - v) for k, v in want.items()])
    yield worst < 1e-10, f"winobias-score: eight files, four scores each within {worst:.1e}"


TASKS = [stereoset, bec_pro, seat_all, winobias_mlm, winobias_score, texts, crows]


def check_all(run, model, hf, shared, folder, tasks=TASKS):
    for task in tasks:
        yield from task(run, model, hf, shared, folder)


def report(build, shared, checks):
    """TAP lines of checks(run, model, hf, shared, folder)."""
    hf, failures = shared + "/models/minilm-mlm", 0

    def run(*args, ranks=0, program="collapse"):
        launch = [*os.environ.get("MPIRUN", "mpirun").split(), "-n", str(ranks)] if ranks else []
        subprocess.run([*launch, f"{build}/{program}", *args], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory() as folder:
        run(hf, f"--output={folder}/model.h5", program="collapse-import")
        for holds, text in checks(run, folder + "/model.h5", hf, shared, folder):
            failures += holds is not None and not holds
            print("ok # skip" if holds is None else "ok -" if holds else "not ok -", text, flush=True)
    sys.exit(failures > 0)


def check(build, shared, *names):
    report(build, shared, lambda *args: check_all(*args, [t for t in TASKS if not names or t.__name__ in names]))


if __name__ == "__main__":
    {"bec": bec, "seat": seat, "winobias": winobias, "check": check}[sys.argv[1]](*sys.argv[2:])
