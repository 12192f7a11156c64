# geometry.jl: a geometry file in Julia (package HDF5).   julia geometry.jl GEOMETRY.h5
using HDF5, Printf, Statistics
h5open(ARGS[1], "r") do f
    m, w = read(f["class/mean"]), read(f["class/embedding"])   # column-major: features x classes
    cosine, words = read(f["class/dual_cosine"]), read(f["class/word"])
    @printf("classes %d, features %d\n", size(m, 2), size(m, 1))
    @printf("unc3 %.10f\n", read(f["metric/unc3"]))
    has = isfinite.(cosine)                                    # a class without a direction has the cosine NaN
    w = w[:, has]
    d = m[:, has] .- read(f["centre"])
    s = sum(d .* w, dims=1) ./ sqrt.(sum(d .^ 2, dims=1)) ./ sqrt.(sum(w .^ 2, dims=1))
    @printf("recomputed %.10f\n", std(vec(s)))
    least = argmin(ifelse.(has, cosine, Inf))
    @printf("least aligned %s %.10f\n", rstrip(words[least], '\0'), cosine[least])
end
