"""Oracle of io/table: random odd tables, written by Python's csv and json modules, by pandas and, where Rscript is found, by R's
write.table; what `records` reads must be what was written. Also texts cut at random, which may be refused but must not crash.

    python tests/oracle/table.py BUILD [ROUNDS]     (Python with pandas)
"""
import csv, gzip, json, os, random, shutil, subprocess, sys, tempfile

import pandas

build, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 50
records = f"{build}/tests/tools/records"
work = tempfile.mkdtemp()
letters = ["a", "b", " ", '"', '""', ",", ";", "'", "\\", "\t", "\n", "\r\n", "é", "中", "{", "#", "-", "😀", "Dr. ", "[MASK]", "NA", "", "0"]
compared = refused = 0


def escape(text):
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def read(path, *more):
    done = subprocess.run([records, path, *more], capture_output=True)
    assert done.returncode in (0, 65), (path, done.returncode, done.stderr)
    # bytes: a lone carriage return never reaches the output
    lines = done.stdout.decode("utf-8", "surrogatepass").split("\n")[:-1]
    return done.returncode, [line.split(" ", 2)[2] for line in lines], done.stderr.decode()


def same(path, wanted, *more):
    global compared
    code, got, said = read(path, *more)
    expected = [escape(text) for text in wanted]
    assert code == 0 and got == expected, (path, said, [(g, e) for g, e in zip(got, expected) if g != e][:3], len(got), len(expected))
    compared += len(got)


def text(rng, barred=""):
    return "".join(c for c in "".join(rng.choice(letters) for _ in range(rng.randrange(12))) if c not in barred)


def spread(path):
    """the same file with a byte order mark, compressed, and in two members"""
    data = open(path, "rb").read()
    stem, ending = os.path.splitext(path)
    open(f"{stem}.bom{ending}", "wb").write(b"\xef\xbb\xbf" + data)
    with gzip.open(f"{stem}.gz{ending.upper()}", "wb") as f:
        f.write(data)
    half = len(data) // 2
    open(f"{path}.gz", "wb").write(gzip.compress(data[:half]) + gzip.compress(data[half:]))
    return [path, f"{stem}.bom{ending}", f"{stem}.gz{ending.upper()}", f"{path}.gz"]


def tables(rng):
    texts = [text(rng) for _ in range(rng.randrange(1, 9))]
    rows = [{"ID": str(i), "Text": t, "note": text(rng)} for i, t in enumerate(texts)]
    for name, options in {"a.csv": {}, "b.tsv": {"delimiter": "\t"}, "c.csv": {"delimiter": ";"},
                          "d.csv": {"quoting": csv.QUOTE_ALL}, "e.tsv": {"delimiter": "\t", "lineterminator": "\n"},
                          "f.csv": {"lineterminator": "\r", "quoting": csv.QUOTE_NONNUMERIC}}.items():
        with open(f"{work}/{name}", "w", newline="", encoding="utf-8") as f:
            writer = csv.DictWriter(f, ["ID", "Text", "note"], **options)
            writer.writeheader()
            writer.writerows(rows)
        for path in spread(f"{work}/{name}"):
            same(path, texts)
    frame = pandas.DataFrame(rows)
    frame.to_csv(f"{work}/p.csv")
    frame.to_csv(f"{work}/p.tsv", sep="\t", index=False)
    frame.to_json(f"{work}/p.jsonl", orient="records", lines=True)
    with open(f"{work}/j.ndjson", "w", encoding="utf-8") as f:
        f.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    for name in ("p.csv", "p.tsv", "p.jsonl", "j.ndjson"):
        for path in spread(f"{work}/{name}"):
            same(path, texts)
    column = [{"Text": t} for t in texts]
    with open(f"{work}/one.csv", "w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, ["Text"], quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(column)
    same(f"{work}/one.csv", texts)
    lines = [text(rng, "\r\n") for _ in range(5)]
    for end in ("\n", "\r\n", "\r"):
        open(f"{work}/t.txt", "w", newline="", encoding="utf-8").write(end.join(lines) + end)
        same(f"{work}/t.txt", lines, "text")


def in_r(rng):
    """R escapes quotes by a backslash but not backslashes, so a backslash before a quote is ambiguous: none here"""
    tables = [[text(rng, "\\\r").replace('"\t', "x").replace('"\n', "y") for _ in range(5)] for _ in range(20)]
    script = []
    for i, texts in enumerate(tables):
        quoted = ", ".join('"' + t.replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"' for t in texts)
        script.append(f"t <- data.frame(ID=1:5, Text=c({quoted}), stringsAsFactors=FALSE, check.names=FALSE)")
        script.append(f"write.table(t, '{work}/r{i}.tsv', sep='\\t', fileEncoding='UTF-8'); write.csv(t, '{work}/r{i}.csv')")
        script.append(f"write.csv2(t, '{work}/s{i}.csv', row.names=FALSE); write.table(t, '{work}/u{i}.tsv', sep='\\t', col.names=NA)")
    open(f"{work}/w.R", "w", encoding="utf-8").write("\n".join(script))
    subprocess.run(["Rscript", "--encoding=UTF-8", f"{work}/w.R"], check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    for i, texts in enumerate(tables):
        for name in (f"r{i}.tsv", f"r{i}.csv", f"s{i}.csv", f"u{i}.tsv"):
            same(f"{work}/{name}", texts)


def damaged(rng):
    global refused
    for name in ("a.csv", "b.tsv", "p.jsonl", "a.csv.gz"):
        data = bytearray(open(f"{work}/{name}", "rb").read())
        for _ in range(rng.randrange(1, 4)):
            if rng.random() < 0.5 and len(data) > 2:
                del data[rng.randrange(len(data)):]
            elif data:
                data[rng.randrange(len(data))] = rng.choice(b'"",\t\n\r\\{}[]:x\x00\xff')
        open(f"{work}/x{name}", "wb").write(data)
        refused += read(f"{work}/x{name}")[0] != 0


for round in range(rounds):
    rng = random.Random(round)
    tables(rng)
    for _ in range(10):
        damaged(rng)
if shutil.which("Rscript"):
    in_r(random.Random(1))
print(f"{compared} records as written; {refused} of {40 * rounds} damaged files refused, none crashed")
shutil.rmtree(work)
