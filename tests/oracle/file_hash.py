"""The hashes of docs/formats.md, computed from its description alone with h5py: xxh128 of every dataset and file_xxh128.

  python tests/oracle/file_hash.py FILE.h5...     one line per file; exit 1 where a stored hash differs  (h5py, xxhash)
"""
import sys

import h5py
import numpy as np
import xxhash


def kind(dtype):
    return "text" if dtype.kind == "S" else {"<f4": "f32", "<f8": "f64", "<i4": "i32", "<i8": "i64", "|u1": "u8"}[dtype.str]


def raw(attribute):
    """dtype and bytes as stored; h5py would cut strings at their first NUL."""
    space, memory = attribute.get_space(), attribute.get_type()
    value = np.empty(space.shape, dtype=memory.dtype)
    attribute.read(value, mtype=memory)
    return memory.dtype, value.tobytes()


def record(path, node):
    head = "group" if isinstance(node, h5py.Group) else " ".join(["dataset", kind(node.dtype), *map(str, node.shape)])
    out = f"{path}\n{head}\n".encode()
    for name in sorted(node.attrs, key=str.encode):
        if (path, name) == ("/", "file_xxh128"):
            continue
        dtype, value = raw(h5py.h5a.open(node.id, name.encode()))
        out += f"{name} {kind(dtype)} {len(value)}\n".encode() + value + b"\n"
    return out


def file_hash(f):
    total = xxhash.xxh3_128_intdigest(record("/", f))

    def add(path, node):
        nonlocal total
        total += xxhash.xxh3_128_intdigest(record("/" + path, node))
    f.visititems(add)
    return f"{total % 2**128:032x}"


def data_hash(dataset):
    return xxhash.xxh3_128_hexdigest(np.ascontiguousarray(dataset[()]).tobytes())


def hash_datasets(f):
    """Give every dataset the hash that readers ask for."""
    def add(path, node):
        if isinstance(node, h5py.Dataset):
            node.attrs["xxh128"] = np.bytes_(data_hash(node))
    f.visititems(add)


def check(path):
    with h5py.File(path, "r") as f:
        wrong = []
        f.visititems(lambda p, o: wrong.append(p) if isinstance(o, h5py.Dataset) and o.attrs["xxh128"] != np.bytes_(data_hash(o)) else None)
        stored = f.attrs.get("file_xxh128", b"none")
        same = stored.decode() == file_hash(f)
        print(f"{path}: file_xxh128 {stored.decode()} {'as computed' if same else 'DIFFERS: ' + file_hash(f)}; datasets that differ: {wrong or 'none'}")
        return same and not wrong


if __name__ == "__main__":
    sys.exit(not all([check(path) for path in sys.argv[1:]]))
