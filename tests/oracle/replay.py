"""Replay a traced run in PyTorch and compare losses, gradient norms and final weights.

  collapse train RUN.conf --trace=T.h5 --dropout=0 --checkpoint-steps=1000000
  python tests/oracle/replay.py T.h5 RUN_FOLDER INIT.h5 [--f64]

The model is transformers' BertForMaskedLM, the optimizer torch.optim.AdamW or the former AdamW of
transformers written out, the regularizer a few lines of autograd written from the formulas of
docs/training.md, not from the C code. Prints one line of largest differences; exits 1 above the
bars: losses 1e-5 relative, final weights 1e-4 of the size of the update (key biases apart: their true
gradient is 0, so that their updates are rounding noise in both programs).
"""
import argparse
import math
import os
import sys

import h5py
import torch
from transformers import BertConfig, BertForMaskedLM, DynamicCache

sys.path.insert(0, os.path.dirname(__file__))
import bf16  # noqa: E402
import tasks  # noqa: E402

EPS = 2.0**-23


def load_model(path, dtype, untied=False):
    """BertForMaskedLM; where the file has them, with .pooler and .sentence, modules of products. untied: the decoder becomes
    a matrix of its own, which begins as the word embeddings. A prefix is .prefix, a parameter [X, 2D] of each layer."""
    with h5py.File(path) as f:
        a = dict(f["model"].attrs)
        config = BertConfig(
            vocab_size=int(a["vocab_size"]), hidden_size=int(a["hidden_size"]),
            num_hidden_layers=int(a["num_hidden_layers"]), num_attention_heads=int(a["num_attention_heads"]),
            intermediate_size=int(a["intermediate_size"]), max_position_embeddings=int(a["max_position_embeddings"]),
            type_vocab_size=int(a["type_vocab_size"]), pad_token_id=int(a["pad_token_id"]),
            layer_norm_eps=float(a["layer_norm_eps"]), hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
            tie_word_embeddings=bool(a["tie_word_embeddings"]) and not untied)
        model = BertForMaskedLM(config).to(dtype)
        weights = {n: torch.tensor(d[()]).to(dtype) for n, d in f["model/weights"].items()}
        pieces = [p.decode() for p in f["tokenizer/vocab"][()]]
    width = model.config.hidden_size
    if "sentence.dense.weight" in weights:
        model.sentence = torch.nn.ModuleDict({n: torch.nn.Linear(width, width) for n in ("dense", "out_proj")}).to(dtype)
    if "bert.pooler.dense.weight" in weights:
        model.pooler = torch.nn.Linear(width, width).to(dtype)
        weights.update({"pooler." + n: weights["bert.pooler.dense." + n] for n in ("weight", "bias")})
    prefix = [weights[f"bert.encoder.layer.{l}.attention.self.prefix"] for l in range(model.config.num_hidden_layers)] if a.get("prefix_length", 0) else []
    model.prefix = torch.nn.ParameterList(p.clone() for p in prefix)
    model.prefix_shifts = bool(a.get("prefix_shifts_positions", 0))
    if not model.config.tie_word_embeddings:
        weights.setdefault("cls.predictions.decoder.weight", weights["bert.embeddings.word_embeddings.weight"].clone())
    model.load_state_dict(weights, strict=False)
    if model.config.tie_word_embeddings:
        model.tie_weights()
    return model, weights, pieces


def layer_states(model, ids, kind, mask=None):
    """[L + 1, n, D] of one sample. mask [n]: positions that others see."""
    n, cache, more = len(ids), None, {}
    if len(model.prefix):
        cache = DynamicCache()
        for layer, p in enumerate(model.prefix):
            keys = p.view(1, len(p), 2, model.config.num_attention_heads, -1).permute(2, 0, 3, 1, 4)
            cache.update(keys[0], keys[1], layer)
        if not model.prefix_shifts:
            more = dict(position_ids=torch.arange(n)[None])
        mask = torch.cat([torch.ones(len(model.prefix[0])), torch.ones(n) if mask is None else mask])
    mask = None if mask is None else mask[None]
    out = model.bert(torch.tensor([ids]), token_type_ids=torch.tensor([kind]), attention_mask=mask, past_key_values=cache, output_hidden_states=True, **more)
    return torch.cat(out.hidden_states)


