# test_seat.sh: evaluate --task=seat. Oracle: transformers on the same tiny model, exported (seat-mean.tsv and seat-cls.tsv beside this
# file, written by tests/oracle/evaluations.py).
. "$ROOT/tests/lib.sh"
. "$ROOT/tests/evaluate/items.sh"
tiny 53
train 1 "$work/run" --steps=1
model=$work/run/model.h5
seat() { "$collapse" evaluate "$model" --task=seat --data="$@"; }

for state in mean cls; do
    seat "$here/seat" --seat-state=$state --output="$work/$state.h5" --json > "$work/$state.json" 2> "$work/err"
    "$table" "$work/$state.h5" /item > "$work/items"
    found=$(items_near "$here/seat-$state.tsv" "$work/items" 38 1e-6 association); ok $? "$state: associations are transformers': $found"
    cut -f1,2 "$here/seat-$state.tsv" > "$work/want"
    awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } { print $at["test"] "\t" $at["set"] }' "$work/items" | cmp -s - "$work/want"; ok $? "$state: tests and sets in the order of the files"
    for test in small unequal sent-ten; do
        want=$(awk -F'\t' -v t=$test '$1 == t { print $4; exit }' "$here/seat-$state.tsv")
        found=$(value "$work/$state.json" $test.effect | awk -v w="$want" '{ d = $1 - w; if (d < 0) d = -d; printf "%.1e", d; exit d > 1e-4 }'); [ $? = 0 ] && [ -n "$found" ]
        ok $? "$state, $test: effect size within $found"
    done
    [ "$(printf '%.8f' "$(value "$work/$state.json" small.p)") $(value "$work/$state.json" unequal.p)" = "$(awk -F'\t' '$1 == "small" { printf "%.8f", $5; exit }' "$here/seat-$state.tsv") null" ]; ok $? "$state: p of all 20 splits; none of unequal sets"
    value "$work/$state.json" sent-ten.p | awk -v w="$(awk -F'\t' '$1 == "sent-ten" { print $5, 6 * $6; exit }' "$here/seat-$state.tsv")" '{ split(w, a, " "); d = $1 - a[1]; if (d < 0) d = -d; exit !(d < a[2] && $1 != "") }'; ok $? "$state: p of random splits is numpy's within six standard errors"
    same_on_ranks seat "$here/seat" "$work/$state.h5" 3 --seat-state=$state
done
same_on_ranks seat "$here/seat" "$work/cls.h5" 2 --seat-state=cls
same_on_ranks seat "$here/seat" "$work/cls.h5" 4 --seat-state=cls
says "$work/err" "1 texts have no pieces" "1 texts are twice in their set" "1 texts hold pieces that are unknown" "the last state of \[CLS\]" "unequal: the targets are 6 and 5"; ok $? "what is left out, and which state it is, is said"
seat "$here/seat/small.jsonl" --json > "$work/json" 2> /dev/null; gzip -c "$here/seat/small.jsonl" > "$work/small.jsonl.gz"; seat "$work/small.jsonl.gz" --json > "$work/gz" 2> /dev/null
[ "$(value "$work/json" small.effect)" = "$(value "$work/mean.json" small.effect)" ] && [ "$(value "$work/gz" small.p)" = "$(value "$work/json" small.p)" ]; ok $? "one file, gzip: the same test"
cp "$here/seat/sent-ten.json" "$work/one.json"; mkdir "$work/six"; for n in 6 6b 7 7b 8 8b; do cp "$here/seat/sent-ten.json" "$work/six/sent-weat$n.jsonl"; done; echo text > "$work/six/README.md"
seat "$work/six" --json > "$work/json" 2> "$work/err"
grep -q "1 files are not" "$work/err" && [ "$(value "$work/json" gender.mean_abs_effect | cut -c1-10)" = "$(value "$work/mean.json" sent-ten.effect | cut -c1-10)" ] && [ "$(value "$work/json" mean_abs_effect)" = "$(value "$work/json" gender.mean_abs_effect)" ]
ok $? "mean |effect| of the six gender tests"
# States that have no direction.
cp "$model" "$work/zeros.h5"
for name in weight bias; do "$tamper" "$work/zeros.h5" /model/weights/bert.encoder.layer.1.output.LayerNorm.$name 0; done
"$collapse" evaluate "$work/zeros.h5" --task=seat --data="$here/seat/small.jsonl" --json > "$work/json" 2> "$work/err"
[ "$(value "$work/json" small.effect) $(value "$work/json" small.p)" = "null null" ] && grep -q "no direction" "$work/err"; ok $? "states of length 0: not measured, and said"

bad() { sed "$1" "$here/seat/small.jsonl" > "$work/bad.json"; fails 65 "$2" seat "$work/bad.json"; }
bad 's/"targ2"/"targ3"/' "no list 'examples' with texts in an object 'targ2'"
bad 's/"quiet"/7/' "example 1 of attr2 is no text"
bad '/targ2/,$d' "bad.json: line .*not valid JSON"
bad '/"he",/,/"husband"/d' "bad.json: is no test of SEAT: it has no list 'examples' with texts in an object 'targ1'"
: > "$work/empty.json"; fails 65 "empty.json" seat "$work/empty.json"
fails 65 "no test of SEAT" seat "$here/stereoset.json"
mkdir "$work/none"; fails 65 "holds no file whose name ends in" seat "$work/none"
cp "$here/seat/small.jsonl" "$work/none/a.json"; cp "$here/seat/small.jsonl" "$work/none/a.jsonl"; fails 65 "two files named a" seat "$work/none"
fails 74 "nowhere" seat "$work/nowhere"
fails 64 "seat-state" seat "$here/seat" --seat-state=max
