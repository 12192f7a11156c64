"""Scores of a masked language model by a careful batched PyTorch loop: the peer of tests/peers/scores.sh.

  python tests/peers/scores.py full|crows-pairs|stereoset HF_DIR DATA [--threads N] [--bf16]
  python tests/peers/scores.py make HF_DIR EVAL FOLDER   writes FOLDER/full.txt, crows-pairs.csv, stereoset.json

The same numbers as collapse evaluate: of every sentence PLL, PLL-word-l2r, AUL and AULA (full, crows-pairs), of every
filler its pieces' probabilities (stereoset). All sequences of the file sorted by length, 64 at a time, padded to the
longest of their batch; the head at the asked places only; PyTorch's fused attention, but where attention itself is asked
for. Prints one JSON line: seconds from the texts to the scores (neither imports nor the reading of the model), sequences,
tokens, and a sum to compare."""
import argparse
import csv
import json
import string
import time

import torch
from transformers import AutoModelForMaskedLM, BertTokenizerFast

BATCH = 64


def answer(model, asked, pad, dtype):
    """ln p of asked = [(ids, places, true ids)]; a list of lists, in their order."""
    order = sorted(range(len(asked)), key=lambda i: -len(asked[i][0]))
    found = [None] * len(asked)
    for first in range(0, len(order), BATCH):
        some = order[first:first + BATCH]
        longest = len(asked[some[0]][0])
        ids = torch.tensor([asked[i][0] + [pad] * (longest - len(asked[i][0])) for i in some])
        mask = torch.tensor([[1] * len(asked[i][0]) + [0] * (longest - len(asked[i][0])) for i in some])
        row = torch.tensor([k for k, i in enumerate(some) for _ in asked[i][1]])
        place = torch.tensor([p for i in some for p in asked[i][1]])
        true = torch.tensor([t for i in some for t in asked[i][2]])
        full = bool(mask.all())
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
            hidden = model.bert(ids, attention_mask=None if full else mask).last_hidden_state
            logits = model.cls(hidden[row, place])
        log_p = (logits.float().gather(1, true[:, None])[:, 0] - logits.float().logsumexp(1)).tolist()
        at = 0
        for i in some:
            found[i] = log_p[at:at + len(asked[i][1])]
            at += len(asked[i][1])
    return found


def shown(model, sentences, pad, dtype):
    """(AUL, AULA) of sentences, nothing masked."""
    order = sorted(range(len(sentences)), key=lambda i: -len(sentences[i]))
    found = [None] * len(sentences)
    for first in range(0, len(order), BATCH):
        some = order[first:first + BATCH]
        longest = len(sentences[some[0]])
        ids = torch.tensor([sentences[i] + [pad] * (longest - len(sentences[i])) for i in some])
        mask = (torch.arange(longest)[None] < torch.tensor([len(sentences[i]) for i in some])[:, None]).long()
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
            out = model.bert(ids, attention_mask=mask, output_attentions=True)
            inner = mask.bool().clone()
            inner[:, 0] = False
            inner[torch.arange(len(some)), mask.sum(1) - 1] = False
            logits = model.cls(out.last_hidden_state[inner])
        log_p = logits.float().gather(1, ids[inner][:, None])[:, 0] - logits.float().logsumexp(1)
        received = sum((a.float() * mask[:, None, :, None]).sum((1, 2)) for a in out.attentions)
        received = received / (len(out.attentions) * out.attentions[0].shape[1] * mask.sum(1, keepdim=True))
        weighted, at = log_p * received[inner], 0
        for k, i in enumerate(some):
            n = len(sentences[i]) - 2
            found[i] = (log_p[at:at + n].mean().item(), weighted[at:at + n].mean().item())
            at += n
    return found


