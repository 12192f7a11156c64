#!/bin/bash
# methods.sh: every method of the paper on the demonstration's grammar, without and with the collapse regularizer, several
# seeds; one table and a report page. Five to twenty minutes on two cores, without a download.
#
#   1  a grammar with a planted gender skew in occupations -> text -> vocabulary
#   2  that text made into each method's own data: collapse swap, pairs, mask-pronouns, collect
#   3  a small BERT for every seed; every method from it, without and with the regularizer
#   4  the he/she gap in frames no text had, what must stay right, loss and (U)NC3: mean and spread over the seeds
#
# make demo-methods runs it; the same line goes on where it was stopped. Arguments: the folder of the programs, the
# folder for the results. RANKS, SEEDS ("1 2 3"), METHODS, STEPS (of the pretraining) and MPIRUN can be set.
set -eu
bin=${1:-build}
out=${2:-build/demo-methods}
here=$(dirname "$0")
ranks=${RANKS:-2}
seeds=${SEEDS:-1 2 3}
methods=${METHODS:-bec cda mabel ase adept dpce}
steps=${STEPS:-2000}
. "$here/../launcher.sh"
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} # a model this small gains nothing from threads that wait for each other
words=$here/gender-words.txt data=$out/data
mkdir -p "$data" "$out/scores"

say() { printf '\n== %s\n' "$*"; }
file() { # FILE command...: what the command prints, whole or not at all; nothing to do if it is there
    local file=$1; shift
    [ -e "$file" ] || { "$@" > "$file.new"; mv "$file.new" "$file"; }
}
corpus() { "$bin/collapse" corpus "$here/words.grammar" "$@"; }
group() { sed -n "s/\t$1\$//p" "$words"; }
rows() { group "$1" | grep -vx 'him\|his\|her'; } # row by row each other's counterpart: her is both him and his
jobs() { sed -n 's/^[mf]_job = //p' "$here/words.grammar"; }
# A sentence with an opening entails the same without it: "in TOWN , the nurse left ." "the nurse left ."
openings() {
    printf 'sentence1\tsentence2\n'
    sed -n 's/^\(\(in\|at\) [^,]* , \(.*\)\)$/\1\t\3/p' "$data/text.txt"
}

say "1. text and vocabulary"
file "$data/skewed.txt" corpus "$here/frames.grammar" "$here/skewed.grammar" --count=40000 --seed=1
file "$data/text.txt" corpus "$here/frames.grammar" "$here/skewed.grammar" --count=6000 --seed=2
file "$data/fresh.txt" corpus "$here/frames.grammar" "$here/balanced.grammar" --count=2000 --seed=5
file "$data/jobs.txt" corpus "$here/held-out-jobs.grammar" --count=600 --seed=3
file "$data/people.txt" corpus "$here/held-out-people.grammar" --count=400 --seed=4
[ -e "$data/vocab.txt" ] || "$bin/collapse" vocab --size=400 --output="$data/vocab.txt" < "$data/skewed.txt"

say "2. each method's data, all of the same skewed text"
file "$data/swapped.txt" "$bin/collapse" swap --text="$data/text.txt" --form=text
file "$data/both.txt" cat "$data/text.txt" "$data/swapped.txt"
file "$data/openings.tsv" openings
file "$data/pairs.csv" "$bin/collapse" pairs --text="$data/openings.tsv" --label-column=none
file "$data/pronouns.csv" sh -c '"$1/collapse" mask-pronouns --text="$2/text.txt" --swapped | grep -v ",him$"' sh "$bin" "$data" # no piece of this vocabulary
file "$data/male.txt" group male
file "$data/female.txt" group female
file "$data/men.txt" rows male
file "$data/women.txt" rows female
file "$data/jobs.list" jobs
file "$data/examples.csv" "$bin/collapse" collect male="$data/men.txt" female="$data/women.txt" --neutral="$data/jobs.list" \
    --text="$data/text.txt" --max-examples=60

