"""Write tests/golden/model.h5: a tiny BERT with its hidden states, logits, loss and every gradient,
computed by transformers in fp64; and tests/golden/unicode.txt: hashes of what Hugging Face's
tokenizers makes of every Unicode scalar value. With the folder of real data also
tests/golden/minilm.h5: states and logits of its real model on a few sentences; tests/golden/parts.h5: another tiny
BERT, with an untied decoder, pooler, sentence head and prefix; tests/golden/next.h5: one with a next-sentence head; tests/golden/contrast.h5: losses over cosines;
tests/golden/prototypes.h5: words among the mean vectors of groups, and states that stay where they are.

  python tests/oracle/make_golden.py [SHARED]         (torch, transformers, tokenizers, h5py, xxhash)
"""
import sys

import h5py
import numpy as np
import torch
import xxhash
from tokenizers import normalizers, pre_tokenizers
from transformers import AutoModelForMaskedLM, AutoTokenizer, BertConfig, BertForMaskedLM, BertForPreTraining, DynamicCache
from transformers.models.bert.modeling_bert import BertPooler

from file_hash import hash_datasets

CONFIG = dict(vocab_size=61, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
              max_position_embeddings=33, type_vocab_size=2, pad_token_id=0, layer_norm_eps=1e-12,
              hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, initializer_range=0.02)
LENGTHS = [9, 1, 33, 17]


def model_arrays():
    torch.manual_seed(1)
    model = BertForMaskedLM(BertConfig(**CONFIG)).double().eval()
    for p in model.parameters():  # far from the initial values, so that no gradient is small
        p.data = torch.randn_like(p) * (0.3 if p.dim() == 2 else 0.2) + (1.0 if p.dim() == 1 and p.mean() > 0.5 else 0.0)
    rng = np.random.default_rng(2)
    n = sum(LENGTHS)
    ids, kind = rng.integers(0, CONFIG["vocab_size"], n), rng.integers(0, 2, n)
    ids[:3] = [0, 5, 0]  # the padding piece as an ordinary input: its row gets no gradient from the look-up
    label = np.where(rng.random(n) < 0.3, rng.integers(0, CONFIG["vocab_size"], n), -1)
    hidden, offset = [], np.concatenate([[0], np.cumsum(LENGTHS)])
    for lo, hi in zip(offset[:-1], offset[1:]):
        out = model.bert(torch.tensor(ids[None, lo:hi]), token_type_ids=torch.tensor(kind[None, lo:hi]))
        hidden.append(out.last_hidden_state[0])
    hidden = torch.cat(hidden)
    logits = model.cls(hidden)
    loss = torch.nn.functional.cross_entropy(logits[label >= 0], torch.tensor(label[label >= 0]))
    loss.backward()
    with h5py.File("tests/golden/model.h5", "w", libver=("v108", "v108")) as f:
        group = f.create_group("model")
        for k, v in CONFIG.items():
            group.attrs[k] = v
        for name, p in model.named_parameters():
            f["model/weights/" + name] = p.detach().numpy()
            f["gradient/" + name] = p.grad.numpy()
        f["ids"], f["kind"], f["label"] = ids.astype("<i4"), kind.astype("<i4"), label.astype("<i4")
        f["offset"] = offset.astype("<i4")
        f["hidden"], f["logits"], f["loss"] = hidden.detach().numpy(), logits.detach().numpy(), loss.item()
        hash_datasets(f)


class Parts(torch.nn.Module):
    """The parts that not every model has: a decoder of its own, pooler, sentence head, prefix."""

    def __init__(self, config, prefix):
        super().__init__()
        self.model = BertForMaskedLM(config)
        self.model.bert.pooler = BertPooler(config)
        d = config.hidden_size
        self.sentence = torch.nn.ModuleDict({"dense": torch.nn.Linear(d, d), "out_proj": torch.nn.Linear(d, d)})
        self.prefix = torch.nn.ParameterList(torch.randn(prefix, 2 * d) for _ in range(config.num_hidden_layers))

    def states(self, ids, kind):
        cache, c = DynamicCache(), self.model.config
        for layer, p in enumerate(self.prefix):  # [X, 2D]: key and value side by side
            heads = p.view(1, len(p), 2, c.num_attention_heads, -1).permute(2, 0, 3, 1, 4)
            cache.update(heads[0], heads[1], layer)
        return self.model.bert(ids, token_type_ids=kind, past_key_values=cache).last_hidden_state[0]

    def named(self):
        for name, p in self.named_parameters():
            layer = name.removeprefix("prefix.")
            yield (f"bert.encoder.layer.{layer}.attention.self.prefix" if layer != name else name.removeprefix("model."), p)


