"""Compare `collapse tokenize` with Hugging Face's tokenizers on every line of every text file.

  python tests/oracle/tokenizer.py build/collapse VOCAB FOLDER [--write tests/golden/shared_tokens.txt]

Both casings. --write stores a hash of the ids of each file, which `make check` compares without
Python. Exits 1 on any difference.
"""
import argparse
import os
import subprocess
import sys

import xxhash
from transformers import BertTokenizerFast


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("program"), ap.add_argument("vocab"), ap.add_argument("folder"), ap.add_argument("--write")
    a = ap.parse_args()
    lines = differences = 0
    out = []
    for lower in (True, False):
        tokenizer = BertTokenizerFast(vocab_file=a.vocab, vocab=a.vocab, do_lower_case=lower)._tokenizer
        for folder, _, names in sorted(os.walk(a.folder)):
            for name in sorted(names):
                path = os.path.join(folder, name)
                data = open(path, "rb").read()
                try:
                    data.decode()
                except UnicodeDecodeError:
                    print(f"not text: {path}")
                    continue
                flags = [] if lower else ["--cased"]
                ours = subprocess.run([a.program, "tokenize", "--vocab=" + a.vocab] + flags, input=data, stdout=subprocess.PIPE, check=True).stdout
                text = data.decode()
                parts = text.split("\n")
                if parts[-1] == "":
                    parts.pop()
                theirs = [" ".join(map(str, e.ids)) for e in tokenizer.encode_batch(parts, add_special_tokens=False)]
                mine = ours.decode().split("\n")[:-1]
                lines += len(parts)
                bad = [i for i, (x, y) in enumerate(zip(mine, theirs)) if x != y]
                if len(mine) != len(theirs) or bad:
                    differences += max(len(bad), 1)
                    print(f"{path}: {len(mine)} and {len(theirs)} lines, {len(bad)} differ; first: {parts[bad[0]][:200] if bad else ''}")
                out.append(f"{'uncased' if lower else 'cased'}\t{os.path.relpath(path, a.folder)}\t{xxhash.xxh3_128_hexdigest(ours)}\n")
    print(f"{lines} lines, {differences} differences")
    if a.write and not differences:
        open(a.write, "w").writelines(out)
    sys.exit(differences > 0)


main()
