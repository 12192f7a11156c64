#!/bin/bash
# methods.sh: a training step of every method beside a careful PyTorch version of it, on the same ragged batches, in turn.
#   tests/peers/methods.sh BUILD PYTHON MODEL.h5 DATA [METHOD...]
# DATA: a folder with text.txt (a sentence a line), pairs.csv (four texts a row), pronouns.csv, examples.csv (word, group, text), lists
# neutral.txt male.txt female.txt (words of letters). METHOD: bec cda mabel ase adept dpce. ROUNDS=3 STEPS=8 THREADS= can be set. Prints medians over the rounds (least, median, most) of tokens a
# second of both and of their ratio. The regularizer is off: its cost is that of docs/performance.md.
set -u
build=$1 python=$2 model=$3 data=$4; shift 4
root=$(cd "$(dirname "$0")/../.." && pwd)
[ $# -gt 0 ] || set -- bec cda mabel ase adept dpce
rounds=${ROUNDS:-3} steps=${STEPS:-8} threads=${THREADS:-$(nproc)}
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
. "$root/jobs/launcher.sh"
spread() { sort -g | awk '{ x[NR] = $1 } END { printf "%.4g / %.4g / %.4g", x[1], x[int((NR + 1) / 2)], x[NR] }'; }
flags() {
    case $1 in
    bec) echo "--train-data=$data/text.txt --batch=16";;
    cda) echo "--train-data=$data/text.txt --cda-pairs=own --batch=16";;
    mabel) echo "--train-data=$data/pairs.csv --batch=8";;
    ase) echo "--train-data=$data/pronouns.csv --batch=16 --ase-fisher-data=$data/text.txt --ase-fisher-lines=4 --ase-neutral=$data/neutral.txt
        --ase-male=$data/male.txt --ase-female=$data/female.txt";;
    adept | dpce) echo "--train-data=$data/examples.csv --batch=${BATCH:-64} --$1-held-out=0";;
    esac
}
for method in "$@"; do
    run="--method=$method --init=$model $(flags "$method") --dropout=0 --steps=$steps --max-length=128 --log-steps=1 --threads=$threads --checkpoint-steps=1000000"
    "$build/collapse" train $run --output="$work/$method" --trace="$work/$method.h5" > "$work/log" 2>&1 || { tail -n 3 "$work/log"; continue; }
    # The parts that the method adds to the model stand in its first checkpoint: the peer begins with them too.
    "$build/collapse" train $run --output="$work/$method-0" --learning-rate=0 --steps=1 > "$work/log" 2>&1
    for round in $(seq "$rounds"); do
        "$build/collapse" train $run --output="$work/$method-$round" > "$work/log" 2>&1 || { tail -n 3 "$work/log"; continue 2; }
        # tokens and seconds of log.tsv are sums since the start
        awk -F'\t' 'NR > 2 { print ($10 - t) / ($11 - s) } NR > 1 { t = $10; s = $11 }' "$work/$method-$round/log.tsv" | tail -n +2 | sort -g |
            awk '{ x[NR] = $1 } END { print x[int((NR + 1) / 2)] }' >> "$work/$method.ours"
        "$python" "$root/tests/peers/step.py" "$work/$method.h5" "$work/$method" "$work/$method-0/model.h5" --threads "$threads" > "$work/json" 2> "$work/err" || { tail -n 3 "$work/err"; continue 2; }
        sed 's/.*"tokens_per_s": \([0-9.]*\).*/\1/' "$work/json" >> "$work/$method.theirs"
        awk "BEGIN { print $(tail -n 1 "$work/$method.ours") / $(tail -n 1 "$work/$method.theirs") }" >> "$work/$method.over"
    done
    echo "$method: ours $(spread < "$work/$method.ours") tokens/s, PyTorch $(spread < "$work/$method.theirs"), ratio $(spread < "$work/$method.over"); losses differ by $(sed 's/.*"first_loss_differs": \([-0-9.e]*\).*/\1/' "$work/json") before the first update, by $(sed 's/.*"losses_differ": \([-0-9.e]*\).*/\1/' "$work/json") in any step"
done
