# test_compare.sh: evaluate --compare: two models on one file. Oracle: the items of both scores files, and the statistic's own test
# (test_compare.c); refusals.
. "$ROOT/tests/lib.sh"
tiny 203
here=$ROOT/tests/evaluate
table=$bin/collapse-table
train 1 "$work/one" --steps=1
train 1 "$work/two" --steps=8
eval_() { "$collapse" evaluate "$work/$1/model.h5" --task="$2" --data="$3" "${@:4}"; }
cp "$here/lines.txt" "$work/lines.txt"
head -n 40 "$work/text.txt" > "$work/forty.txt"
for task in crows-pairs:crows.csv perplexity:lines.txt; do eval_ one ${task%:*} "$here/${task#*:}" --output="$work/${task%:*}.h5" > /dev/null 2>&1; done
eval_ one perplexity "$work/forty.txt" --output="$work/forty.h5" > /dev/null 2>&1
eval_ one pronoun-gap "$work/text.txt" --output="$work/gap.h5" > "$work/gap.out" 2> /dev/null

# Values are those of both runs; intervals hold the difference; a p with it.
eval_ two pronoun-gap "$work/text.txt" --compare="$work/gap.h5" --output="$work/gap2.h5" > "$work/table" 2> /dev/null
awk 'NR == FNR { if (FNR == 2) { abs1 = $2; sign1 = $3 } next } FNR == 2 { abs2 = $2; sign2 = $3 }
    $1 == "gap.abs" { a = $2 == abs2 && $3 == abs1 && $5 <= $4 && $4 <= $6 } $1 == "gap.signed" { s = $2 == sign2 && $3 == sign1 && $5 <= $4 && $4 <= $6 && $8 > 100 } END { exit !(a && s) }' "$work/gap.out" "$work/table"
ok $? "pronoun-gap: both models' values, the interval about their difference: $(grep '^gap.signed' "$work/table" | tr -s ' ')"
"$bin/collapse-check" --quiet "$work/gap2.h5" && "$table" "$work/gap2.h5" /compare > "$work/columns" && head -n 1 "$work/columns" | grep -q "metric" ; ok $? "--output keeps them: $(head -n 1 "$work/columns" | tr '\t' ' ')"
eval_ two perplexity "$work/forty.txt" --compare="$work/forty.h5" --json > "$work/json" 2> /dev/null
eval_ one perplexity "$work/forty.txt" --json > "$work/alone" 2> /dev/null
other=$(sed 's/.*"metric": {"pppl": \([0-9.e-]*\).*/\1/' "$work/alone"); found=$(sed 's/.*"compare": .*"pppl": {"this": \([0-9.]*\), "other": \([0-9.]*\), "difference": \([-0-9.e]*\).*/\1 \2 \3/' "$work/json")
set -- $found; awk -v o="$other" -v a="$1" -v b="$2" -v d="$3" 'BEGIN { e = o - b; if (e < 0) e = -e; f = a - b - d; if (f < 0) f = -f; exit !(e < 1e-9 && f < 1e-9 && a != b) }'; ok $? "perplexity, JSON: this, other, difference: $found"
mpirun -n 3 "$collapse" evaluate "$work/two/model.h5" --task=perplexity --data="$work/forty.txt" --compare="$work/forty.h5" --json 2> /dev/null | cmp -s - "$work/json"; ok $? "3 ranks: the same bytes"
eval_ two crows-pairs "$here/crows.csv" --compare="$work/crows-pairs.h5" --json 2> /dev/null > "$work/json"
grep -q '"unit": "sentence pair"' "$work/json" && grep -q '"all.b.score": {"this": [0-9.]*, "other": [0-9.]*, "difference": [-0-9.]*, "interval": \[null, null\], "p": null, "n_units": 4}' "$work/json"; ok $? "crows-pairs: 4 pairs have a difference and no interval"
eval_ one crows-pairs "$here/crows.csv" --compare="$work/crows-pairs.h5" --json 2> /dev/null | grep -q '"all.a.score": {"this": [0-9.]*, "other": [0-9.]*, "difference": 0.0, "interval": \[0.0, 0.0\], "p": 1.0, "n_units": 6}'; ok $? "a model with itself: 0 [0, 0], p = 1"

fails 65 "holds scores of task 'perplexity', here 'crows-pairs'" eval_ two crows-pairs "$here/crows.csv" --compare="$work/perplexity.h5"
{ cat "$work/forty.txt"; echo the king; } > "$work/more.txt"
fails 65 "made from other data than --data: their xxh128" eval_ two perplexity "$work/more.txt" --compare="$work/forty.h5"
mkfifo "$work/pipe"; cat "$work/more.txt" > "$work/pipe" &
fails 65 "holds 40 items, .*pipe has 41" eval_ two perplexity "$work/pipe" --compare="$work/forty.h5"
fails 65 "was made with 'pair = he,she', here 'pair = king,queen'" eval_ two pronoun-gap "$work/text.txt" --pair=king,queen --compare="$work/gap.h5"
"$collapse" geometry "$work/one/model.h5" --text="$work/text.txt" --words="$work/words.txt" --output="$work/geometry.h5" > /dev/null 2>&1
fails 65 "evaluate --output writes what --compare reads" eval_ two perplexity "$work/forty.txt" --compare="$work/geometry.h5"
fails 74 "nowhere.h5" eval_ two perplexity "$work/forty.txt" --compare="$work/nowhere.h5"
fails 64 "go with one model" "$collapse" evaluate "$work/one/model.h5" "$work/two/model.h5" --task=perplexity --data="$work/forty.txt" --compare="$work/forty.h5"
fails 64 "output" eval_ two perplexity "$work/forty.txt" --compare="$work/forty.h5" --output="$work/forty.h5"