def parts_arrays():
    """tests/golden/parts.h5: tokens are counted from behind the prefix, as past_key_values does."""
    torch.manual_seed(3)
    sizes = dict(CONFIG, vocab_size=31, hidden_size=16, num_attention_heads=2, intermediate_size=24)
    model = Parts(BertConfig(**sizes, tie_word_embeddings=False), 3).double().eval()
    for p in model.parameters():
        p.data = torch.randn_like(p) * (0.3 if p.dim() == 2 else 0.2) + (1.0 if p.dim() == 1 and p.mean() > 0.5 else 0.0)
    rng = np.random.default_rng(4)
    lengths = [7, 1, 30, 12]
    n, offset = sum(lengths), np.concatenate([[0], np.cumsum(lengths)])
    ids, kind = rng.integers(1, sizes["vocab_size"], n), rng.integers(0, 2, n)
    label = np.where(rng.random(n) < 0.3, rng.integers(0, sizes["vocab_size"], n), -1)
    hidden = torch.cat([model.states(torch.tensor(ids[None, lo:hi]), torch.tensor(kind[None, lo:hi])) for lo, hi in zip(offset[:-1], offset[1:])])
    logits, first = model.model.cls(hidden), hidden[offset[:-1]]
    pooled = model.model.bert.pooler(first[:, None])
    sentence = model.sentence["out_proj"](torch.tanh(model.sentence["dense"](first)))
    i = torch.arange(pooled.numel(), dtype=torch.float64).view(pooled.shape)
    loss = torch.nn.functional.cross_entropy(logits[label >= 0], torch.tensor(label[label >= 0]))
    loss = loss + 0.1 * (torch.cos(i) * pooled).sum() + 0.1 * (torch.cos(i + 1) * sentence).sum()
    before_tanh = model.model.bert.pooler.dense(first), model.sentence["dense"](first)
    loss = loss + sum(0.1 * (torch.cos(i + shift) * u).sum() for shift, u in zip((2, 3), before_tanh))
    loss.backward()
    with h5py.File("tests/golden/parts.h5", "w", libver=("v108", "v108")) as f:
        group = f.create_group("model")
        for k, v in dict(sizes, tie_word_embeddings=0, pooler=1, sentence_head=1, prefix_length=3, prefix_shifts_positions=1).items():
            group.attrs[k] = v
        for name, p in model.named():
            if name == "cls.predictions.decoder.bias":
                continue  # is cls.predictions.bias
            f["model/weights/" + name] = p.detach().numpy()
            f["gradient/" + name] = p.grad.numpy()
        f["ids"], f["kind"], f["label"] = ids.astype("<i4"), kind.astype("<i4"), label.astype("<i4")
        f["offset"] = offset.astype("<i4")
        f["hidden"], f["logits"], f["loss"] = hidden.detach().numpy(), logits.detach().numpy(), loss.item()
        f["pooled"], f["sentence"] = pooled.detach().numpy(), sentence.detach().numpy()
        hash_datasets(f)


def next_arrays():
    """tests/golden/next.h5: pairs of texts, and the two logits that BertForPreTraining gives them."""
    torch.manual_seed(7)
    sizes = dict(CONFIG, vocab_size=31, hidden_size=16, num_attention_heads=2, intermediate_size=24)
    model = BertForPreTraining(BertConfig(**sizes)).double().eval()
    for p in model.parameters():
        p.data = torch.randn_like(p) * (0.3 if p.dim() == 2 else 0.2) + (1.0 if p.dim() == 1 and p.mean() > 0.5 else 0.0)
        p.data = p.data.float().double()  # as they are stored
    rng = np.random.default_rng(8)
    ids, kind, offset, logits = [], [], [0], []
    for _ in range(40):
        first, second = rng.integers(1, 15, 2)
        some = np.concatenate([[2], rng.integers(5, 31, first), [3], rng.integers(5, 31, second), [3]])
        types = np.repeat([0, 1], [first + 2, second + 1])
        logits.append(model(torch.tensor(some[None]), token_type_ids=torch.tensor(types[None])).seq_relationship_logits[0].detach().numpy())
        ids.append(some), kind.append(types), offset.append(offset[-1] + len(some))
    with h5py.File("tests/golden/next.h5", "w", libver=("v108", "v108")) as f:
        group = f.create_group("model")
        for k, v in dict(sizes, pooler=1, next_sentence_head=1).items():
            group.attrs[k] = v
        for name, p in model.named_parameters():
            if not name.startswith("cls.predictions.decoder."):
                f["model/weights/" + name] = p.detach().numpy().astype("<f4")
        f["ids"], f["kind"] = np.concatenate(ids).astype("<i4"), np.concatenate(kind).astype("<i4")
        f["offset"], f["logits"] = np.array(offset, dtype="<i4"), np.array(logits)
        hash_datasets(f)


