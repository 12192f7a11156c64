"""The task losses of the methods, written from their papers and docs/methods.md with PyTorch's autograd.

task(s, batch, model, hidden) -> (loss, terms, whole): s settings of the run; batch a step of the trace as lists; model with
its parts (replay.load_model); hidden [N, D] last states; terms in the order of the log; whole [B]: samples whose states
belong to class means.
"""
import torch
import torch.nn.functional as F


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
        v = torch.tanh(model.pooler(first))
    else:
        v = model.sentence["out_proj"](torch.tanh(model.sentence["dense"](first)))
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
    lm = masked_lm(batch, model, hidden)
    terms = [contrast, align, lm]
    if s["mabel-gradient"] == "local-mean":
        contrast, align = (x.detach() + (x - x.detach()) / ranks for x in (contrast, align))
    loss = contrast + float(s["mabel-align-weight"]) * align + float(s["mabel-mlm-weight"]) * lm
    return loss, terms, [b % 2 == 0 for b in range(n)]


def task_of(s):
    return {"mlm": mlm, "bec": mlm, "cda": mlm, "mabel": mabel}[s["method"]]