def settings_of(folder):
    out = {}
    for line in open(folder + "/run.conf"):
        key, value = line.split("=", 1)
        out[key.strip()] = value.strip()
    return out


def class_ids(folder):
    import glob
    newest = sorted(glob.glob(folder + "/step-*.h5"))[-1]
    with h5py.File(newest) as f:
        return (f["collapse/class_id"][()].tolist() if "collapse" in f else [])


def pairs(s, ids, true_ids, label, n):
    """(position, class id) of one sample under nc-align and nc-ids."""
    source = true_ids if s["nc-ids"] == "true" else ids
    if s["nc-align"] == "same":
        return [(t, source[t]) for t in range(n)]
    if s["nc-align"] == "shift":
        return [(t, source[t + 1]) for t in range(n - 1)]
    return [(t, label[t]) for t in range(n) if label[t] >= 0]


def measure(metric, w, mu, var):
    """R of rows w [K, D], means mu [K, D], within-class variances var [K]."""
    k = len(w)
    if k < 2:
        return torch.zeros((), dtype=w.dtype)
    d = mu - mu.mean(0)
    m = d / (d.norm(dim=1, keepdim=True) + EPS)
    u = w / (w.norm(dim=1, keepdim=True) + EPS)
    s = (m * u).sum(1)
    if metric == "unc3":
        return s.std()
    if metric == "nc3":
        return (1 - s).mean()
    if metric == "nc1":
        p = (u * d).sum(1)
        return (var + (d * d).sum(1) - p * p).sum() / (d * d).sum()

    def interference(x):
        unit = x / (x.norm(dim=1, keepdim=True) + EPS)
        i, j = torch.triu_indices(k, k, 1)
        return (((unit @ unit.T)[i, j] + 1 / (k - 1)) ** 2).mean()
    return 0.5 * (interference(d) + interference(w - w.mean(0)))


class Statistics:
    """Running class sums; the current batch is part of them, older states are constants."""

    def __init__(self, s, ids, width):
        self.s, self.ids, self.place = s, ids, {c: i for i, c in enumerate(ids)}
        self.width = width
        self.clear()

    def clear(self):
        k = len(self.ids)
        self.sum = torch.zeros(k, self.width, dtype=torch.float64)
        self.square, self.weight = torch.zeros(k, dtype=torch.float64), torch.zeros(k, dtype=torch.float64)
        self.seen = torch.zeros(k, dtype=torch.bool)

    def value_of_parts(self, states, classes, part, parts, word, epoch_begins):
        """nc-eval = micro: part [n] of the step each state is of; the measure after each part, and the mean of them."""
        mean, n = 0.0, 0
        for k in range(parts):
            at = [i for i, of in enumerate(part) if of == k]
            r, n = self.value(states[at], [classes[i] for i in at], word, epoch_begins, begins=k == 0)
            mean = mean + r / parts
        return mean, n

    def value(self, states, classes, word, epoch_begins, begins=True):
        s = self.s
        if begins and (s["nc-reset"] == "step" or (s["nc-reset"] == "epoch" and epoch_begins)):
            self.clear()
        fade = float(s["nc-reset"][4:]) if begins and s["nc-reset"].startswith("ema:") else 1.0
        x, c = states.double(), torch.tensor(classes, dtype=torch.long)
        x = x if s["nc-grad"] == "both" else x.detach()
        k = len(self.ids)
        total = fade * self.sum + torch.zeros(k, self.width, dtype=torch.float64).index_add(0, c, x)
        square = fade * self.square + torch.zeros(k, dtype=torch.float64).index_add(0, c, (x * x).sum(1))
        weight = fade * self.weight + torch.bincount(c, minlength=k).double()
        self.seen |= torch.bincount(c, minlength=k) > 0
        self.sum, self.square, self.weight = total.detach(), square.detach(), weight.detach()
        a = self.seen.nonzero()[:, 0]
        mu = total[a] / (weight[a, None] + EPS)
        var = (square[a] / (weight[a] + EPS) - (mu * mu).sum(1)).clamp(min=0)
        rows = word[torch.tensor(self.ids)[a]].double()
        return measure(s["nc-metric"], rows, mu, var), len(a)


