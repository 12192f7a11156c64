"""Oracle of `collapse geometry`: every measure by numpy in fp64, from the states that `collapse encode` writes.

  geometry.py BUILD MODEL.h5 TEXT (--words=FILE | --most=N) [--tolerance=1e-6] [--golden=FILE] [-- flags of geometry...]

The text must have no empty line. Needs numpy, scipy is not used, h5py. Prints one line per setting; exit 1 on a difference.
"""
import json, math, os, subprocess, sys, tempfile
import h5py, numpy as np

arguments, extra = sys.argv[1:], []
if "--" in arguments:
    extra = arguments[arguments.index("--") + 1:]
    arguments = arguments[:arguments.index("--")]
flags = dict(a[2:].split("=", 1) for a in arguments if a.startswith("--"))
build, model, text = [a for a in arguments if not a.startswith("--")]
tolerance = float(flags.get("tolerance", 1e-6))
work = tempfile.mkdtemp()


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


run(f"{build}/collapse", "encode", model, f"--text={text}", f"--output={work}/states.h5", "--max-length=128")
with h5py.File(f"{work}/states.h5") as f:
    ids, offset, hidden = f["ids"][:], f["offset"][:], f["hidden"][:].astype(np.float64)
with h5py.File(model) as f:
    weights = {name: f["model/weights"][name][:].astype(np.float64) for name in (
        "bert.embeddings.word_embeddings.weight", "cls.predictions.transform.dense.weight", "cls.predictions.transform.dense.bias",
        "cls.predictions.transform.LayerNorm.weight", "cls.predictions.transform.LayerNorm.bias")}
    epsilon = f["model"].attrs["layer_norm_eps"]
W = weights["bert.embeddings.word_embeddings.weight"]
special = {0, 100, 101, 102, 103}


def transform(x):
    u = x @ weights["cls.predictions.transform.dense.weight"].T + weights["cls.predictions.transform.dense.bias"]
    erf = np.vectorize(math.erf)
    v = u * 0.5 * (1 + erf(u / math.sqrt(2)))
    v = v - v.mean(1, keepdims=True)
    return v / np.sqrt((v * v).mean(1, keepdims=True) + epsilon) * weights["cls.predictions.transform.LayerNorm.weight"] + weights["cls.predictions.transform.LayerNorm.bias"]


def pairs_of(align):
    last = np.zeros(len(ids), bool)
    last[offset[1:] - 1] = True
    if align == "same":
        return hidden, ids
    return hidden[~last], ids[np.nonzero(~last)[0] + 1]


