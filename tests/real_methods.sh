#!/bin/bash
# real_methods.sh: every method on a real model, without and with the regularizer; the same held-out text and class list measured by
# collapse geometry before and after. The table of docs/methods.md.
#   tests/real_methods.sh BUILD MODEL.h5 DATA OUT [METHOD...]
# DATA: the folder with bec/ mabel/ ase/ adept/ of the published data. OUT: a folder; the same line goes on where it was stopped. STEPS=100
# BATCH=64 (of adept and dpce) RANKS=2 WEIGHTS="0 own": nc-weight, own for that of the recipe; MORE: further flags, with a NAME= for the folders they go to.
set -eu
build=$(cd "$1" && pwd) model=$2 data=$3 out=$4; shift 4
root=$(cd "$(dirname "$0")/.." && pwd)
[ $# -gt 0 ] || set -- bec mabel ase adept dpce cda
steps=${STEPS:-100} ranks=${RANKS:-2} weights=${WEIGHTS:-0 own} more=${MORE:-} name=${NAME:-}
. "$root/jobs/launcher.sh"
mkdir -p "$out"
words=$data/adept/adept_word_indices_gender_1.json gap=$data/bec/gap_flipped.tsv
file() { local file=$1; shift; [ -e "$file" ] || { "$@" > "$file.new"; mv "$file.new" "$file"; }; }

# Texts 1 to 1500 are trained on; sentences of texts 3501 to 3650 are held out, and no method sees them.
file "$out/train.tsv" head -n 1501 "$gap"
file "$out/pronouns.txt" awk -F'\t' 'NR > 1 && NR <= 802 { sub(/[.] .*/, ".", $3); print $3 }' "$gap"
file "$out/held.tsv" sh -c 'head -n 1 "$1"; sed -n "3502,3651p" "$1"' sh "$gap"
[ -e "$out/cda.csv" ] || "$build/collapse" swap --text="$out/train.tsv" --output="$out/cda.csv" > "$out/log" 2>&1
[ -e "$out/pronouns.csv" ] || "$build/collapse" mask-pronouns --text="$out/pronouns.txt" --output="$out/pronouns.csv" > "$out/log" 2>&1
[ -e "$out/examples.csv" ] || "$build/collapse" collect male="$data/adept/male.txt" female="$data/adept/female.txt" --neutral="$data/adept/neutral.txt" \
    --text="$out/train.tsv" --max-examples=60 --min-examples=10 --output="$out/examples.csv" > "$out/log" 2>&1

flags() {
    case $1 in
    bec) echo "--train-data=$out/train.tsv --batch=16";;
    cda) echo "--train-data=$out/cda.csv --batch=16";;
    mabel) echo "--train-data=$data/mabel/entailment_rte.csv --batch=8";;
    ase) echo "--train-data=$out/pronouns.csv --ase-fisher-lines=64 --ase-neutral=$data/ase/stereotype_list.tsv --ase-male=$data/ase/male_word_file.txt
        --ase-female=$data/ase/female_word_file.txt";;
    adept | dpce) echo "--train-data=$out/examples.csv --batch=${BATCH:-64} --$1-held-out=0";;
    *) echo "real_methods.sh: '$1' is not one of: bec mabel ase adept dpce cda" >&2; return 64;;
    esac
}
value() { grep -o "\"$2\": *[-0-9.e+]*" "$1" | head -n 1 | sed 's/.*: *//'; }
geometry() { # MODEL FILE
    [ -e "$2.json" ] || { "$build/collapse" geometry "$1" --text="$out/held.tsv" --words="$words" --max-length=48 --nc4=no --output="$2.h5" --overwrite --json > "$2.json.new" 2>> "$out/log"
        mv "$2.json.new" "$2.json"; }
}
# Means of column NAME over the first and the last quarter of the steps.
ends() {
    awk -F'\t' -v name="$2" 'NR == 1 { for (c = 1; c <= NF; c++) if ($c == name) k = c; next } { x[NR - 1] = $k }
        END { n = NR - 1; q = int(n / 4); for (i = 1; i <= q; i++) { if (x[i] != "") { a += x[i]; u++ } if (x[n + 1 - i] != "") { b += x[n + 1 - i]; v++ } }
            printf "%.4g %.4g", u ? a / u : 0, v ? b / v : 0 }' "$1/log.tsv"
}
geometry "$model" "$out/before"
printf '%-26s %-22s %-18s %-18s\n' run "task loss, first, last" "unc3 before, after" "nc3 before, after"
for method in "$@"; do
    for weight in $weights; do
        run=$out/$method-$weight$name recipe=$root/jobs/recipes/$method-nc.conf
        [ "$weight" = own ] && say="" || say="--nc-weight=$weight"
        [ -e "$run/model.h5" ] || nice -n 5 $MPIRUN -n "$ranks" "$build/collapse" train "$recipe" --init="$model" $(flags "$method") --steps="$steps" --max-length=48 --log-steps=1 \
            --checkpoint-steps=1000000 --nc-words="$words" --output="$run" $say $more > "$run.log" 2>&1 || { tail -n 3 "$run.log"; continue; }
        geometry "$run/model.h5" "$run"
        printf '%-26s %-22s %-18s %-18s\n' "$method-$weight$name" "$(ends "$run" task_loss)" "$(printf '%.4f %.4f' "$(value "$out/before.json" unc3)" "$(value "$run.json" unc3)")" \
            "$(printf '%.4f %.4f' "$(value "$out/before.json" nc3)" "$(value "$run.json" nc3)")"
    done
done