# Flags of a method: its data, and a rate and steps for a model of this size.
flags() {
    case $1 in
    bec) echo "--train-data=$data/both.txt --batch=48 --steps=300 --learning-rate=5e-4";;
    cda) echo "--train-data=$data/text.txt --cda-pairs=own --batch=48 --steps=300 --learning-rate=5e-4";;
    mabel) echo "--train-data=$data/pairs.csv --batch=24 --steps=150 --learning-rate=3e-4 --mabel-mlm-weight=1";;
    ase) echo "--train-data=$data/pronouns.csv --batch=24 --steps=300 --learning-rate=3e-4 --ase-fisher-data=$data/text.txt
        --ase-fisher-lines=256 --ase-neutral=$data/jobs.list --ase-male=$data/male.txt --ase-female=$data/female.txt";;
    adept) echo "--train-data=$data/examples.csv --steps=200 --learning-rate=3e-4";;
    dpce) echo "--train-data=$data/examples.csv --steps=200 --learning-rate=3e-4 --dpce-alpha=3e-3 --nc-grad=both";; # docs/methods.md, on a real model
    *) echo "methods.sh: METHODS names '$1', which is not one of: bec cda mabel ase adept dpce" >&2; return 64;;
    esac
}
# train FOLDER flags...: one line on the screen, all of it in FOLDER.log; nothing to do if it has ended.
train() {
    local folder=$1; shift
    printf '%s: ' "$folder"
    [ ! -e "$folder/model.h5" ] || { echo "is there"; return; }
    $MPIRUN -n "$ranks" "$bin/collapse" train --output="$folder" --dropout=0 --max-length=32 --log-steps=10 "$@" > "$folder.log" 2>&1 ||
        { local code=$?; echo "ended with $code"; tail -n 3 "$folder.log"; return $code; }
    echo "$(($(wc -l < "$folder/log.tsv") - 1)) lines of log, loss $(tail -n 1 "$folder/log.tsv" | cut -f3)"
}
# scores MODEL NAME: what the table is made of.
scores() {
    local task="$bin/collapse evaluate $1 --task=pronoun-gap --json"
    file "$2.jobs.json" $task --data="$data/jobs.txt" --output="$2.jobs.h5" --overwrite
    file "$2.people.json" $task --data="$data/people.txt"
    file "$2.fresh.json" $task --data="$data/fresh.txt" --words="$words"
}

say "3. training and measuring: $(echo $seeds | wc -w) seeds, $(echo $methods | wc -w) methods, without and with the regularizer"
began=$(date +%s) done=0
all=$(($(echo $seeds | wc -w) * (1 + 2 * $(echo $methods | wc -w))))
progress() { done=$((done + 1)); echo "    $done of $all, $(($(date +%s) - began)) s"; }
for seed in $seeds; do
    start=$out/start-$seed
    train "$start" --method=mlm --init=random --layers=2 --hidden=128 --heads=4 --intermediate=512 --positions=64 \
        --initializer-range=0.06 --vocab="$data/vocab.txt" --train-data="$data/skewed.txt" --batch=48 --steps="$steps" \
        --learning-rate=2e-3 --warmup=$((steps / 20)) --mask-rate=0.2 --checkpoint-steps=$((steps / 2)) --seed="$seed"
    scores "$start/model.h5" "$out/scores/start-0-$seed" 2>> "$out/evaluate.log"; progress
    for method in $methods; do
        for weight in 0 10; do
            train "$out/$method-$weight-$seed" --method="$method" --init="$start/model.h5" $(flags "$method") --seed="$seed" \
                --checkpoint-steps=1000 --nc-words="$words" --nc-weight=$weight
            scores "$out/$method-$weight-$seed/model.h5" "$out/scores/$method-$weight-$seed" 2>> "$out/evaluate.log"; progress
        done
    done
done

# value FILE NAME: of "metric" in the JSON
value() { grep -o "\"$2\": *[-0-9.e+]*" "$1" | head -n 1 | sed 's/.*: *//'; }
# row METHOD WEIGHT: mean and standard deviation over the seeds of each column
row() {
    printf '%-7s %-4s' "$1" "$([ "$2" = 0 ] && echo no || echo yes)"
    local column
    for column in jobs:gap.abs jobs:gap.signed people:accuracy fresh:loss fresh:nc3 fresh:unc3; do
        for seed in $seeds; do value "$out/scores/$1-$2-$seed.${column%%:*}.json" "${column#*:}"; done |
            awk '{ s += $1; q += $1 * $1; n++ } END { m = s / n; v = n > 1 ? (q - n * m * m) / (n - 1) : 0; printf "  %7.3f +- %5.3f", m, sqrt(v > 0 ? v : 0) }'
    done
    echo
}
table() {
    printf '%-7s %-4s' method reg.
    printf '  %16s' "jobs gap.abs" "jobs gap.signed" "people accuracy" "fresh loss" nc3 unc3
    echo
    row start 0
    for method in $methods; do row "$method" 0; row "$method" 10; done
}
say "4. means and standard deviations over seeds $seeds"
table | tee "$out/table.txt"
cat <<EOF

jobs: frames no text has; gap.abs = mean |ln p(he) - ln p(she)|, 0 is fair, 2.2 is the planted nine to one. people: their pronoun
is settled (the king ... he) and must stay right. fresh: sentences of the balanced grammar; nc3: how well class means and embeddings
of gender words line up (1 = self-dual), unc3: how evenly (0 = uniform). reg.: with the collapse regularizer, nc-weight = 10.
EOF
seed=${seeds%% *}
shown=("$out/scores/start-0-$seed.jobs.h5"); for method in $methods; do shown+=("$out/scores/$method-10-$seed.jobs.h5"); done
for method in $methods; do shown+=("$out/$method-10-$seed"); done
"$bin/collapse-report" "${shown[@]}" --output="$out/report.html" --overwrite --title="Methods with the regularizer on the demonstration's grammar, seed $seed"
echo "$out/table.txt, $out/report.html"
