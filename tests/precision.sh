#!/bin/bash
# precision.sh: does a long run in bf16 end where runs in fp32 end? The same run (bec with the regularizer, on a real model and text) with several
# seeds in fp32 and in bf16; of each the loss and unc3 over text that no run has seen; bf16 beside the spread of the seeds, and beside fp32 of the same seed.
#   tests/precision.sh BUILD MODEL.h5 DATA OUT
# DATA: the folder with bec/ and adept/ of the published data. OUT: a folder; the same line goes on where it was stopped.
# STEPS=1000 SEEDS=5 BF16=2 (how many of the seeds run in bf16 too) BATCH=8 LENGTH=40 HELD=40 (lines) RANKS=1 THREADS=1
set -eu
build=$(cd "$1" && pwd) model=$2 data=$3 out=$4
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/jobs/launcher.sh"
mkdir -p "$out"
words=$data/adept/adept_word_indices_gender_1.json gap=$data/bec/gap_flipped.tsv
file() { local file=$1; shift; [ -e "$file" ] || { "$@" > "$file.new"; mv "$file.new" "$file"; }; }
value() { grep -o "\"$2\": *[-0-9.e+]*" "$1" | head -n 1 | sed 's/.*: *//'; }

# Rows 1 to 3000 are trained on; of rows 3501 and on the first 25 words are held out.
file "$out/train.tsv" head -n 3001 "$gap"
file "$out/held.txt" awk -F'\t' -v n="${HELD:-40}" 'NR > 3501 && NR <= 3501 + n { k = split($3, w, " "); line = w[1]; for (i = 2; i <= k && i <= 25; i++) line = line " " w[i]; print line }' "$gap"
file "$out/held-words.tsv" sh -c 'head -n 1 "$1"; sed -n "3502,3801p" "$1"' sh "$gap"

measure() { # MODEL NAME
    file "$out/$2.loss" "$build/collapse" evaluate "$1" --task=perplexity --data="$out/held.txt" --json 2>> "$out/log"
    file "$out/$2.unc3" "$build/collapse" geometry "$1" --text="$out/held-words.tsv" --words="$words" --max-length=48 --nc4=no --json --output="$out/$2-geometry.h5" --overwrite 2>> "$out/log"
}
row() { printf '%-14s %14.6f %14.6f\n' "$1" "$(awk -v pll="$(value "$out/$1.loss" pll)" -v pieces="$(value "$out/$1.loss" pieces)" -v n="$(value "$out/$1.loss" n_items)" 'BEGIN { print -pll * n / pieces }')" "$(value "$out/$1.unc3" unc3)"; }

measure "$model" before
for seed in $(seq "${SEEDS:-5}"); do
    for precision in fp32 bf16; do
        [ $precision = fp32 ] || [ "$seed" -le "${BF16:-2}" ] || continue
        name=$precision-$seed run=$out/$precision-$seed
        [ -e "$run/model.h5" ] || $MPIRUN -n "${RANKS:-1}" "$build/collapse" train "$root/jobs/recipes/bec-nc.conf" --init="$model" --train-data="$out/train.tsv" --nc-words="$words" \
            --steps="${STEPS:-1000}" --batch="${BATCH:-8}" --max-length="${LENGTH:-40}" --seed="$seed" --precision=$precision --threads="${THREADS:-1}" --checkpoint-steps=1000000 --output="$run" > "$run.log" 2>&1 ||
            { tail -n 3 "$run.log"; exit 1; }
        measure "$run/model.h5" "$name"
    done
done
printf '%-14s %14s %14s\n' run "held-out loss" "unc3"
{ row before; for file in "$out"/fp32-*.unc3 "$out"/bf16-*.unc3; do row "$(basename "${file%.unc3}")"; done; } | tee "$out/table"
awk '$1 ~ /^fp32/ { seed = substr($1, 6); for (c = 2; c <= 3; c++) { y[seed, c] = $c; sum[c] += $c; two[c] += $c * $c } n++ }
    $1 ~ /^bf16/ { bf[++m] = substr($1, 6); x[m, 2] = $2; x[m, 3] = $3 }
    END { for (c = 2; c <= 3; c++) { mean = sum[c] / n; sd = sqrt((two[c] - n * mean * mean) / (n - 1))
            printf "%s: fp32 over %d seeds %.6f, standard deviation %.6f\n", c == 2 ? "held-out loss" : "unc3", n, mean, sd
            for (i = 1; i <= m; i++) { d = x[i, c] - y[bf[i], c]; printf "  bf16, seed %s: %.2f standard deviations off the mean; less fp32 of this seed: %.6f (%.3f)\n", bf[i], (x[i, c] - mean) / sd, d, d / sd } } }' "$out/table"