class Adam:
    def __init__(self, params, form, eps, decay, exempt):
        self.params, self.form, self.eps, self.decay, self.exempt, self.t = params, form, eps, decay, exempt, 0
        self.m = [torch.zeros_like(p) for p in params]
        self.v = [torch.zeros_like(p) for p in params]

    @torch.no_grad()
    def step(self, rate, scale):
        self.t += 1
        c1, c2 = 1 - 0.9**self.t, 1 - 0.999**self.t
        for p, m, v, exempt in zip(self.params, self.m, self.v, self.exempt):
            g = p.grad * scale
            decay = 0.0 if exempt else self.decay
            m.mul_(0.9).add_(g, alpha=0.1)
            v.mul_(0.999).addcmul_(g, g, value=0.001)
            if self.form == "torch":
                p.mul_(1 - rate * decay)
                p.sub_(rate / c1 * m / ((v / c2).sqrt() + self.eps))
            else:
                p.sub_(rate * math.sqrt(c2) / c1 * m / (v.sqrt() + self.eps))
                p.mul_(1 - rate * decay)


def name_in_file(name):
    if name.startswith("prefix."):
        return f"bert.encoder.layer.{name[7:]}.attention.self.prefix"
    return "bert.pooler.dense." + name[7:] if name.startswith("pooler.") else name


