# test_not_measured.sh: what a step did not measure is an empty field of log.tsv and NaN in /history and traces, never 0; the reason
# is said once; a regularizer that could never have two classes is refused; NaN from arithmetic is still divergence.
. "$ROOT/tests/lib.sh"
tiny 101
table=$bin/collapse-table
printf 'he\nshe\n' > "$work/two.txt"
rare=(--steps=24 --batch=2 --mask-rate=0.03 --nc-reset=step --nc-words="$work/two.txt" --dropout=0)
train 1 "$work/gaps" "${rare[@]}" --trace="$work/trace.h5" --checkpoint-steps=6
ok $? "one sample a step, few masks, classes of the step alone"
# A task loss is there exactly where the trace has a label, R exactly where two classes were met, loss is their sum.
awk -F'\t' 'NR > 1 { no_task += $4 == ""; no_nc += $5 == ""; none += $3 == ""
    if ($5 == "" && ($6 >= 2 || $9 != "")) bad = 1
    if ($5 != "" && ($6 < 2 || $9 == "" || $5 + 0 == 0)) bad = 1
    if (($3 == "") != ($4 == "" && $5 == "")) bad = 1
    d = $3 - ($4 + 5 * $5); if (d < 0) d = -d; if (d > 1e-6) bad = 1 }
    END { printf "%d steps without a label, %d without two classes, %d without both", no_task, no_nc, none; exit bad || !no_task || !no_nc || no_task == NR - 1 || no_nc == NR - 1 }' "$work/gaps/log.tsv" > "$work/found"
ok $? "log.tsv: empty fields, and loss is the sum of the terms that were measured: $(cat "$work/found")"
code=0
for step in $(seq 1 24); do
    labels=$("$table" "$work/trace.h5" "/step_$(printf %06d "$step")/label" | awk '$1 >= 0 { n++ } END { print n + 0 }')
    task=$(awk -F'\t' -v s="$step" '$1 == s { print ($4 != "") }' "$work/gaps/log.tsv")
    [ $((labels > 0)) = "$task" ] || code=1
done
ok $code "a step has a task loss exactly if its batch has a label"
for column in loss task_loss nc_loss nc_grad_norm; do
    at=$(head -n 1 "$work/gaps/log.tsv" | tr '\t' '\n' | grep -n "^$column$" | cut -d: -f1)
    cmp -s <("$table" "$work/gaps/step-00000024.h5" "/history/$column" | awk '{ print ($1 ~ /^[-0-9]/) }') <(tail -n +2 "$work/gaps/log.tsv" | cut -f"$at" | awk '{ print ($1 != "") }') || code=1
done
ok $code "/history has no number where log.tsv has none"
[ "$(grep -c 'no position was masked' "$work/gaps.log")" = 1 ] && [ "$(grep -c 'fewer than two classes' "$work/gaps.log")" = 1 ]; ok $? "each reason is said once"
"$bin/collapse-show" "$work/gaps/step-00000024.h5" > "$work/shown" && ! grep -qi nan "$work/shown"; ok $? "collapse-show: $(grep history "$work/shown" | cut -c1-110)"

# The empty fields survive a stop and a new start, bit by bit.
train 1 "$work/half" "${rare[@]}" --checkpoint-steps=6 --trace="$work/half.h5"
rm "$work/half/model.h5" "$work/half/step-00000024.h5"; train 1 "$work/half" "${rare[@]}" --checkpoint-steps=6 --trace="$work/half.h5"
grep -q "continuing .*step-00000018" "$work/half.log" && cmp -s <(cut -f1-10 "$work/gaps/log.tsv") <(cut -f1-10 "$work/half/log.tsv")
ok $? "continued: the same log"
"$compare" "$work/gaps/step-00000024.h5" "$work/half/step-00000024.h5" --bits --skip=/history/seconds --skip=/progress/seconds > "$work/found"; ok $? "continued: $(cat "$work/found")"
"$bin/collapse-diff" "$work/gaps/step-00000024.h5" "$work/half/step-00000024.h5" > "$work/found"; grep -q "/history/nc_loss" "$work/found"; [ $? = 1 ]; ok $? "collapse-diff: not measured twice is no difference"
"$bin/collapse-report" "$work/gaps" -o "$work/report.html" 2> /dev/null && grep -q "Task loss over steps" "$work/report.html" && ! grep -q '>-\?nan<\|[ "]-\?nan[ "]' "$work/report.html"
ok $? "collapse-report: gaps, no nan"

train 1 "$work/plain" --steps=3 --nc-weight=0
awk -F'\t' 'NR > 1 && ($5 != "" || $9 != "" || $3 != $4 || $3 + 0 == 0) { bad = 1 } END { exit bad || NR != 4 }' "$work/plain/log.tsv"; ok $? "without a regularizer there is no nc_loss and no nc_grad_norm"
# A rank that has not met two classes is left out of the mean of nc-sync = none: R is that of the other rank alone.
printf 'he and she said that\nthe king\n' > "$work/both.txt"; head -n 1 "$work/both.txt" > "$work/first.txt"
train 1 "$work/alone" --steps=1 --batch=1 --nc-words="$work/two.txt" --dropout=0 --train-data="$work/first.txt"
train 2 "$work/own" --steps=1 --batch=2 --nc-words="$work/two.txt" --dropout=0 --train-data="$work/both.txt" --nc-sync=none
found=$(tail -n 1 "$work/own/log.tsv" | cut -f5); [ -n "$found" ] && [ "$found" = "$(tail -n 1 "$work/alone/log.tsv" | cut -f5)" ]; ok $? "nc-sync = none: a rank without two classes does not count as 0 ($found)"

refused() { fails 65 "$1" mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/no" --steps=2 "${@:2}"; [ ! -e "$work/no" ]; ok $? "and nothing is written"; }
printf 'he\nqqqzzz\nsupercalifragilistic\n' > "$work/one.txt"
refused "one.txt: 1 class ('he').*nc-weight = 5 .*needs at least two; left out: 'qqqzzz'.*'supercalifragilistic'" --nc-words="$work/one.txt"
refused "geometry-steps = 1 .*needs at least two" --nc-words="$work/one.txt" --nc-weight=0 --geometry-steps=1
grep -v -w she "$work/text.txt" > "$work/he.txt"
refused "he.txt: holds 1 of the 2 classes" --nc-words="$work/two.txt" --train-data="$work/he.txt"
train 1 "$work/off" --steps=1 --nc-words="$work/one.txt" --nc-weight=0; ok $? "nc-weight = 0 does not ask for classes"

# A state that is not finite is a fault, not a gap, also where no label sees it.
cp "$work/alone/model.h5" "$work/huge.h5"; "$tamper" "$work/huge.h5" /model/weights/bert.encoder.layer.1.intermediate.dense.weight 3e38 > /dev/null
for metric in unc3 nc1; do
    fails 76 "step 1: .*diverged" mpirun -n 1 "$collapse" train "$work/base.conf" --init="$work/huge.h5" --output="$work/far" --steps=1 --mask-rate=1e-6 \
        --train-data="$work/first.txt" --nc-words="$work/two.txt" --nc-metric=$metric
done
