#!/bin/bash
# demo.sh: the whole road on a laptop, in under three minutes and without a download.
#
#   1  a grammar of ours with a planted gender skew in occupations -> text -> vocabulary
#   2  a small BERT pretrained on it from random weights, 2 ranks
#   3  debiased with BEC, once without and once with the collapse regularizer
#   4  tables: the he/she gap on held-out frames, before and after
#
# make demo runs it. Arguments: the folder of the programs, the folder for the results. RANKS, STEPS (of the pretraining)
# and MPIRUN can be set.
set -eu
bin=${1:-build}
out=${2:-build/demo}
here=$(dirname "$0")
ranks=${RANKS:-2}
steps=${STEPS:-2000}
. "$here/../launcher.sh"
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} # a model this small gains nothing from threads that wait for each other

rm -rf "$out"
mkdir -p "$out"
say() { printf '\n== %s\n' "$*"; }
run() { printf '$'; printf ' %q' "$@"; echo; "$@"; }
corpus() { "$bin/collapse" corpus "$here/words.grammar" "$@"; }

say "1. text from a grammar, and a vocabulary from the text"
corpus "$here/frames.grammar" "$here/skewed.grammar" --count=40000 --seed=1 > "$out/skewed.txt"
corpus "$here/frames.grammar" "$here/balanced.grammar" --count=8000 --seed=2 > "$out/balanced.txt"
corpus "$here/frames.grammar" "$here/balanced.grammar" --count=2000 --seed=5 > "$out/fresh.txt"
corpus "$here/held-out-jobs.grammar" --count=600 --seed=3 > "$out/jobs.txt"
corpus "$here/held-out-people.grammar" --count=400 --seed=4 > "$out/people.txt"
head -n 3 "$out/skewed.txt"
"$bin/collapse" vocab --size=400 --output="$out/vocab.txt" < "$out/skewed.txt"

say "2. pretraining a small BERT on the skewed text"
run $MPIRUN -n "$ranks" "$bin/collapse" train --method=mlm --init=random --layers=2 --hidden=128 --heads=4 \
    --intermediate=512 --positions=64 --initializer-range=0.06 --vocab="$out/vocab.txt" --train-data="$out/skewed.txt" \
    --output="$out/pretrained" --batch=48 --steps=$steps --learning-rate=2e-3 --warmup=$((steps / 20)) --mask-rate=0.2 \
    --dropout=0 --max-length=32 --checkpoint-steps=$((steps / 2))

say "3. debiasing with BEC on balanced text: without the regularizer, then with it"
for weight in 0 10; do
    run $MPIRUN -n "$ranks" "$bin/collapse" train "$here/bec.conf" --init="$out/pretrained/model.h5" \
        --train-data="$out/balanced.txt" --nc-words="$here/gender-words.txt" --nc-weight=$weight --steps=$((steps / 5)) --output="$out/bec-nc$weight"
done

say "4. before and after"
set -- "$out/pretrained/model.h5" "$out/bec-nc0/model.h5" "$out/bec-nc10/model.h5"
echo
echo "Jobs, in frames no training text has. gap.abs = mean |ln p(he) - ln p(she)|: 0 is fair, 2.2 is the planted nine to one."
"$bin/collapse" evaluate "$@" --task=pronoun-gap --data="$out/jobs.txt" --metrics=gap.abs,gap.signed
echo
echo "People whose pronoun is settled (the king ... he): this must stay right."
"$bin/collapse" evaluate "$@" --task=pronoun-gap --data="$out/people.txt" --metrics=accuracy,gap.abs
echo
echo "Fresh sentences of the balanced grammar: loss, and how well class means and embeddings of gender words"
echo "line up (nc3, 1 = self-dual) and how evenly (unc3, 0 = uniform)."
"$bin/collapse" evaluate "$@" --task=pronoun-gap --data="$out/fresh.txt" --words="$here/gender-words.txt" --metrics=loss,nc3,unc3

say "5. what is left"
ls "$out" "$out/bec-nc10"
echo
"$bin/collapse-show" "$(ls "$out"/bec-nc10/step-*.h5 | tail -n 1)"
cat <<EOF

Open them: $bin/collapse-show --all FILE.h5, h5dump -n FILE.h5, or in Python
  import h5py; f = h5py.File("$out/bec-nc10/model.h5"); f["model/weights/bert.embeddings.word_embeddings.weight"][:]
Back to Hugging Face: $bin/collapse-export "$out/bec-nc10/model.h5" --output="$out/hf"
EOF
