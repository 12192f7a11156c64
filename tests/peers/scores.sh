#!/bin/bash
# scores.sh: collapse evaluate beside a careful batched PyTorch loop (tests/peers/scores.py) that computes the same scores, in turn.
#   tests/peers/scores.sh BUILD PYTHON MODEL.h5 HF_DIR EVAL [CASE...]
# EVAL: a folder with crows_pairs/crows_pairs_anonymized.csv and stereoset/gender_test.json; HF_DIR: the model as a Hugging Face folder. CASE: full (8 lines of 128
# pieces: no padding), crows-pairs, stereoset (gender). ROUNDS=3 THREADS= PRECISION=bf16 (of both), LIBRARY=onednn and RANKS=1 with RANK_THREADS=THREADS (of ours), PAIRS=1508 and
# LINES=8 (less of the first two) can be set.
# Prints least, median and most seconds of both, and of the ratio of each round: by the clock, and of processors (which on a busy machine is the
# one to read, with THREADS=1). Ours is the whole command, its start, the model and the bootstrap included (what it takes with one pair of CrowS-Pairs is
# printed, too); of the peer only the way from texts to scores counts.
set -u
build=$1 python=$2 model=$3 hf=$4 data=$5; shift 5
root=$(cd "$(dirname "$0")/../.." && pwd)
[ $# -gt 0 ] || set -- full crows-pairs stereoset
rounds=${ROUNDS:-3} threads=${THREADS:-$(nproc)} precision=${PRECISION:-fp32} ranks=${RANKS:-1}
rank_threads=${RANK_THREADS:-$threads} library=${LIBRARY:-blis}
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
launch=(); [ "$ranks" = 1 ] || { . "$root/jobs/launcher.sh"; launch=(${MPIRUN:-mpirun} -n "$ranks"); }
ours() { # TASK FILE
    OMP_NUM_THREADS=$rank_threads "${launch[@]}" "$build/collapse" evaluate "$model" --task="$1" --data="$work/$2" --threads="$rank_threads" --precision="$precision" \
        --gemm-library="$library" --json > "$work/json" 2> "$work/err"
    grep -q '"metric"' "$work/json" || { tail -n 3 "$work/err"; exit 1; }
}
spread() { sort -g | awk '{ x[NR] = $1 } END { printf "%.4g / %.4g / %.4g", x[1], x[int((NR + 1) / 2)], x[NR] }'; }
"$python" "$root/tests/peers/scores.py" make "$hf" "$data" "$work" --pairs "${PAIRS:-1508}" --lines "${LINES:-8}" 2> "$work/err" || { tail -n 3 "$work/err"; exit 1; }
echo "$(nproc) cores, load $(cut -d' ' -f1-3 /proc/loadavg), $threads threads (ours: $ranks ranks of $rank_threads), $precision ($library); seconds and ratio: least / median / most of $rounds rounds in turn"
head -n 2 "$work/crows-pairs.csv" > "$work/one.csv"
TIMEFORMAT='%R %U %S'
for round in 1 2 3; do { time ours crows-pairs one.csv; } 2>> "$work/start"; done
echo "ours with one pair: clock $(cut -d' ' -f1 "$work/start" | spread) s, cpu $(awk '{ print $2 + $3 }' "$work/start" | spread) s"
for case in "$@"; do
    case $case in full) file=full.txt task=perplexity;; crows-pairs) file=crows-pairs.csv task=$case;; stereoset) file=stereoset.json task=$case;;
    *) echo "no such case: $case"; exit 64;; esac
    rm -f "$work"/ours.* "$work"/theirs.* "$work"/over.*
    for round in $(seq "$rounds"); do
        { time ours "$task" "$file"; } 2> "$work/time"
        read -r clock user system < "$work/time"
        echo "$clock" >> "$work/ours.clock"; awk "BEGIN { print $user + $system }" >> "$work/ours.cpu"
        "$python" "$root/tests/peers/scores.py" "$case" "$hf" "$work/$file" --threads "$threads" $([ "$precision" = bf16 ] && echo --bf16) > "$work/peer" 2> "$work/err" || { tail -n 3 "$work/err"; exit 1; }
        sed 's/.*"seconds": \([0-9.]*\).*/\1/' "$work/peer" >> "$work/theirs.clock"; sed 's/.*"cpu": \([0-9.]*\).*/\1/' "$work/peer" >> "$work/theirs.cpu"
        for of in clock cpu; do awk "BEGIN { print $(tail -n 1 "$work/theirs.$of") / $(tail -n 1 "$work/ours.$of") }" >> "$work/over.$of"; done
    done
    echo "$case: $(sed 's/.*"sequences": \([0-9]*\), "tokens": \([0-9]*\).*/\1 sequences, \2 tokens/' "$work/peer"); load $(cut -d' ' -f1 /proc/loadavg)"
    for of in clock cpu; do echo "    $of: ours $(spread < "$work/ours.$of") s, PyTorch $(spread < "$work/theirs.$of") s, ratio $(spread < "$work/over.$of")"; done
done
