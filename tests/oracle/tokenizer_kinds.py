"""Tokenizers of every kind: saved by several versions of transformers, read by them and by collapse, and back.

  python tests/oracle/tokenizer_kinds.py save BUILD DIR        with each version: DIR/KIND/SAVER
  python tests/oracle/tokenizer_kinds.py load BUILD DIR        with each version: the ids of every folder
  python tests/oracle/tokenizer_kinds.py compare BUILD DIR [--write]
  python tests/oracle/tokenizer_kinds.py again BUILD DIR       with each version: the folders that collapse wrote

Lines and vocabulary come from tests/tools/odd_lines. `compare` runs collapse on every folder (2,000 lines) and against
the ids that each version found; --write stores folders and hashes in tests/golden/tokenizers.json, which make check
compares without Python. `again` compares ids, names and settings of the exported folders. Exits 1 on any difference.

Version 4.30 loses the flags of added tokens when it reads them again (added_tokens.json has none), and does not match
added tokens that are pieces too: there its ids are not compared with ours.
"""
import json
import os
import shutil
import subprocess
import sys
import warnings

warnings.simplefilter("ignore")
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
MODE, BUILD, DIR = sys.argv[1:4]
EXTRA = ["latinx", "New_York", "caf\u00e9 cr\u00e8me", "[E1]", "[unused1]", "Caf\u00e9", "\u4e2d\u6587", "e1", "<mask>", "<unk>", "[MASK]"]
NAMES = ["<pad>", "<unk>", "<s>", "</s>", "<mask>"]
CONFIG = dict(model_type="bert", architectures=["BertForMaskedLM"], hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
              intermediate_size=8, max_position_embeddings=512)


def odd(*args):
    return subprocess.run([f"{BUILD}/tests/tools/odd_lines", *args], stdout=subprocess.PIPE, check=True).stdout.decode()


def pieces(names=()):
    return odd("vocab", *names).split("\n")[:-1]


def version():
    import transformers
    major, minor = transformers.__version__.split(".")[:2]
    return "5" if major == "5" else major + minor


def kinds():
    """kind -> (settings of BertTokenizer, tokens added afterwards)"""
    from transformers import AddedToken
    words = ["latinx", "New_York", "caf\u00e9 cr\u00e8me"]
    out = {"uncased": ({}, []), "cased": (dict(do_lower_case=False), []), "nochinese": (dict(tokenize_chinese_chars=False), []),
           "strip0": (dict(strip_accents=False), []), "strip1": (dict(strip_accents=True), []),
           "cased_strip1": (dict(do_lower_case=False, strip_accents=True), []),
           "cased_nochinese": (dict(do_lower_case=False, tokenize_chinese_chars=False), []),
           "strip0_nochinese": (dict(strip_accents=False, tokenize_chinese_chars=False), []),
           "added": ({}, words), "added_cased": (dict(do_lower_case=False), words),
           "names": (dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), NAMES)), []),
           "additional": (dict(additional_special_tokens=["[E1]", "[unused1]"]), []), "padded": ({}, ["latinx"]),
           "pieces": ({}, [AddedToken("e1", normalized=False), "king", AddedToken("queen", single_word=True)])}
    for bits in range(8):
        flags = dict(lstrip=bool(bits & 1), rstrip=bool(bits & 2), single_word=bool(bits & 4))
        tokens = [("latinx", True), ("[E1]", False), ("Caf\u00e9", True), ("\u4e2d\u6587", True), (" foo", True)]
        out[f"flags{bits}"] = ({}, [AddedToken(t, normalized=n, **flags) for t, n in tokens])
    return out


def write(path, value):
    with open(path, "w", encoding="utf-8") as f:
        f.write(value) if isinstance(value, str) else json.dump(value, f, ensure_ascii=False)


def save_bert(me):
    import transformers
    for kind, (settings, added) in kinds().items():
        source = f"{DIR}/source"
        os.makedirs(source, exist_ok=True)
        write(source + "/vocab.txt", "\n".join(pieces(NAMES if kind == "names" else ())) + "\n")
        write(source + "/config.json", CONFIG)
        if me == "5" and "additional_special_tokens" in settings:
            settings["extra_special_tokens"] = settings.pop("additional_special_tokens")
        for name in ("BertTokenizerFast", "BertTokenizer")[:1 if me == "5" else 2]:
            tokenizer = getattr(transformers, name).from_pretrained(source, **settings)
            tokenizer.add_tokens(added) if added else None
            folder = f"{DIR}/{kind}/{me}{'fast' if 'Fast' in name else 'slow'}"
            shutil.rmtree(folder, ignore_errors=True)
            tokenizer.save_pretrained(folder)
            write(folder + "/config.json", dict(CONFIG, vocab_size=len(tokenizer) + (7 if kind == "padded" else 0)))


