#!/usr/bin/env python3
"""Scores of sentences by transformers, one masked position a row, for docs/scores.md and tests/evaluate.

    lm_scores.py align PAIRS > vectors           difflib on random id sequences: a | b | a's place of b or -1 for each of a
    lm_scores.py crows HF_DIR DATA.csv [double] > tsv  per pair: a_more a_less b_more b_less pll_more ... aula_less pieces_more pieces_less
    lm_scores.py perplexity HF_DIR TEXT [double] > tsv  per line: pll pll_l2r aul aula pieces
    lm_scores.py stereoset HF_DIR DATA.json > tsv  per sentence: id score log_score pieces
    lm_scores.py following HF_DIR DATA.json > tsv  per sentence of the intersentence part: id score log_score pieces
    lm_scores.py differ HF_DATA.tsv SCORES.tsv   largest difference of each column both have (collapse-table's /item)
"""
import csv, difflib, json, math, random, string, sys


def matching(a, b):
    match = [-1] * len(a)
    for block in difflib.SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks():
        for k in range(block.size):
            match[block.a + k] = block.b + k
    return match


def align(n):
    draw = random.Random(1)
    for _ in range(n):
        few = draw.choice([2, 3, 5, 9, 40])
        a = [draw.randrange(few) for _ in range(draw.randrange(1, 24))]
        b = [draw.randrange(few) for _ in range(draw.randrange(1, 24))]
        if draw.random() < 0.5:  # an edited copy
            b = [x for x in a if draw.random() < 0.8]
            b.insert(draw.randrange(len(b) + 1), draw.randrange(few))
        print(*a, "|", *b, "|", *matching(a, b))


class Scorer:
    def __init__(self, folder, precision="float"):
        import torch
        from transformers import AutoModelForMaskedLM, BertTokenizerFast
        self.torch = torch
        torch.set_num_threads(1)
        self.tokenizer = BertTokenizerFast.from_pretrained(folder)
        self.model = AutoModelForMaskedLM.from_pretrained(folder, attn_implementation="eager").eval()
        if precision == "double":
            self.model.double()
        self.mask = self.tokenizer.mask_token_id

    def answers(self, asked):
        """ln p of each (ids, place, piece). Rows of one length go together, so nothing is padded; a row of several pieces goes once."""
        torch, wanted, by_length, found = self.torch, {}, {}, {}
        for ids, place, piece in asked:
            wanted.setdefault((ids, place), {})[piece] = None
        for row in wanted:
            by_length.setdefault(len(row[0]), []).append(row)
        with torch.no_grad():
            for some in (rows[i:i + 64] for rows in by_length.values() for i in range(0, len(rows), 64)):
                hidden = self.model.bert(torch.tensor([ids for ids, _ in some])).last_hidden_state
                log_p = self.model.cls(hidden[torch.arange(len(some)), torch.tensor([place for _, place in some])]).double().log_softmax(-1)
                found.update(((*row, piece), values[piece].item()) for row, values in zip(some, log_p) for piece in wanted[row])
        return [found[ask] for ask in asked]

    def sentences(self, texts):
        """Of each text: ids, ln p of each piece masked, their sum, the sum with the later pieces of a word masked too, aul, aula."""
        torch, codes, asked = self.torch, [self.tokenizer(text) for text in texts], []
        for code in codes:
            ids, word, n = code["input_ids"], code.word_ids(), len(code["input_ids"])
            for t in range(1, n - 1):
                one = tuple(self.mask if k == t else x for k, x in enumerate(ids))
                later = tuple(self.mask if k == t or (k > t and word[k] is not None and word[k] == word[t]) else x for k, x in enumerate(ids))
                asked += [(one, t, ids[t]), (later, t, ids[t])]
        found, out = iter(self.answers(asked)), []
        for code in codes:
            ids, n = code["input_ids"], len(code["input_ids"])
            pll, l2r = zip(*[(next(found), next(found)) for _ in range(n - 2)])
            with torch.no_grad():
                seen = self.model(torch.tensor([ids]), output_attentions=True)
            log_p = seen.logits[0].double().log_softmax(-1)[torch.arange(n), torch.tensor(ids)][1:-1]
            attention = torch.stack(seen.attentions).double().mean((0, 1, 2, 3))[1:-1]
            out.append((ids, pll, sum(pll), sum(l2r), log_p.mean().item(), (attention * log_p).mean().item()))
        return out


