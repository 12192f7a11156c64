#!/bin/sh
# geometry.sh: a geometry file by h5dump and awk alone; a class without a direction has the cosine nan and is left out.
#   geometry.sh GEOMETRY.h5
numbers() { h5dump -y -w 1 -m "%.17g" -d "$1" "$2" | sed -n '/DATA {/,/}/p' | sed -n 's/^ *\([-0-9.en+a]*\),*$/\1/p' | grep .; }
shape=$(h5dump -H -d /class/mean "$1" | sed -n 's/.*SIMPLE { ( \([0-9]*\), \([0-9]*\) ).*/classes \1, features \2/p')
echo "$shape"
numbers /metric/unc3 "$1" | awk '{ printf "unc3 %.10f\n", $1 }'
numbers /class/dual_cosine "$1" | grep -v nan | awk '{ s += $1; x[NR] = $1 } END { m = s / NR; for (i in x) q += (x[i] - m) ^ 2; printf "recomputed %.10f\n", sqrt(q / (NR - 1)) }'
place=$(numbers /class/dual_cosine "$1" | awk '$1 !~ /nan/ && (!at || $1 < least) { least = $1; at = NR } END { print at }')
word=$(h5dump -y -w 1 -d /class/word "$1" | sed -n '/DATA {/,/}/p' | grep '"' | sed -n "${place}p" | sed 's/^ *"//; s/".*//; s/\\000.*//')
numbers /class/dual_cosine "$1" | sed -n "${place}p" | awk -v w="$word" '{ printf "least aligned %s %.10f\n", w, $1 }'