def save_json(me):
    """tokenizer.json of the tokenizers library alone: settings that BertTokenizer does not have."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast
    vocab = {p: i for i, p in enumerate(pieces())}
    joined = {p.replace("##", "@@") if p.startswith("##") and len(p) > 2 else p: i for p, i in vocab.items()}
    bare = dict(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True)
    for kind, norm, model in (("unclean", dict(bare, clean_text=False), {}), ("unclean_cased", dict(bare, clean_text=False, lowercase=False), {}),
                              ("none", None, {}), ("short", bare, dict(max_input_chars_per_word=5)), ("long", bare, dict(max_input_chars_per_word=100000)),
                              ("prefix", bare, dict(vocab=joined, continuing_subword_prefix="@@")),
                              ("noprefix", bare, dict(continuing_subword_prefix="")), ("bertprocessing", bare, {})):
        t = Tokenizer(models.WordPiece(**{"vocab": vocab, "unk_token": "[UNK]", **model}))
        if norm:
            t.normalizer = normalizers.BertNormalizer(**norm)
        t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        t.decoder = decoders.WordPiece()
        t.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
        t.add_tokens([AddedToken("latinx"), AddedToken("Caf\u00e9", single_word=True)])
        if kind == "bertprocessing":
            t.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
        else:
            t.post_processor = processors.TemplateProcessing("[CLS]:0 $A:0 [SEP]:0", "[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1", [("[CLS]", 2), ("[SEP]", 3)])
        folder = f"{DIR}/{kind}/{me}json"
        shutil.rmtree(folder, ignore_errors=True)
        PreTrainedTokenizerFast(tokenizer_object=t, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]").save_pretrained(folder)
        write(folder + "/config.json", dict(CONFIG, vocab_size=t.get_vocab_size()))


def ids_of(folder, lines):
    """The ids of lines, and names and settings of the tokenizer, by this version."""
    from transformers import AutoTokenizer
    t = AutoTokenizer.from_pretrained(folder)
    ids = "".join(" ".join(map(str, e.ids)) + "\n" for e in t._tokenizer.encode_batch(lines, add_special_tokens=False))
    state = json.loads(t._tokenizer.to_str())
    added = {int(a.pop("id")): a for a in state["added_tokens"]}
    about = dict(normalizer=state["normalizer"], pieces=state["model"]["vocab"], prefix=state["model"]["continuing_subword_prefix"],
                 longest=state["model"]["max_input_chars_per_word"], added=added, limit=min(t.model_max_length, 1 << 53),
                 names={k: v for k, v in t.special_tokens_map.items() if isinstance(v, str)}, pair=t("the king", "she")["input_ids"])
    return ids, json.loads(json.dumps(about, sort_keys=True))


def folders(root):
    return [(k, s, f"{root}/{k}/{s}") for k in sorted(os.listdir(root)) if os.path.isdir(f"{root}/{k}") and k not in ("ids", "source", "again")
            for s in sorted(os.listdir(f"{root}/{k}"))]


def lines_text(n=2000):
    return odd("7", str(n), *EXTRA)


def load(me, root, to):
    lines = lines_text().split("\n")[:-1]
    for kind, saver, folder in folders(root):
        os.makedirs(f"{to}/{kind}", exist_ok=True)
        try:
            ids, about = ids_of(folder, lines)
        except BaseException as e:
            ids, about = "", {"error": repr(e)[:300]}
        write(f"{to}/{kind}/{saver}.{me}", ids)
        write(f"{to}/{kind}/{saver}.{me}.json", about)


def ours(path, text):
    done = subprocess.run([f"{BUILD}/collapse", "tokenize", f"--vocab={path}"], input=text.encode(), capture_output=True)
    return done.stdout.decode() if done.returncode == 0 else "failed: " + done.stderr.decode()


def differing(a, b):
    return sum(x != y for x, y in zip(a.split("\n"), b.split("\n"))) + abs(a.count("\n") - b.count("\n"))


def is_lost(kind, saver, loader):
    return loader == "430" and (kind == "pieces" or kind.startswith("flags") and saver != "430slow")


def stored(folder):
    """The files of a folder; the vocabulary is named and not repeated."""
    out = {}
    for name in sorted(os.listdir(folder)):
        text = open(f"{folder}/{name}", encoding="utf-8").read()
        if name == "tokenizer.json":
            value = json.loads(text)
            vocab = value["model"]["vocab"]
            for label, names in (("odd", ()), ("names", NAMES)):
                if vocab == {p: i for i, p in enumerate(pieces(names))}:
                    value["model"]["vocab"] = label
            out[name] = value
        elif name.endswith(".json"):
            out[name] = json.loads(text)
        elif name == "vocab.txt":
            label = {"\n".join(pieces(names)) + "\n": label for label, names in (("odd", ()), ("names", NAMES))}
            out[name] = label.get(text, text)
    return out


def compare():
    import xxhash
    text, golden, bad, n = lines_text(), [], 0, 0
    for kind, saver, folder in folders(DIR):
        mine = ours(folder, text)
        for file in sorted(os.listdir(f"{DIR}/ids/{kind}")):
            who, loader = file.split(".", 1)
            if who != saver or loader.endswith("json") or is_lost(kind, saver, loader):
                continue
            theirs = open(f"{DIR}/ids/{kind}/{file}").read()
            if not theirs:
                print(f"{kind}/{saver}: not read by {loader}: {open(f'{DIR}/ids/{kind}/{file}.json').read()[:120]}")
                continue
            n += 1
            if mine != theirs:
                bad += 1
                print(f"{kind}/{saver} read by {loader}: {differing(mine, theirs)} lines differ {mine[:200] if mine.startswith('failed') else ''}")
        files = stored(folder)
        small = sum(len(json.dumps(v)) for v in files.values()) < 20000
        if small and (saver in ("5fast", "430slow", "5json") or kind in ("flags5", "added", "padded")):
            golden.append(dict(kind=f"{kind}, saved by {saver}", files=files, ids=xxhash.xxh3_128_hexdigest(mine.encode())))
    print(f"{n} folders and versions, {text.count(chr(10))} lines each: {bad} differ")
    if "--write" in sys.argv and not bad:
        write("tests/golden/tokenizers.json", json.dumps(dict(extra=EXTRA, lines=2000, folders=golden), ensure_ascii=True, separators=(",", ":")) + "\n")
    return bad


def adds_pieces(kind, saver):
    about = json.load(open(f"{DIR}/ids/{kind}/{saver}.5.json"))
    return any(not a["special"] and a["content"] in about["pieces"] for a in about["added"].values())


def again():
    """collapse-import, collapse-export, and this version on the result: ids, pieces, settings and names as before."""
    me, bad, n = version(), 0, 0
    text = lines_text()
    for kind, saver, folder in folders(DIR):
        out = f"{DIR}/again/{kind}/{saver}"
        if me == "430" and adds_pieces(kind, saver):
            continue
        if not os.path.isdir(out):
            export(kind, saver, folder, out)
        ids, about = ids_of(out, text.split("\n")[:-1])
        file = f"{DIR}/ids/{kind}/{saver}.{me}"
        before = json.load(open(file + ".json"))
        if is_lost(kind, saver, me) or "error" in before:
            before = json.load(open(f"{DIR}/ids/{kind}/{saver}.5.json"))
            file = f"{DIR}/ids/{kind}/{saver}.5"
        n += 1
        wrong = [k for k in about if about[k] != before.get(k)]
        wrong = [k for k in wrong if not (k == "normalizer" and same_normalizer(about[k], before[k]))]
        if ids != open(file).read() or wrong:
            bad += 1
            print(f"{kind}/{saver}: written again: {differing(ids, open(file).read())} lines differ; {[(k, about[k], before.get(k)) if k not in ('pieces', 'added') else k for k in wrong]}")
    print(f"version {me}: {n} folders written again: {bad} differ")
    return bad


def same_normalizer(a, b):
    """strip_accents: null means as lowercase."""
    def plain(x):
        x = dict(x or dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False))
        x.pop("type", None)
        if x["strip_accents"] is None:
            x["strip_accents"] = x["lowercase"]
        return x
    return plain(a) == plain(b)


def export(kind, saver, folder, out):
    import numpy as np
    from safetensors.numpy import save_file
    config = json.load(open(folder + "/config.json"))
    d, v = config["hidden_size"], config["vocab_size"]
    rng = np.random.default_rng(1)
    t = {"bert.embeddings.word_embeddings.weight": (v, d), "bert.embeddings.position_embeddings.weight": (512, d),
         "bert.embeddings.token_type_embeddings.weight": (2, d)}
    layer = "bert.encoder.layer.0."
    for name in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense", "intermediate.dense", "output.dense"):
        t[layer + name + ".weight"], t[layer + name + ".bias"] = (d, d), (d,)
    for name in ("bert.embeddings.LayerNorm", layer + "attention.output.LayerNorm", layer + "output.LayerNorm", "cls.predictions.transform.LayerNorm"):
        t[name + ".weight"], t[name + ".bias"] = (d,), (d,)
    t["cls.predictions.transform.dense.weight"], t["cls.predictions.transform.dense.bias"], t["cls.predictions.bias"] = (d, d), (d,), (v,)
    save_file({k: rng.normal(size=s).astype("float32") for k, s in t.items()}, folder + "/model.safetensors")
    model = f"{DIR}/again/model.h5"
    os.makedirs(f"{DIR}/again", exist_ok=True)
    if os.path.exists(model):
        os.remove(model)
    subprocess.run([f"{BUILD}/collapse-import", folder, f"--output={model}"], check=True, stderr=subprocess.DEVNULL)
    subprocess.run([f"{BUILD}/collapse-export", model, f"--output={out}"], check=True, stderr=subprocess.DEVNULL)
    os.remove(folder + "/model.safetensors")


if MODE == "save":
    save_bert(version()), save_json(version())
elif MODE == "load":
    load(version(), DIR, f"{DIR}/ids")
else:
    sys.exit((compare() if MODE == "compare" else again()) > 0)
