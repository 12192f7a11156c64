#!/bin/bash
# scores.sh: collapse evaluate beside a careful batched PyTorch loop (tests/peers/scores.py) that computes the same scores, in turn.
#   tests/peers/scores.sh BUILD PYTHON MODEL.h5 HF_DIR EVAL [CASE...]
# EVAL: a folder with crows_pairs/crows_pairs_anonymized.csv and stereoset/gender_test.json; HF_DIR: the model as a Hugging Face folder. CASE: full (8 lines of 128
# pieces: no padding), crows-pairs, stereoset (gender). ROUNDS=3 THREADS= and PRECISION=bf16 (of both) can be set. Prints least, median and most
# seconds of both and of the ratio of each round. Ours is the whole command, its start, the model and the bootstrap included; of the peer only
# the way from texts to scores counts.
set -u
build=$1 python=$2 model=$3 hf=$4 data=$5; shift 5
root=$(cd "$(dirname "$0")/../.." && pwd)
[ $# -gt 0 ] || set -- full crows-pairs stereoset
rounds=${ROUNDS:-3} threads=${THREADS:-$(nproc)} precision=${PRECISION:-fp32}
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
spread() { sort -g | awk '{ x[NR] = $1 } END { printf "%.4g / %.4g / %.4g", x[1], x[int((NR + 1) / 2)], x[NR] }'; }
"$python" "$root/tests/peers/scores.py" make "$hf" "$data" "$work" 2> "$work/err" || { tail -n 3 "$work/err"; exit 1; }
echo "$(nproc) cores, load $(cut -d' ' -f1-3 /proc/loadavg), $threads threads, $precision; seconds and ratio: least / median / most of $rounds rounds in turn"
for case in "$@"; do
    case $case in full) file=full.txt task=perplexity;; crows-pairs) file=crows-pairs.csv task=$case;; stereoset) file=stereoset.json task=$case;;
    *) echo "no such case: $case"; exit 64;; esac
    rm -f "$work"/ours "$work"/theirs "$work"/over
    for round in $(seq "$rounds"); do
        began=$(date +%s.%N)
        "$build/collapse" evaluate "$model" --task="$task" --data="$work/$file" --threads="$threads" --precision="$precision" --json > "$work/json" 2> "$work/err" || { tail -n 3 "$work/err"; exit 1; }
        awk "BEGIN { print $(date +%s.%N) - $began }" >> "$work/ours"
        "$python" "$root/tests/peers/scores.py" "$case" "$hf" "$work/$file" --threads "$threads" $([ "$precision" = bf16 ] && echo --bf16) > "$work/peer" 2> "$work/err" || { tail -n 3 "$work/err"; exit 1; }
        sed 's/.*"seconds": \([0-9.]*\).*/\1/' "$work/peer" >> "$work/theirs"
        awk "BEGIN { print $(tail -n 1 "$work/theirs") / $(tail -n 1 "$work/ours") }" >> "$work/over"
    done
    echo "$case: $(sed 's/.*"sequences": \([0-9]*\), "tokens": \([0-9]*\).*/\1 sequences, \2 tokens/' "$work/peer"); ours $(spread < "$work/ours") s, PyTorch $(spread < "$work/theirs") s, ratio $(spread < "$work/over"); load $(cut -d' ' -f1 /proc/loadavg)"
done
