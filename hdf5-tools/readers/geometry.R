# geometry.R: a geometry file in R (package hdf5r).   Rscript geometry.R GEOMETRY.h5
library(hdf5r)
f <- H5File$new(commandArgs(trailingOnly = TRUE)[1], "r")
words <- f[["class/word"]][]
cosine <- f[["class/dual_cosine"]][]
mean <- f[["class/mean"]][, ]          # R is column-major: features x classes
embedding <- f[["class/embedding"]][, ]
cat(sprintf("classes %d, features %d\n", ncol(mean), nrow(mean)))
cat(sprintf("unc3 %.10f\n", f[["metric/unc3"]]$read()))
has <- is.finite(cosine)               # a class without a direction has the cosine NaN and is left out
embedding <- embedding[, has]
d <- mean[, has] - f[["centre"]][]     # recycled down the columns: the centre from every class
s <- colSums(d * embedding) / sqrt(colSums(d^2)) / sqrt(colSums(embedding^2))
cat(sprintf("recomputed %.10f\n", sd(s)))
least <- which.min(cosine)
cat(sprintf("least aligned %s %.10f\n", words[least], cosine[least]))
