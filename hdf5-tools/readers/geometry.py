# geometry.py: a geometry file in Python.   python geometry.py GEOMETRY.h5
import sys
import h5py
import numpy as np

with h5py.File(sys.argv[1]) as f:
    words = [w.decode() for w in f["class/word"][:]]
    cosine, mean, embedding = f["class/dual_cosine"][:], f["class/mean"][:], f["class/embedding"][:]
    print("classes %d, features %d" % mean.shape)
    print("unc3 %.10f" % f["metric/unc3"][()])
    # the same from the arrays: rows are classes; a class without a direction has the cosine NaN and is left out
    has = np.isfinite(cosine)
    d = mean[has] - f["centre"][:]
    s = (d * embedding[has]).sum(1) / np.linalg.norm(d, axis=1) / np.linalg.norm(embedding[has], axis=1)
    print("recomputed %.10f" % s.std(ddof=1))
    least = int(np.nanargmin(cosine))
    print("least aligned %s %.10f" % (words[least], cosine[least]))