def measures(x, y, classes, weighted):
    D = x.shape[1]
    seen = np.bincount(y, minlength=len(W))
    S = np.array([c for c in classes if seen[c] > 0])
    K = len(S)
    means = np.zeros((len(W), D))
    np.add.at(means, y, x)
    means[seen > 0] /= seen[seen > 0, None]
    n, mu, w = seen[S], means[S], W[S]
    centre = (n[:, None] * mu).sum(0) / n.sum() if weighted else mu.mean(0)
    m = mu - centre
    inside = np.isin(y, S)
    deviation = x[inside] - means[y[inside]]
    v = np.zeros(len(W))
    np.add.at(v, y[inside], (deviation ** 2).sum(1))
    var = v[S] / n
    SW, SB = deviation.T @ deviation / inside.sum(), m.T @ m / K
    values, vectors = np.linalg.eigh(SB)
    square = np.trace(SB) + np.trace(SW) + (centre ** 2).sum()
    keep = values > max(D * np.finfo(float).eps * values[-1], square * 2.0 ** -46)  # else it is rounding of the solver or of fp32 states
    terms = np.einsum("ir,ij,jr->r", vectors, SW, vectors) / np.where(values != 0, values, 1)
    top = min(K - 1, D)
    up = np.triu_indices(K, 1)
    G, r = m @ m.T, np.linalg.norm(m, axis=1)
    unit, raw = m / r[:, None], mu / np.linalg.norm(mu, axis=1)[:, None]
    cos = (unit @ unit.T)[up]

    def distances(a):  # exact differences, a block at a time
        out = np.empty((K, K))
        for i in range(K):
            out[i] = ((a[i] - a) ** 2).sum(1)
        return out[up]
    apart, kernel, kernel_raw = distances(m), -0.5 * np.log(distances(unit)), -0.5 * np.log(distances(raw))
    spread = (var[up[0]] + var[up[1]]) / 2
    cdnv = {1: spread / apart, 2: spread / apart ** 2}
    etf = (np.eye(K) - 1 / K) / math.sqrt(K - 1)
    dual = w @ m.T
    s = (w * m).sum(1) / np.linalg.norm(w, axis=1) / r
    distance = np.linalg.norm(w / np.linalg.norm(w, axis=1)[:, None] - unit, axis=1)
    dots, logs = (w * m).sum(1), np.log(r)
    sd = lambda z: z.std(ddof=1)
    positive = spread > 0
    result = dict(
        classes=K, states=int(n.sum()), variance_mean=var.mean(), nc1_pinv=terms[keep].sum() / K, nc1_top=terms[-top:][keep[-top:]].sum() / K,
        nc1_quotient=np.trace(SW) / np.trace(SB), norm_cov=sd(r) / r.mean(), norm_mean=r.mean(), norm_var=r.var(ddof=1),
        norm_log_mean=logs.mean(), norm_log_var=logs.var(ddof=1), norm_log_cov=sd(logs) / abs(logs.mean()),
        cdnv_p1=cdnv[1].mean(), cdnv_p2=cdnv[2].mean(), cdnv_p1_sd=cdnv[1].std(), cdnv_p2_sd=cdnv[2].std(),
        cdnv_log_p1=np.log(cdnv[1][positive]).mean(), cdnv_log_p2=np.log(cdnv[2][positive]).mean(),
        cdnv_inverse_p1=(1 / cdnv[1][positive]).mean(), cdnv_inverse_p2=(1 / cdnv[2][positive]).mean(),
        cos_mean=cos.mean(), cos_var=cos.var(), cos_off_mean=abs(cos + 1 / (K - 1)).mean(), cos_off_max=abs(cos + 1 / (K - 1)).max(),
        gram_mean=G[up].mean(), gram_var=G[up].var(), etf_error=np.linalg.norm(G / np.linalg.norm(G) - etf),
        gnc2_mean=kernel.mean(), gnc2_var=kernel.var(), gnc2_cov=kernel.std() / abs(kernel.mean()),
        gnc2_uncentred_mean=kernel_raw.mean(), gnc2_uncentred_var=kernel_raw.var(),
        duality_error=np.linalg.norm(dual / np.linalg.norm(dual) - etf), nc3=s.mean(), unc3=sd(s), unc3_var=s.var(ddof=1),
        nc3_dot_mean=dots.mean(), nc3_dot_var=dots.var(ddof=1), nc3_distance_mean=distance.mean(), nc3_distance_var=distance.var(ddof=1))
    tested = np.nonzero(inside)[0]
    hits, rate = {}, np.zeros(len(W))
    candidates = dict(nc4=seen > 0, nc4_all=np.ones(len(W), bool), nc4_classes=np.isin(np.arange(len(W)), S))
    for name in candidates:
        hits[name] = np.zeros(len(W))
    for i in range(0, len(tested), 512):
        part = tested[i:i + 512]
        a, b = x[part] @ W.T, x[part] @ means.T - (means ** 2).sum(1) / 2
        for name, allowed in candidates.items():
            hit = np.where(allowed, a, -np.inf).argmax(1) == np.where(allowed, b, -np.inf).argmax(1)
            np.add.at(hits[name], y[part], hit)
    for name in candidates:
        result[name] = hits[name].sum() / len(tested)
    result["unc4"] = sd(hits["nc4"][S] / n)
    return result, np.bincount(y[inside], minlength=len(W))[S]


failures, golden = 0, []
for space in ("hidden", "transform"):
    features_cache = {}
    for align in ("shift", "same"):
        for centre in ("unweighted", "weighted"):
            if centre == "weighted" and (space, align) != ("hidden", "shift"):
                continue
            x, y = pairs_of(align)
            x = x if space == "hidden" else transform(x)
            command = [f"{build}/collapse", "geometry", model, f"--text={text}", f"--nc-space={space}", f"--nc-align={align}",
                       f"--centre={centre}", f"--output={work}/g.h5", "--json", "--max-length=128", "--bootstrap=0", "--calibration=0", *extra]
            if "words" in flags:
                command += [f"--words={flags['words']}", "--nc-pieces=first"]
            else:
                command += ["--classes=corpus", f"--most={flags['most']}"]
            ours = json.loads(run(*command))["metric"]
            with h5py.File(f"{work}/g.h5") as f:
                chosen, counts = f["class/id"][:], f["class/count"][:]
            if "most" in flags:  # the most frequent, lower ids first among equals
                n = np.bincount(y, minlength=len(W))
                order = sorted((c for c in range(len(W)) if n[c] > 0 and c not in special), key=lambda c: (-n[c], c))
                classes = sorted(order[:int(flags["most"])])
                assert list(chosen) == classes, "the most frequent classes differ"
            theirs, n = measures(x, y, list(chosen), centre == "weighted")
            assert (n == counts).all(), "counts differ"
            worst = max(((abs(ours[k] - theirs[k]) / max(abs(theirs[k]), 1e-12)), k) for k in theirs)
            # agreement counts states: one state in a tie may fall the other way
            bad = worst[0] > tolerance
            failures += bad
            print(f"{'FAILED' if bad else 'ok'}: {space}, {align}, {centre}: {len(chosen)} classes, counts equal, {len(theirs)} measures, "
                  f"largest relative difference {worst[0]:.1e} ({worst[1]})", flush=True)
            golden += [f"{space}\t{align}\t{centre}\t{k}\t{theirs[k]:.15g}" for k in theirs]
if "golden" in flags:
    open(flags["golden"], "w").write("\n".join(golden) + "\n")
sys.exit(failures > 0)
