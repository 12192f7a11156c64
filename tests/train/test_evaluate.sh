# test_evaluate.sh: evaluate-steps: evaluations on the way. Oracle: collapse evaluate on the checkpoints of the same steps, and on best.h5;
# a run without them; a run that was stopped and went on.
. "$ROOT/tests/lib.sh"
tiny 101
table=$bin/collapse-table
here=$ROOT/tests/evaluate
head -n 30 "$work/text.txt" > "$work/held.txt"
cp "$here/crows.csv" "$work/crows.csv"
on="--evaluate-steps=4 --evaluate-tasks=perplexity=$work/held.txt,crows-pairs=$work/crows.csv,pronoun-gap=$work/held.txt --evaluate-metrics=perplexity.pppl,crows-pairs.age.pll.score,pronoun-gap.gap.abs,pronoun-gap.loss,perplexity.aula"
best="--evaluate-best=perplexity.pppl"
fixed="--reproducible=yes --dropout=0.1 --threads=1 --log-steps=3 --checkpoint-steps=4 --keep=9 --steps=10"
# column FILE NAME: `step value` of the lines that have one
column() { awk -F'\t' -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } at && $at != "" { print $1, $at }' "$1/log.tsv"; }

train 1 "$work/run" $fixed $on $best; ok $? "a run with evaluations on the way"
[ "$(column "$work/run" perplexity.pppl | cut -d' ' -f1 | paste -sd' ')" = "0 4 8 10" ] && [ "$(column "$work/run" loss | cut -d' ' -f1 | paste -sd' ')" = "3 4 6 8 9 10" ]
ok $? "before the first step, every 4, and after the last; the log's other lines have none"
for step in 4 8; do
    found=
    for score in perplexity:pppl:held.txt perplexity:aula:held.txt crows-pairs:age.pll.score:crows.csv pronoun-gap:gap.abs:held.txt pronoun-gap:loss:held.txt; do
        IFS=: read -r task metric data <<< "$score"
        value=$("$collapse" evaluate "$work/run/step-0000000$step.h5" --task="$task" --data="$work/$data" --json 2> /dev/null | sed "s/.*\"metric\": {\([^}]*\)}.*/\1/" | tr ',' '\n' | sed -n "s/^ *\"$metric\": //p")
        awk -v a="$value" -v b="$(column "$work/run" "$task.$metric" | sed -n "s/^$step //p")" 'BEGIN { d = a - b; if (d < 0) d = -d; e = a < 0 ? -a : a; exit !(a != "" && b != "" && d <= 1e-7 * (1 + e)) }' || found="$found $task.$metric"
    done
    [ -z "$found" ]; ok $? "step $step: the scores of collapse evaluate on its checkpoint$found"
