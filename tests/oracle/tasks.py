"""The task losses of the methods, written from their papers and docs/methods.md with PyTorch's autograd.

task(s, batch, model, hidden) -> (loss, terms, whole): s settings of the run; batch a step of the trace as lists; model with
its parts (replay.load_model); hidden [N, D] last states; terms in the order of the log; whole [B]: samples whose states
belong to class means.
"""
import re

import torch
import torch.nn.functional as F

import debias


def masked_lm(batch, model, hidden):
    label = torch.tensor(batch["label"])
    chosen = label >= 0
    return F.cross_entropy(model.cls(hidden[chosen]), label[chosen])


def mlm(s, batch, model, hidden, ranks=1):
    return masked_lm(batch, model, hidden), [], [True] * (len(batch["offset"]) - 1)


def mabel(s, batch, model, hidden, ranks=1):
    n = len(batch["offset"]) - 1  # a text whole, then masked; four texts of an item
    first = hidden[torch.tensor(batch["offset"][:-1:2])]
    if s["mabel-vector"] == "pooler":
        u = model.pooler(first)
        v = torch.tanh(u)
    else:
        u = model.sentence["dense"](first)
        v = model.sentence["out_proj"](torch.tanh(u))
    o0, o1, a0, a1 = v.view(n // 8, 4, -1).unbind(1)
    tau = float(s["mabel-temperature"])

    def cosines(x, y):
        return F.cosine_similarity(x[:, None], y[None], dim=-1) / tau
    logits = cosines(torch.cat([o0, a0]), torch.cat([o1, a1]))
    contrast = F.cross_entropy(logits, torch.arange(len(logits)))
    align = torch.zeros((), dtype=contrast.dtype)
    if s["mabel-align"] == "a1":
        align = ((cosines(o0, o1) - cosines(a0, a1)) ** 2).sum(1).mean()
    if s["mabel-align"] == "a2":
        align = ((o0 - a0) ** 2).sum(1).mean() + ((o1 - a1) ** 2).sum(1).mean()
    if s["mabel-align"] == "a3":
        u0, u1, w0, w1 = u.view(n // 8, 4, -1).unbind(1)  # before tanh: texts, then their swapped copies
        align = F.cross_entropy(cosines(torch.cat([u0, u1]), torch.cat([w0, w1])), torch.arange(len(logits)))
    lm = masked_lm(batch, model, hidden)
    terms = [contrast, align, lm]
    if s["mabel-gradient"] == "local-mean":
        contrast, align = (x.detach() + (x - x.detach()) / ranks for x in (contrast, align))
    loss = contrast + float(s["mabel-align-weight"]) * align + float(s["mabel-mlm-weight"]) * lm
    return loss, terms, [b % 2 == 0 for b in range(n)]


def pieces_of(text, place):
    """The greedy longest pieces of each word between blanks, small and cut at punctuation, as BERT's tokenizer cuts ASCII; place: piece -> id."""
    return [[i for part in re.findall(r"\w+|[^\w\s]", word) for i in pieces_of_part(part, place)] for word in text.lower().split()]


def pieces_of_part(part, place):
    start, found = 0, []
    while start < len(part):
        end = len(part)
        while end > start and ("##" if start else "") + part[start:end] not in place:
            end -= 1
        if end == start:
            return [place["[UNK]"]]
        found.append(place[("##" if start else "") + part[start:end]])
        start = end
    return found


class Ase:
    """Direction, Fisher numbers and marks of a run; the model is that of the start."""

    def __init__(self, s, model, named, place):
        self.s, self.place = s, place
        self.words = [w for w in pieces_of(open(s["ase-neutral"]).read(), place) if place["[UNK]"] not in w] if float(s["ase-orthogonal"]) else []
        self.origin = {n: p.detach().clone() for n, p in named.items()}
        if self.words:
            male, female = (self.sum_of_states(model, s[k]) for k in ("ase-male", "ase-female"))
            self.direction = (male - female) / (male - female).norm()
        if float(s["ase-elastic"]):
            self.fisher = self.estimate(model, named)

    def ids(self, pieces):
        return torch.tensor([[self.place["[CLS]"], *(i for w in pieces for i in w), self.place["[SEP]"]]])

    def sum_of_states(self, model, path):
        with torch.no_grad():
            return model.bert(self.ids(pieces_of(open(path).read(), self.place))).last_hidden_state[0, 1:-1].sum(0)

    def estimate(self, model, named):
        fisher, chain = {n: torch.zeros_like(p) for n, p in named.items()}, {n: torch.zeros_like(p) for n, p in named.items()}
        lines = [line for line in open(self.s["ase-fisher-data"])][:int(self.s["ase-fisher-lines"])]
        for line in lines:
            ids = self.ids(pieces_of(line, self.place))
            loss = F.cross_entropy(model.cls(model.bert(ids).last_hidden_state[0]), ids[0])
            for (n, p), g in zip(named.items(), torch.autograd.grad(loss, list(named.values()), allow_unused=True)):
                g = torch.zeros_like(p) if g is None else g
                chain[n] += g
                fisher[n] += (chain[n] if self.s["ase-fisher-cumulative"] == "yes" else g) ** 2
        return {n: f / len(lines) for n, f in fisher.items()}

    def marks(self, ids):
        found = set()
        for w in self.words:
            for t in range(len(ids) - len(w) + 1):
                if self.s["ase-first"] == "yes" and w[0] in ids[:t]:
                    break
                if ids[t:t + len(w)] == w:
                    found |= set(range(t, t + len(w)))
        return sorted(found)

    def __call__(self, s, batch, model, hidden, ranks=1):
        n = len(batch["offset"]) - 1
        lm = masked_lm(batch, model, hidden)
        along, elastic = torch.zeros((), dtype=lm.dtype), torch.zeros((), dtype=lm.dtype)
        for lo, hi in zip(batch["offset"][:-1], batch["offset"][1:]):
            for t in self.marks(batch["ids"][lo:hi]) if self.words else []:
                x = hidden[lo + t] @ self.direction
                along = along + (x * x if s["ase-squares"] == "yes" else x.abs())
        if float(s["ase-elastic"]):
            for name, p in model.named_parameters():
                if name in self.fisher:
                    elastic = elastic + (self.fisher[name] * (p - self.origin[name]) ** 2).sum()
        loss = lm + float(s["ase-orthogonal"]) * along + float(s["ase-elastic"]) * elastic
        return loss, [lm, along, elastic], [True] * n


def task_of(s, model, named, pieces):
    if s["method"] in ("adept", "dpce"):
        return debias.Debias(s, model, {p: i for i, p in reversed(list(enumerate(pieces)))})
    if s["method"] == "ase":
        return Ase(s, model, named, {p: i for i, p in reversed(list(enumerate(pieces)))})
    return {"mlm": mlm, "bec": mlm, "cda": mlm, "mabel": mabel}[s["method"]]