def replay(trace_path, folder, init, f64=False, ranks=1, keep=None):
    """Largest relative differences of the losses, and the difference of the final weights over the update. keep: a dict
    that receives the parameters, with the gradients of the last step."""
    s, dtype = settings_of(folder), torch.float64 if f64 else torch.float32
    model, start, pieces = load_model(init, dtype, s.get("mabel-tie") == "no")
    model.train()
    if s.get("precision") == "bf16":
        bf16.round_products(model)
    named = {n: p for n, p in model.named_parameters() if n != "cls.predictions.decoder.bias"}
    if s.get("adept-algorithm") == "prompt":
        named = {n: p for n, p in named.items() if n.startswith("prefix.")}
    if keep is not None:
        keep.update(named)
    exempt = ["bias" in n or "LayerNorm.weight" in n for n in named]
    adam = Adam(list(named.values()), s["adam"], float(s["adam-epsilon"]), float(s["weight-decay"]), exempt)
    nc_weight = float(s.get("nc-weight", 0))
    words = class_ids(folder) if nc_weight else []
    statistics = Statistics(s, words, model.config.hidden_size)
    own = dict(model.named_parameters())
    word = own["bert.embeddings.word_embeddings.weight"] if model.config.tie_word_embeddings else own["cls.predictions.decoder.weight"]
    method, more = tasks.task_of(s, model, named, pieces), {"ranks": ranks} if ranks > 1 else {}
    worst, history = dict(loss=0.0, task_loss=0.0, nc_loss=0.0, grad_norm=0.0), []
    trace = h5py.File(trace_path)
    steps = sorted(k for k in trace if k.startswith("step_"))
    seen = set()
    for number, step in enumerate(steps):
        g = trace[step]
        batch = {n: g[n][()].tolist() for n in g}
        ids, label, true_ids, offset = (batch[n] for n in ("ids", "label", "true_ids", "offset"))
        kind = batch.get("kind", [0] * len(ids))
        samples = set(g["sample"][()].tolist())
        begins = number % method.steps == 0 if hasattr(method, "steps") else number == 0 or bool(samples & seen)
        seen = samples if begins else seen | samples
        hidden, picked, classes, part = [], [], [], []
        for b in range(len(offset) - 1):
            lo, hi = offset[b], offset[b + 1]
            seen_by = (torch.tensor(ids[lo:hi]) != model.config.pad_token_id).to(dtype) if getattr(method, "pads", False) else None
            hidden.append(layer_states(model, ids[lo:hi], kind[lo:hi], seen_by))
        batch["layers"] = torch.cat(hidden, dim=1)
        hidden = batch["layers"][-1]
        task, terms, whole = method(s, batch, model, hidden, **more)
        for b in range(len(offset) - 1):
            lo, hi = offset[b], offset[b + 1]
            for t, c in pairs(s, ids[lo:hi], true_ids[lo:hi], label[lo:hi], hi - lo):
                if c in statistics.place and (whole[b] or s["nc-align"] == "masked"):
                    picked.append(lo + t), classes.append(statistics.place[c]), part.append(b // getattr(method, "size", 1))
        nc, n_classes = torch.zeros(()), 0
        if nc_weight:
            states = hidden[picked]
            if s["nc-space"] == "transform":
                states = model.cls.predictions.transform(states)
            if s["nc-eval"] == "micro":
                nc, n_classes = statistics.value_of_parts(states, classes, part, len(whole) // method.size, word, begins)
            else:
                nc, n_classes = statistics.value(states, classes, word, begins)
        loss = task + nc_weight * nc
        model.zero_grad()
        loss.backward()
        for p in named.values():
            p.grad = torch.zeros_like(p) if p.grad is None else p.grad
        norm = math.sqrt(sum(float((p.grad.double() ** 2).sum()) for p in named.values()))
        limit = float(s["clip"])
        adam.step(g.attrs["learning_rate"], min(1.0, limit / (norm + 1e-6)) if limit > 0 else 1.0)
        nc = nc.item() if n_classes > 1 else math.nan  # fewer than two classes: not measured
        history.append((loss.item(), task.item(), nc, *(t.item() for t in terms)))
        for name, value in (("loss", loss), ("task_loss", task), ("nc_loss", nc), ("grad_norm", norm)):
            value = value.item() if torch.is_tensor(value) else value
            if math.isnan(value) != math.isnan(g.attrs[name]):
                worst[name] = math.inf
            elif not math.isnan(value) and (value or g.attrs[name]):
                worst[name] = max(worst[name], abs(value - g.attrs[name]) / max(abs(value), 1e-12))
    difference = update = 0.0
    with h5py.File(folder + "/model.h5") as f:
        for name, p in named.items():
            if name.endswith("attention.self.key.bias"):
                continue  # softmax does not see it: its gradient is 0 up to rounding, and Adam blows rounding up to full steps
            p = p.detach().double()
            ours = torch.tensor(f["model/weights/" + name_in_file(name)][()]).double()
            difference += float(((ours - p) ** 2).sum())
            update += float(((p - start.get(name, start.get(name_in_file(name))).double()) ** 2).sum())
    return len(steps), worst, math.sqrt(difference / update), history


def passes(worst, weights):
    return worst["loss"] <= 1e-5 and worst["task_loss"] <= 1e-5 and math.isfinite(worst["nc_loss"]) and weights <= 1e-4


def describe(steps, worst, weights):
    return f"{steps} steps: relative differences " + " ".join(f"{k} {v:.1e}" for k, v in worst.items()) + f"; weights {weights:.1e} of the update"


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("trace"), ap.add_argument("folder"), ap.add_argument("init")
    ap.add_argument("--f64", action="store_true", help="replay in double precision")
    a = ap.parse_args()
    steps, worst, weights, _ = replay(a.trace, a.folder, a.init, a.f64)
    print(describe(steps, worst, weights))
    sys.exit(not passes(worst, weights))


if __name__ == "__main__":
    main()