done
"$table" "$work/run/step-00000010.h5" /history/perplexity.pppl | tail -n +1 | grep -c '[0-9]' | grep -qx 4; ok $? "the checkpoint's history has them"
lowest=$(column "$work/run" perplexity.pppl | sort -k2,2g | awk '$1 > 0' | head -n 1)
[ "$("$collapse" evaluate "$work/run/best.h5" --task=perplexity --data="$work/held.txt" --json 2> /dev/null | sed 's/.*"pppl": \([0-9]*\.[0-9]\{4\}\).*/\1/')" = "$(echo "${lowest#* }" | grep -o '^[0-9]*\.[0-9]\{4\}')" ]
ok $? "best.h5 has the lowest pppl: step and value $lowest"
"$bin/collapse-check" --quiet "$work/run/best.h5"; ok $? "collapse-check"
high=$(column "$work/run" perplexity.pppl | awk '$1 > 0' | sort -k2,2gr | head -n 1)
train 1 "$work/high" $fixed $on $best --evaluate-best-is=high
found=$("$compare" "$work/high/best.h5" "$work/high/step-$(printf %08d "${high% *}").h5" --bits --skip=/optimizer --skip=/history --skip=/progress --skip=/collapse --skip=/best 2>&1); ok $? "evaluate-best-is = high: the weights of step ${high% *}: $found"
near=$(column "$work/run" pronoun-gap.loss | awk '$1 == 8 { print $2 }')
train 1 "$work/near" $fixed $on --evaluate-best=pronoun-gap.loss --evaluate-best-is=near:$near
grep -q "after step 8: the best" "$work/near.log" && ! grep -q "after step 10: the best" "$work/near.log"; ok $? "near:$near: step 8"

train 1 "$work/none" $fixed
found=$("$compare" "$work/run/model.h5" "$work/none/model.h5" --bits); ok $? "the model is that of a run without evaluations: $found"
for ranks in 2 3; do
    train $ranks "$work/r$ranks" $fixed $on $best
    found=$("$compare" "$work/run/step-00000010.h5" "$work/r$ranks/step-00000010.h5" --bits --skip=seconds) && "$compare" "$work/run/best.h5" "$work/r$ranks/best.h5" --bits > /dev/null
    ok $? "$ranks ranks: the bits of one, history and best.h5 too: $found"
done
# A run that was killed after step 10 was evaluated and goes on from step 4, or 8, on other ranks: best.h5 is of later weights then.
for from in 4:3 8:2; do
    rm -rf "$work/parts"; cp -r "$work/high" "$work/parts"; rm "$work/parts/step-00000010.h5" "$work/parts/model.h5"; cp "$work/run/best.h5" "$work/parts/best.h5"
    [ ${from%:*} = 8 ] || rm "$work/parts/step-00000008.h5"
    train ${from#*:} "$work/parts" $fixed $on $best --evaluate-best-is=high
    found=$("$compare" "$work/high/step-00000010.h5" "$work/parts/step-00000010.h5" --bits --skip=seconds) && "$compare" "$work/high/best.h5" "$work/parts/best.h5" --bits > /dev/null && grep -q "continuing .*step-0000000${from%:*}.h5" "$work/parts.log"
    ok $? "gone on with from step ${from%:*} on ${from#*:} ranks: history, best weights and best.h5 have the bits of one run: $found"
    [ "$(cut -f1-10,12- "$work/parts/log.tsv")" = "$(cut -f1-10,12- "$work/high/log.tsv")" ]; ok $? "and the same log"
done
train 1 "$work/gone" $fixed $on $best; rm "$work/gone/step-00000010.h5" "$work/gone/model.h5" "$work/gone/best.h5"; train 1 "$work/gone" $fixed --evaluate-steps=4 --evaluate-tasks="perplexity=$work/held.txt" $best
[ "$(column "$work/gone" perplexity.pppl)" = "$(column "$work/run" perplexity.pppl)" ] && "$compare" "$work/run/best.h5" "$work/gone/best.h5" --bits > /dev/null; ok $? "fewer scores, and a best.h5 that was taken away: it is there again"

# Keys of the tasks; oracle: collapse evaluate with the same keys on the checkpoint.
printf 'Id\tBody\n' > "$work/held.tsv"; nl -w1 "$work/held.txt" >> "$work/held.tsv"
train 1 "$work/keys" $fixed --evaluate-steps=4 --evaluate-tasks="pronoun-gap=$work/held.tsv,seat=$here/seat" --evaluate-options="pair=his,her, seat-state = cls,words=$work/words.txt,text-column=Body" --evaluate-metrics=pronoun-gap.gap.abs,pronoun-gap.unc3,seat.mean_abs_effect
ok $? "a run with evaluate-options"
gap() { "$collapse" evaluate "$work/keys/step-00000008.h5" --task="$1" --data="$2" "${@:4}" --json 2> /dev/null | sed "s/.*\"metric\": {\([^}]*\)}.*/\1/" | tr ',' '\n' | sed -n "s/^ *\"$3\": //p"; }
for score in pronoun-gap:gap.abs:held.tsv pronoun-gap:unc3:held.tsv seat:mean_abs_effect:seat; do
    IFS=: read -r task metric file <<< "$score"
    if [ "$task" = seat ]; then value=$(gap seat "$here/seat" "$metric" --seat-state=cls) other=$(gap seat "$here/seat" "$metric")
    else value=$(gap "$task" "$work/$file" "$metric" --pair=his,her --words="$work/words.txt" --text-column=Body) other=$(gap "$task" "$work/$file" "$metric" --words="$work/words.txt" --text-column=Body); [ "$metric" = unc3 ] && other=0; fi
    awk -v a="$value" -v b="$(column "$work/keys" "$task.$metric" | sed -n "s/^8 //p")" -v c="$other" 'BEGIN { d = a - b; if (d < 0) d = -d; exit !(a != "" && b != "" && d <= 1e-6 * (1 + (a < 0 ? -a : a)) && a != c) }'
    ok $? "$task.$metric with its key: $value (without: $other)"
done

bad() { local code=$1 pattern=$2; shift 2; fails "$code" "$pattern" mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/bad" --steps=2 "$@"; }
bad 64 "needs evaluate-tasks" --evaluate-steps=1
bad 64 "'perplexety' is not one of" --evaluate-steps=1 --evaluate-tasks=perplexety=x.txt
bad 64 "perplexity has no file" --evaluate-steps=1 --evaluate-tasks=perplexity
bad 64 "stands there twice" --evaluate-steps=1 --evaluate-tasks="perplexity=$work/held.txt,perplexity=$work/text.txt"
bad 74 "nowhere.txt: the file of evaluate-tasks" --evaluate-steps=1 --evaluate-tasks=perplexity=nowhere.txt
bad 64 "'perplexity.ppl' is no TASK.METRIC" --evaluate-steps=1 --evaluate-tasks="perplexity=$work/held.txt" --evaluate-metrics=perplexity.ppl
bad 64 "measures no 'wealth.b.score'" --evaluate-steps=1 --evaluate-tasks="crows-pairs=$work/crows.csv" --evaluate-metrics=crows-pairs.wealth.b.score
bad 64 "did you mean 'perplexity.pppl'" --evaluate-steps=1 --evaluate-tasks="perplexity=$work/held.txt" --evaluate-best=perplexity.ppl
bad 64 "is not low, high or near" --evaluate-steps=1 --evaluate-tasks="perplexity=$work/held.txt" --evaluate-best=perplexity.pppl --evaluate-best-is=small
bad 64 "evaluate-best needs evaluate-steps" --evaluate-best=perplexity.pppl
with="--evaluate-steps=1 --evaluate-tasks=perplexity=$work/held.txt"
bad 64 "'sate-state' is a key of no task" $with --evaluate-options=sate-state=cls
bad 64 "bec-pad is a key of task bec-pro, which is not in evaluate-tasks" $with --evaluate-options=bec-pad=mask
bad 64 "seat-state = 'clz' is not one of" --evaluate-steps=1 --evaluate-tasks="seat=$here/seat" --evaluate-options=seat-state=clz
bad 64 "format is given twice" $with --evaluate-options=format=csv,format=tsv
bad 64 "'cls' is no KEY=VALUE" $with --evaluate-options=cls
bad 65 "no column 'Body'" --evaluate-steps=1 --evaluate-tasks="perplexity=$here/lines.tsv" --evaluate-options=text-column=Body
mkfifo "$work/pipe"; bad 64 "is a pipe or a device" --evaluate-steps=1 --evaluate-tasks=perplexity="$work/pipe"
# Their files are inputs: no output may take their place.
ln "$work/held.txt" "$work/held-link"; cp -r "$here/winobias" "$work/wino"; mkdir "$work/kept"; cp "$work/held.txt" "$work/kept/log.tsv"; cp "$work/words.txt" "$work/kept/best.h5"
bad 64 "trace = .* and evaluate-tasks .*are the same file" $with --trace="$work/held-link" --overwrite
bad 64 "corpus-cache = .* and evaluate-tasks .*are the same file" $with --corpus-cache="$work/held.txt"
bad 64 "a file of output = .*log.tsv and evaluate-tasks .*are the same file" --evaluate-steps=1 --evaluate-tasks=perplexity="$work/kept/log.tsv" --output="$work/kept"
bad 64 "trace = .*anti_.* and what is read beside" --evaluate-steps=1 --evaluate-tasks=winobias-mlm="$work/wino/pro_stereotyped_type1.txt.dev" --evaluate-metrics=winobias-mlm.type1.gap --trace="$work/wino/anti_stereotyped_type1.txt.dev" --overwrite
bad 64 "a file of output = .*best.h5 and words .*are the same file" --evaluate-steps=1 --evaluate-tasks=pronoun-gap="$work/held.txt" --evaluate-options=words="$work/kept/best.h5" --output="$work/kept"
cmp -s "$work/held.txt" "$work/kept/log.tsv" && cmp -s "$work/words.txt" "$work/kept/best.h5"; ok $? "they are as they were"
fails 64 "evaluate-best = " mpirun -n 1 "$collapse" train "$work/base.conf" --output="$work/run" $fixed $on --steps=12