def sentences(tokenizer, models, texts, dtype):
    code, mask, asked, l2r = tokenizer(texts), tokenizer.mask_token_id, [], []
    for s, ids in enumerate(code["input_ids"]):
        word = code.word_ids(s)
        for t in range(1, len(ids) - 1):
            alone = ids[:t] + [mask] + ids[t + 1:]
            asked.append((alone, [t], [ids[t]]))
            later = [mask if k > t and word[k] is not None and word[k] == word[t] else x for k, x in enumerate(alone)]
            if later != alone:
                l2r.append((later, [t], [ids[t]]))
    pad = tokenizer.pad_token_id
    log_p = answer(models[0], asked + l2r, pad, dtype)
    aul = shown(models[1], code["input_ids"], pad, dtype)
    count = [asked + l2r + [(ids, 0, 0) for ids in code["input_ids"]]]
    return sum(x[0] for x in log_p[:len(asked)]) + sum(a + b for a, b in aul), count[0]


def fillers(tokenizer, models, examples, dtype):
    bare, mask, asked = str.maketrans("", "", string.punctuation), tokenizer.mask_token_id, []
    for example in examples:
        place = [i for i, w in enumerate(example["context"].split(" ")) if "BLANK" in w][-1]
        for sentence in example["sentences"]:
            words = sentence["sentence"].split(" ")
            if place >= len(words):
                continue
            pieces = tokenizer.encode(words[place].translate(bare), add_special_tokens=False)
            for k, true in enumerate(pieces):
                text = example["context"].replace("BLANK", tokenizer.decode(pieces[:k]) + "[MASK]")
                ids = tokenizer(text)["input_ids"]
                asked.append((ids, [ids.index(mask)], [true]))
    log_p = answer(models[0], asked, tokenizer.pad_token_id, dtype)
    return sum(torch.tensor([x[0] for x in log_p]).exp().tolist()), asked


def make(folder, data, out, pairs, lines):
    tokenizer = BertTokenizerFast.from_pretrained(folder)
    rows = list(csv.DictReader(open(f"{data}/crows_pairs/crows_pairs_anonymized.csv", encoding="utf-8")))
    with open(f"{out}/crows-pairs.csv", "w", encoding="utf-8", newline="") as f:
        table = csv.DictWriter(f, ["sent_more", "sent_less", "stereo_antistereo", "bias_type"], extrasaction="ignore")
        table.writeheader()
        table.writerows(rows[:pairs])
    open(f"{out}/stereoset.json", "w", encoding="utf-8").write(
        open(f"{data}/stereoset/gender_test.json", encoding="utf-8").read())
    words = [w for r in rows for w in r["sent_more"].lower().split() if w.isalpha() and len(tokenizer.tokenize(w)) == 1]
    with open(f"{out}/full.txt", "w") as f:
        for line in range(lines):
            print(*words[126 * line:126 * (line + 1)], file=f)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("task"), ap.add_argument("folder"), ap.add_argument("data"), ap.add_argument("out", nargs="?")
    ap.add_argument("--pairs", type=int, default=1508), ap.add_argument("--lines", type=int, default=8)
    ap.add_argument("--threads", type=int, default=2), ap.add_argument("--bf16", action="store_true")
    a = ap.parse_args()
    if a.task == "make":
        return make(a.folder, a.data, a.out, a.pairs, a.lines)
    torch.set_num_threads(a.threads)
    dtype = torch.bfloat16 if a.bf16 else torch.float32
    tokenizer = BertTokenizerFast.from_pretrained(a.folder)
    models = [AutoModelForMaskedLM.from_pretrained(a.folder, attn_implementation=how, dtype=torch.float32).eval()
              for how in ("sdpa", "eager")]
    with torch.inference_mode():
        answer(models[0], [([101, 103, 102], [1], [2000])] * BATCH, 0, dtype)  # warm
        began, cpu = time.perf_counter(), time.process_time()
        if a.task == "stereoset":
            total, asked = fillers(tokenizer, models, json.load(open(a.data))["data"]["intrasentence"], dtype)
        elif a.task == "full":
            total, asked = sentences(tokenizer, models, open(a.data).read().splitlines(), dtype)
        else:
            rows = csv.DictReader(open(a.data, encoding="utf-8"))
            total, asked = sentences(tokenizer, models, [r[k] for r in rows for k in ("sent_more", "sent_less")], dtype)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(json.dumps(dict(task=a.task, seconds=round(seconds, 3), cpu=round(cpu, 3), sequences=len(asked),
                          tokens=sum(len(x[0]) for x in asked), sum=total)))


main()