def contrast_arrays():
    """tests/golden/contrast.h5: the losses of MABEL over the vectors [5 items, 4 texts, 7]."""
    torch.manual_seed(5)
    row = torch.randn(5, 4, 7, dtype=torch.float64, requires_grad=True)
    o0, o1, a0, a1 = row.unbind(1)

    def cosines(x, y):
        return torch.nn.functional.cosine_similarity(x[:, None], y[None], dim=-1) / 0.05
    losses = dict(contrast=torch.nn.functional.cross_entropy(cosines(torch.cat([o0, a0]), torch.cat([o1, a1])), torch.arange(10)),
                  agreement=((cosines(o0, o1) - cosines(a0, a1)) ** 2).sum(1).mean(),
                  distance=((o0 - a0) ** 2).sum(1).mean() + ((o1 - a1) ** 2).sum(1).mean(),
                  swapped=torch.nn.functional.cross_entropy(cosines(torch.cat([o0, o1]), torch.cat([a0, a1])), torch.arange(10)))
    with h5py.File("tests/golden/contrast.h5", "w", libver=("v108", "v108")) as f:
        f["row"] = row.detach().numpy()
        for name, loss in losses.items():
            f[name] = loss.item()
            f["gradient/" + name] = torch.autograd.grad(loss, row, retain_graph=True)[0].numpy()
        hash_datasets(f)


def prototype_arrays():
    """tests/golden/prototypes.h5: states [2 layers, 11 tokens, 6] of 4 words (pieces 1-2, 4, 6-8, 10), 3 prototypes, and the states
    they are to stay at."""
    torch.manual_seed(6)
    layers, tokens, width, rho = 2, 11, 6, 1.5
    rows, first = [[1, 2], [4], [6, 7, 8], [10]], 1
    h = torch.randn(layers, tokens, width, dtype=torch.float64, requires_grad=True)
    a, o = torch.randn(3, layers, width, dtype=torch.float64), torch.randn(layers, tokens, width, dtype=torch.float64)

    def bits(p, q):
        return torch.nn.functional.kl_div(q.log(), p, reduction="sum") / np.log(2)

    def spread(n):
        p = torch.softmax(torch.stack([-((n - a[i]) ** 2).sum((1, 2)) / (2 * rho**2) for i in range(3)]), dim=1)
        pairs = [(p[i], p[k]) for i in range(3) for k in range(i + 1, 3)]
        return sum((bits(x, (x + y) / 2) + bits(y, (x + y) / 2)) / 2 for x, y in pairs) / len(pairs)
    vectors = torch.stack([h[:, r].mean(1) for r in rows])
    before = torch.stack([h[:, [k - first for k in r]].sum(1) / 3 for r in rows])  # as published: the token before, over the most pieces
    along = torch.einsum("bkd,ikd->bik", vectors, a)
    losses = dict(spread=spread(vectors), before=spread(before), squares=(along.mean((0, 2)) ** 2).sum(), means=(along**2).mean((0, 2)).sum(),
                  mse=((o - h) ** 2).mean(2).sum(),
                  kl=sum(bits(torch.softmax(s * o[k, t], 0), torch.softmax(s * h[k, t], 0)) for k in range(layers) for t in range(tokens) for s in (1, -1)))
    with h5py.File("tests/golden/prototypes.h5", "w", libver=("v108", "v108")) as f:
        f["h"], f["prototype"], f["stay"] = h.detach().numpy(), a.numpy(), o.numpy()
        for name, loss in losses.items():
            f[name] = loss.item()
            f["gradient/" + name] = torch.autograd.grad(loss, h, retain_graph=True)[0].numpy()
        hash_datasets(f)


def unicode_hashes():
    pre = pre_tokenizers.BertPreTokenizer()
    with open("tests/golden/unicode.txt", "w") as out:
        for lower in (True, False):
            norm = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=lower)

            def words(text):
                return " ".join(w for w, _ in pre.pre_tokenize_str(norm.normalize_str(text)))
            for block in range(0, 0x110000, 0x400):
                text = "".join(words(chr(c)) + "\n" + words("a" + chr(c) + "b") + "\n"
                               for c in range(block, block + 0x400) if not 0xD800 <= c < 0xE000)
                out.write(f"{int(lower)} {block:06x} {xxhash.xxh3_128_hexdigest(text.encode())}\n")


LINES = ["The nurse told the engineer that she would be late.", "He said: \"I've never been to Lima!\"", "Doctors, teachers & farmers met in 1987.",
         "Unaffable caf\u00e9 owners.", "The king loved his daughter.\tThe queen loved her son.", "x"]


def real_model(shared):
    """tests/golden/minilm.h5: states of the real model on sentences of ours; logits of every 101st piece."""
    source = shared + "/models/minilm-mlm"
    model, tokenizer = AutoModelForMaskedLM.from_pretrained(source, dtype=torch.float32).eval(), AutoTokenizer.from_pretrained(source)
    hidden, logits = [], []
    for line in LINES:
        with torch.no_grad():
            out = model(**tokenizer(*line.split("\t"), return_tensors="pt"), output_hidden_states=True)
        hidden.append(out.hidden_states[-1][0].numpy()), logits.append(out.logits[0].numpy()[:, ::101])
    with h5py.File("tests/golden/minilm.h5", "w", libver=("v108", "v108")) as f:
        f["hidden"], f["logits"] = np.concatenate(hidden), np.concatenate(logits)
        hash_datasets(f)
    open("tests/golden/minilm.txt", "w", encoding="utf-8").write("\n".join(LINES) + "\n")


model_arrays()
parts_arrays()
next_arrays()
contrast_arrays()
prototype_arrays()
unicode_hashes()
if len(sys.argv) > 1:
    real_model(sys.argv[1])