def crows(folder, path, precision="float"):
    s = Scorer(folder, precision)
    print(*[f"{k}_{side}" for k in ("a", "b", "pll", "l2r", "aul", "aula", "pieces") for side in ("more", "less")], sep="\t")
    records = list(csv.DictReader(open(path, encoding="utf-8")))
    found = iter(s.sentences([r[k] for r in records for k in ("sent_more", "sent_less")]))
    for record in records:
        both = [next(found), next(found)]
        anti = record["stereo_antistereo"] == "antistereo"
        one, two = both[anti], both[not anti]
        match = matching(one[0], two[0])
        shared = [(i, j) for i, j in enumerate(match) if j >= 0][1:-1]
        d1 = [i for i, j in enumerate(match) if j < 0]
        d2 = [j for j in range(len(two[0])) if j not in match]
        a = [sum(one[1][i - 1] for i, _ in shared), sum(two[1][j - 1] for _, j in shared)]
        b = [sum(x[1][i - 1] for i in d) / len(d) for x, d in ((one, d1), (two, d2))] if d1 and d2 else [float("nan")] * 2
        if anti:
            a.reverse(), b.reverse()
        print(*[f"{x:.9g}" for x in a + b + [x[k] for k in (2, 3, 4, 5) for x in both] + [len(x[0]) - 2 for x in both]], sep="\t")


def perplexity(folder, path, precision="float"):
    s = Scorer(folder, precision)
    print("pll", "pll_l2r", "aul", "aula", "pieces", sep="\t")
    for ids, _, *values in s.sentences([line.rstrip("\n") for line in open(path, encoding="utf-8") if line.strip()]):
        print(*[f"{x:.9g}" for x in values], len(ids) - 2, sep="\t")


def stereoset(folder, path):
    s, asked, rows = Scorer(folder), [], []
    bare = str.maketrans("", "", string.punctuation)
    for example in json.load(open(path, encoding="utf-8"))["data"]["intrasentence"]:
        place = [i for i, w in enumerate(example["context"].split(" ")) if "BLANK" in w][-1]
        for sentence in example["sentences"]:
            words = sentence["sentence"].split(" ")
            pieces = s.tokenizer.encode(words[place].translate(bare), add_special_tokens=False) if place < len(words) else []
            rows.append((sentence["id"], len(pieces)))
            for k, true in enumerate(pieces):
                prefix = s.tokenizer.decode(pieces[:k], clean_up_tokenization_spaces=True)
                ids = s.tokenizer(example["context"].replace("BLANK", prefix + "[MASK]"))["input_ids"]
                asked.append((tuple(ids), ids.index(s.mask), true))
    found = iter(s.answers(asked))
    print("id", "score", "log_score", "pieces", sep="\t")
    for name, n in rows:
        log_p = [next(found) for _ in range(n)]
        print(name, *[f"{sum(x) / n:.9g}" if n else "nan" for x in ([math.exp(v) for v in log_p], log_p)], n, sep="\t")


def following(folder, path):
    """p that a sentence follows its context, by transformers' class for it, in fp64."""
    import torch
    from transformers import BertForNextSentencePrediction, BertTokenizerFast
    tokenizer, model = BertTokenizerFast.from_pretrained(folder), BertForNextSentencePrediction.from_pretrained(folder).double().eval()
    print("id", "score", "log_score", "pieces", sep="\t")
    for example in json.load(open(path, encoding="utf-8"))["data"]["intersentence"]:
        for sentence in example["sentences"]:
            code = tokenizer(example["context"], sentence["sentence"], return_tensors="pt")
            pieces = len(tokenizer.encode(sentence["sentence"], add_special_tokens=False))
            score = log_score = math.nan
            if pieces and code["input_ids"].shape[1] <= model.config.max_position_embeddings:
                with torch.no_grad():
                    both = model(**code).logits[0]
                score, log_score = both.softmax(-1)[0].item(), both.log_softmax(-1)[0].item()
            print(sentence["id"], f"{score:.9g}", f"{log_score:.9g}", pieces, sep="\t")


def differ(a, b):
    x, y = (list(csv.DictReader(open(p), delimiter="\t", quoting=csv.QUOTE_NONE)) for p in (a, b))
    y = [r for r in y if r.get("skipped") in (None, "", "0")]
    assert len(x) == len(y), (len(x), len(y))
    for column in x[0]:
        if column not in y[0]:
            continue
        if column == "id":
            print("id: different", sum(p["id"] != q["id"] for p, q in zip(x, y)))
            continue
        pairs = [(float(p[column]), float(q[column] or "nan")) for p, q in zip(x, y)]
        print(column, "largest difference", max((abs(p - q) for p, q in pairs if p == p and q == q), default=None), "measured once",
              sum((p == p) != (q == q) for p, q in pairs))


if __name__ == "__main__":
    {"align": lambda n: align(int(n)), "crows": crows, "perplexity": perplexity, "stereoset": stereoset, "following": following, "differ": differ}[sys.argv[1]](*sys.argv[2:])
