"""Print src/base/unicode_tables.inc: how Hugging Face's tokenizers classes every scalar value.

  python tests/oracle/unicode_tables.py > src/base/unicode_tables.inc

Needs: tokenizers, and libutf8proc on the machine (its lower-casing, decomposition and combining classes are compared;
code points where they differ go to lower_exceptions, whole_ranges and starter_ranges).
"""
import ctypes

from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def normalizer(**on):
    steps = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    steps.update(on)
    return normalizers.BertNormalizer(**steps)


def ranges(scalars):
    out = []
    for c in scalars:
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


def show(name, scalars):
    print(f"static const ScalarRange {name}[] = {{")
    items = [f"{{0x{a:X}, 0x{b:X}}}" for a, b in ranges(scalars)] or ["{1, 0}"]
    line = "   "
    for item in items:
        if len(line) + len(item) > 100:
            print(line)
            line = "   "
        line += " " + item + ","
    print(line + "\n};\n")


def word_scalars():
    """What \\w of Rust's regular expressions holds: characters that may not touch an added token with single_word."""
    tokenizer = Tokenizer(models.WordPiece({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.add_tokens([AddedToken("qq", single_word=True, normalized=False)])
    return [c for c, e in zip(SCALARS, tokenizer.encode_batch([chr(c) + "qq" for c in SCALARS])) if 1 not in e.ids]


class Property(ctypes.Structure):
    _fields_ = [("category", ctypes.c_int16), ("combining_class", ctypes.c_int16)]


def starters(library, nfd):
    """Scalars with a combining class in utf8proc that the tokenizer never moves; all other classes must agree."""
    library.utf8proc_get_property.restype = ctypes.POINTER(Property)
    first, out = {}, []  # class -> a mark that has it
    for c in SCALARS:
        k, text = library.utf8proc_get_property(c).contents.combining_class, chr(c)
        if nfd.normalize_str(text) != text:
            continue
        moves = nfd.normalize_str("\u0345" + text) != "\u0345" + text  # U+0345 has the highest class, 240
        if k and k < 240 and not moves:
            out.append(c)
        elif k:
            mark = first.setdefault(k, text)
            assert nfd.normalize_str(mark + text) == mark + text and nfd.normalize_str(text + mark) == text + mark, hex(c)
        else:
            assert not moves, hex(c)
    return out


def main():
    clean, strip, lower = normalizer(clean_text=True), normalizer(strip_accents=True), normalizer(lowercase=True)
    words, nfd = pre_tokenizers.BertPreTokenizer(), normalizers.NFD()
    c_library = ctypes.CDLL("libutf8proc.so.2")
    c_library.utf8proc_tolower.restype = ctypes.c_int32
    buffer = (ctypes.c_int32 * 64)()
    removed, nonspacing, punctuation, lowered, decomposed = [], [], [], [], []
    for c in SCALARS:
        text = chr(c)
        if clean.normalize_str(text) == "":
            removed.append(c)
        if strip.normalize_str(text) == "":
            nonspacing.append(c)
        if c >= 0x80 and len(words.pre_tokenize_str("a" + text + "b")) == 3:
            punctuation.append(c)
        theirs = lower.normalize_str(text)
        if theirs != chr(c_library.utf8proc_tolower(c)):
            lowered.append((c, theirs))
        raw = text.encode()
        n = c_library.utf8proc_decompose(raw, len(raw), buffer, 64, (1 << 4) | (1 << 1))
        ours = "".join(chr(buffer[i]) for i in range(n))
        if nfd.normalize_str(text) != ours:
            decomposed.append((c, nfd.normalize_str(text), ours))
    print("/* unicode_tables.inc: made by tests/oracle/unicode_tables.py; do not edit. */\n")
    show("removed_ranges", removed)
    show("nonspacing_ranges", nonspacing)
    show("punctuation_ranges", punctuation)
    show("word_ranges", word_scalars())
    print("/* Marks of utf8proc that the tokenizer does not know as such. */")
    show("starter_ranges", starters(c_library, nfd))
    print("/* Differences of lower-casing from utf8proc, as scalar -> lower case, ascending. */")
    print("static const uint32_t lower_exceptions[][2] = {")
    for c, theirs in lowered:
        if len(theirs) == 1:
            print(f"    {{0x{c:X}, 0x{ord(theirs):X}}},")
    print("};\n")
    print("/* Scalars that utf8proc decomposes and the tokenizer leaves whole. */")
    show("whole_ranges", [c for c, theirs, ours in decomposed if theirs == chr(c)])
    for c, theirs, ours in decomposed:
        if theirs != chr(c):
            print(f"/* not covered: U+{c:04X} {[hex(ord(x)) for x in theirs]} {[hex(ord(x)) for x in ours]} */")
    for c, theirs in lowered:
        if len(theirs) != 1:
            print(f"/* lower case of U+{c:04X} has {len(theirs)} scalars: unicode_lower_whole */")


main()
