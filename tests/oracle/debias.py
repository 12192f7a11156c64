"""ADEPT and DPCE for replay.py, written from docs/methods.md with PyTorch's autograd: prototypes, losses, and which examples
are drawn (Philox, as base/random.h says)."""
import copy
import csv

import torch

HELD_OUT, KINDS, CYCLE, FRESH, MEAN = range(5)  # streams
PURPOSE = 11


def philox(key, counter):
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ k[1], a & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def order(seed, stream, step, sample, n):
    out = list(range(n))
    for i in range(n - 1, 0, -1):
        word = philox((seed & 0xFFFFFFFF, seed >> 32), (i, sample, step, PURPOSE << 24 | stream))[0]
        j = word * (i + 1) >> 32
        out[i], out[j] = out[j], out[i]
    return out


class Debias:
    def __init__(self, s, model, place):
        from tasks import pieces_of
        name = s["method"]
        self.s, self.o, self.number = s, {k[len(name) + 1:]: v for k, v in s.items() if k.startswith(name + "-")}, 0
        self.draws, self.seed, self.pad = int(self.o["draws"]), int(s["seed"]), model.config.pad_token_id
        self.size = int(s["batch"]) // self.draws
        self.original = copy.deepcopy(model)
        if self.o.get("algorithm") == "prompt":
            self.original.prefix = torch.nn.ParameterList()
        self.ids, self.marks, self.kind, names = [], [], [], ["neutral"]
        for row in csv.DictReader(open(s["train-data"], encoding="utf-8")):
            if row["group"] not in names:
                names.append(row["group"])
            word, text = (sum(pieces_of(row[k], place), []) for k in ("word", "text"))
            at = next(t for t in range(len(text)) if text[t:t + len(word)] == word) + 1
            self.ids.append([place["[CLS]"], *text, place["[SEP]"]])
            self.marks.append(list(range(at, at + len(word))))
            self.kind.append(names.index(row["group"]))
        self.kinds, self.train = len(names), []
        for k in range(self.kinds):
            items = [i for i, of in enumerate(self.kind) if of == k]
            held = {items[p] for p in order(self.seed, HELD_OUT, 0, k, len(items))[:int(self.o["held-out"])]}
            self.train.append([i for i in items if i not in held])
        self.per_kind = min(len(t) for t in self.train[1:]) // self.size
        self.of_epoch = self.kinds * self.per_kind
        if self.o["sampling"] == "fresh":
            self.of_epoch -= self.of_epoch % self.draws
        self.steps = -(-self.of_epoch // self.draws)
        self.pads = self.o["mse"] == "all"

    def drawn(self, epoch, draw):
        kinds = [i % self.kinds for i in order(self.seed, KINDS, epoch, 0, self.kinds * self.per_kind)]
        k = kinds[draw]
        n = len(self.train[k])
        if self.o["sampling"] == "fresh":
            return [self.train[k][i] for i in order(self.seed, FRESH, epoch * self.of_epoch + draw, k, n)[:self.size]]
        before = epoch * self.per_kind + kinds[:draw].count(k)
        first = before % (n // self.size) * self.size
        return [self.train[k][i] for i in order(self.seed, CYCLE, before // (n // self.size), k, n)[first:first + self.size]]

    def layers(self, x):
        return {"all": x, "first": x[:1], "last": x[-1:]}[self.o["layers"]]

    def vector(self, states, item, most):
        """[K, D] of states [L + 1, n, D]."""
        at, x = torch.tensor(self.marks[item]), self.layers(states)
        if self.o["select"] == "legacy":
            return x[:, at - int(most > 1)].sum(1) / most
        return x[:, at].mean(1)

    def most(self, items):
        return max(len(self.marks[i]) for i in items)

    @torch.no_grad()
    def set_prototypes(self, model, epoch):
        from replay import layer_states
        self.prototypes = []
        for k in range(1, self.kinds):
            batches = [[i] for i in self.train[k]]
            if self.o["select"] == "legacy" or self.o["proto-mask"] == "no":
                items = [self.train[k][i] for i in order(self.seed, MEAN, epoch, k, len(self.train[k]))]
                batches = [items[b * self.size:(b + 1) * self.size] for b in range(self.per_kind)]
            vectors = []
            for items in batches:
                longest = max(len(self.ids[i]) for i in items) if self.o["proto-mask"] == "no" else 0
                for i in items:
                    ids = self.ids[i] + [self.pad] * (longest - len(self.ids[i]))
                    vectors.append(self.vector(layer_states(model, ids, [0] * len(ids)), i, self.most(items)))
            self.prototypes.append(torch.stack(vectors).mean(0))

    def near(self, vectors):
        """vectors [n, K, D] of neutral words."""
        if self.s["method"] == "dpce":
            products = torch.stack([(vectors * a).sum(2) for a in self.prototypes])  # [groups, n, K]
            return (products.mean((1, 2)) ** 2).sum() if self.o["product"] == "mean" else (products**2).mean((1, 2)).sum()
        rho = float(self.o["rho"])
        p = [torch.softmax(-((vectors - a) ** 2).sum((1, 2)) / (2 * rho * rho), 0) for a in self.prototypes]
        pairs = [(x, y) for i, x in enumerate(p) for y in p[i + 1:]]
        return sum((x * (2 * x / (x + y)).log2() + y * (2 * y / (x + y)).log2()).sum() / 2 for x, y in pairs) / len(pairs)

    def distance(self, states, stay):
        """Of [L + 1, N, D], all samples of a draw side by side."""
        if self.o["distance"] == "mse":
            return ((stay - states) ** 2).mean()
        kl = 0
        for sign in (1, -1):
            log_p, log_q = torch.log_softmax(sign * stay, -1), torch.log_softmax(sign * states, -1)
            kl = kl + (log_p.exp() * (log_p - log_q)).sum(-1).mean() / torch.log(torch.tensor(2.0, dtype=stay.dtype))
        return kl

    def __call__(self, s, batch, model, hidden, ranks=1):
        from replay import layer_states
        epoch, step = divmod(self.number, self.steps)
        self.number += 1
        if step == 0:
            self.set_prototypes(model, epoch)
        n_draws, n_near = len(batch["sample"]) // self.size, 0
        near = distance = torch.zeros((), dtype=hidden.dtype)
        for k in range(n_draws):
            items = batch["sample"][k * self.size:(k + 1) * self.size]
            assert items == self.drawn(epoch, step * self.draws + k), f"step {self.number}, draw {k}: other examples"
            spans = [(batch["offset"][k * self.size + b], batch["offset"][k * self.size + b + 1]) for b in range(self.size)]
            parts = [batch["layers"][:, lo:hi] for lo, hi in spans]
            if self.kind[items[0]] == 0:
                n_near += 1
                near = near + self.near(torch.stack([self.vector(x, i, self.most(items)) for x, i in zip(parts, items)])) / n_draws
                continue
            longest = max(len(self.ids[i]) for i in items)
            assert not self.pads or all(hi - lo == longest for lo, hi in spans), "texts are filled up"
            stay = []
            for (lo, hi), i in zip(spans, items):
                ids = batch["ids"][lo:hi]
                assert ids == self.ids[i] + [self.pad] * (hi - lo - len(self.ids[i])), "the ids of the text"
                seen = (torch.tensor(ids) != self.pad).to(hidden.dtype) if self.pads else None
                with torch.no_grad():
                    stay.append(layer_states(self.original, ids, [0] * len(ids), seen))
            distance = distance + self.distance(torch.cat(parts, 1), torch.cat(stay, 1)) / n_draws
        loss = float(self.o["alpha"]) * near + float(self.o["beta"]) * distance
        terms = [x * n_draws / n if n else torch.tensor(float("nan")) for x, n in ((near, n_near), (distance, n_draws - n_near))]  # means over their own draws
        return loss, terms, [True] * len(batch["sample"])
