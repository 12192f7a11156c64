"""ADEPT and DPCE as a careful user of PyTorch and transformers would write them, for step.py: a batch padded to its longest text,
the frozen original on the groups' texts alone, words picked by one product; no loop over samples.

Sampling, selection and losses are the defaults of docs/methods.md; other settings are refused.
"""
import csv
import copy
import os
import sys
import tempfile

import torch
from transformers import BertTokenizerFast

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "oracle"))
import debias  # noqa: E402

USUAL = dict(algorithm="finetuning", layers="all", select="mean", sampling="cycles", mse="tokens", distance="mse")
USUAL["proto-mask"] = "yes"


def tokenizer_of(pieces):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "vocab.txt")
        open(path, "w", encoding="utf-8").write("\n".join(pieces) + "\n")
        return BertTokenizerFast(vocab_file=path, do_lower_case=True)


class Debias(debias.Debias):
    """The losses `near` and the numbers of the examples are those of the oracle; everything per sample is replaced."""

    def __init__(self, s, model, pieces):
        name = s["method"]
        self.s, self.o = s, {k[len(name) + 1:]: v for k, v in s.items() if k.startswith(name + "-")}
        for key, value in USUAL.items():
            if self.o.get(key, value) != value:
                raise SystemExit(f"{name}-{key} = {self.o[key]}: the peer knows {value} alone")
        self.draws, self.seed = int(self.o["draws"]), int(s["seed"])
        self.size = int(s["batch"]) // self.draws
        self.original = copy.deepcopy(model).eval().requires_grad_(False)
        rows, names = list(csv.DictReader(open(s["train-data"], encoding="utf-8"))), ["neutral"]
        for row in rows:
            if row["group"] not in names:
                names.append(row["group"])
        tokenizer = tokenizer_of(pieces)
        self.ids = tokenizer([row["text"] for row in rows], truncation=True, max_length=int(s["max-length"]))["input_ids"]
        words = tokenizer([row["word"] for row in rows], add_special_tokens=False)["input_ids"]
        at = [next((t for t in range(len(ids)) if ids[t:t + len(word)] == word), None) for ids, word in zip(self.ids, words)]
        there = [i for i in range(len(rows)) if at[i] is not None]  # the words of the others stand behind the cut
        self.marks = [(at[i], at[i] + len(words[i])) for i in there]
        self.ids, self.kind, self.kinds = [self.ids[i] for i in there], [names.index(rows[i]["group"]) for i in there], len(names)
        per_kind = min(self.kind.count(k) for k in range(1, self.kinds)) // self.size
        self.steps = -(-self.kinds * per_kind // self.draws)
        self.epoch = -1

    def padded(self, items):
        """ids, which of them are there, and the share of each in the word's vector."""
        length = torch.tensor([len(self.ids[i]) for i in items])
        place = torch.arange(int(length.max()))[None] < length[:, None]
        ids, weight = torch.zeros(place.shape, dtype=torch.long), torch.zeros(place.shape)
        ids[place] = torch.tensor([t for i in items for t in self.ids[i]])
        for b, i in enumerate(items):
            lo, hi = self.marks[i]
            weight[b, lo:hi] = 1 / (hi - lo)
        return ids, place, weight

    def vectors(self, states, weight):
        """[n, L + 1, D] of the tuple of layers [n, T, D]."""
        return torch.stack([torch.einsum("btd,bt->bd", h, weight) for h in states], 1)

    @torch.no_grad()
    def begin(self, model, epoch):
        """Prototypes, when an epoch begins; outside of the clock, as in the run."""
        if epoch == self.epoch:
            return
        self.epoch, self.prototypes = epoch, []
        for k in range(1, self.kinds):
            items, total = sorted((i for i, of in enumerate(self.kind) if of == k), key=lambda i: len(self.ids[i])), 0
            for first in range(0, len(items), 32):
                ids, place, weight = self.padded(items[first:first + 32])
                states = model.bert(ids, attention_mask=place.long(), output_hidden_states=True).hidden_states
                total = total + self.vectors(states, weight).sum(0)
            self.prototypes.append(total / len(items))

    def loss(self, batch, model):
        items = batch["sample"]
        ids, place, weight = self.padded(items)
        assert ids[place].tolist() == batch["ids"], "the tokenizers differ"
        states = model.bert(ids, attention_mask=place.long(), output_hidden_states=True).hidden_states
        neutral = [k * self.size for k in range(len(items) // self.size) if self.kind[items[k * self.size]] == 0]
        n_draws, loss = len(items) // self.size, 0.0
        for first in neutral:
            at = slice(first, first + self.size)
            loss = loss + float(self.o["alpha"]) / n_draws * self.near(self.vectors([h[at] for h in states], weight[at]))
        groups = torch.tensor([b for b in range(len(items)) if self.kind[items[b]] > 0], dtype=torch.long)
        if not len(groups):
            return loss
        longest = int(place[groups].sum(1).max())
        ids, seen = ids[groups, :longest], place[groups, :longest]
        with torch.no_grad():
            stay = self.original.bert(ids, attention_mask=seen.long(), output_hidden_states=True).hidden_states
        draw = groups // self.size
        tokens = torch.zeros(n_draws).index_add(0, draw, seen.sum(1).float())
        share = seen / tokens[draw][:, None] / (len(states) * states[0].shape[-1])  # of a token's sum of squares in its draw's mean
        square = sum((((h[groups, :longest] - o) ** 2).sum(-1) * share).sum() for h, o in zip(states, stay))
        return loss + float(self.o["beta"]) / n_draws * square
