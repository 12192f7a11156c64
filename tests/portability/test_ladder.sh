# test_ladder.sh: a tiny ladder, two levels of two seeds: its table, going on after a kill, files that were damaged, and what
# it refuses. That level 0 is fair: test_ladder_fair.sh.
. "$ROOT/tests/lib.sh"
ladder=$ROOT/jobs/ladder/ladder.sh out="$work/some where/größer"
export LEVELS="0 10" SEEDS="1 2" STEPS=12 LINES=400 JOBS=2
run() { "$ladder" "$bin" "$out" "$@" > "$work/said" 2>&1; }

# Killed in its midst, with its models; then the same line again.
setsid "$ladder" "$bin" "$out" > "$work/said" 2>&1 &
first=$!
for _ in $(seq 600); do ls "$out"/scores/*/*.h5 > /dev/null 2>&1 && break; sleep 0.05; done
kill -TERM $first; wait $first; code=$?
[ $code = 143 ]; ok $? "ended by a signal: $code"
for _ in $(seq 100); do [ -n "$(alive "$out")" ] || break; sleep 0.1; done
[ -z "$(alive "$out")" ]; ok $? "with all it had started"
[ "$(ls "$out/values" | grep -c 'tsv$')" -lt 4 ]; ok $? "not all is measured: $(ls "$out/values" | grep -c 'tsv$')"
find "$out/scores" -name '*.h5' | sort | head -n 1 > "$work/kept"; kept=$(cat "$work/kept"); before=$(stat -c %Y.%i "$kept")
run; ok $? "the same line goes on: $(tail -n 1 "$work/said" | cut -c1-100)"
[ "$(stat -c %Y.%i "$kept")" = "$before" ]; ok $? "what was finished stays"
[ "$(ls -d "$out"/models/base-?/model.h5 | wc -l)" = 2 ]; ok $? "one base for each seed"
[ "$(ls "$out/values" | grep -c 'tsv$')" = 4 ] && grep -q "4 of 4 models" "$work/said"; ok $? "four models, with progress"

listed=$(($(wc -l < "$ROOT/jobs/ladder/scores.tsv") - 1))
tail -n +2 "$ROOT/jobs/ladder/scores.tsv" | cut -f1 | while read -r score; do grep -q "^$score  *" "$out/table.txt" || echo "$score"; done > "$work/missing"
[ ! -s "$work/missing" ] && [ "$listed" -gt 50 ]; ok $? "a row for every one of $listed scores $(head -n 3 "$work/missing" | paste -sd' ')"
awk -F'\t' 'NR == 1 { n = NF; next } NF != n { bad = 1 } $3 == 4 { whole++ } END { exit bad || whole < 100 }' "$out/table.tsv"; ok $? "every number in table.tsv, of four models: $(wc -l < "$out/table.tsv") rows"
for task in pronoun-gap crows stereoset seat-mean seat-cls bec winobias perplexity geometry-jobs geometry-gender; do
    grep -q "^$task\." "$out/table.tsv" || ok 1 "$task is in the table"
done; ok 0 "every evaluation is in the table"
for name in stereoset.overall.n crows.all.b.n bec.n_items winobias.type1.pro.n; do grep -q "^0	1	$name	[1-9]" "$out/values.tsv" || ok 1 "$name is counted"; done
awk -F'\t' '$3 ~ /n_skipped$/ { n++; if ($4 + 0 > 0) { print; bad = 1 } } END { exit bad || n < 4 * 10 }' "$out/values.tsv" > "$work/skipped"; ok $? "no evaluation left anything out $(head -n 2 "$work/skipped" | paste -sd' ')"
awk -F'\t' '$3 ~ /unknown$/ { n++; if ($4 + 0 > 0) { print; bad = 1 } } END { exit bad || n < 4 }' "$out/values.tsv" > "$work/unknown"; ok $? "no piece is unknown $(head -n 2 "$work/unknown" | paste -sd' ')"
grep -q "<h2>Rank correlation" "$out/report.html"; ok $? "a page"

# Going on changes nothing, and what is damaged is made anew.
cp "$out/values.tsv" "$work/values"; cp "$out/table.tsv" "$work/table"
run; ok $? "once more"
cmp -s "$work/values" "$out/values.tsv" && cmp -s "$work/table" "$out/table.tsv"; ok $? "the same numbers"
truncate -s 3000 "$out/scores/10-1/crows.h5"
printf 'x' | dd of="$out/models/0-2/model.h5" bs=1 seek=9000 conv=notrunc 2> /dev/null
echo more >> "$out/values/0-1.tsv"; echo more >> "$out/data/crows.csv"
run; ok $? "damaged files: $(grep -c 'damaged and made anew' "$work/said") of them"
for file in scores/10-1/crows.h5 models/0-2/model.h5 data; do grep -q "$file: is damaged and made anew" "$work/said" || ok 1 "$file is made anew"; done
cmp -s "$work/values" "$out/values.tsv"; ok $? "the same numbers after that"

# As in an array: every model by itself, in any order, and the table from them.
alone="$work/alone"
for part in 1 0; do SEEDS=1 "$ladder" "$bin" "$alone" $part > "$work/said" 2>&1 || ok 1 "model $part alone"; done
SEEDS=1 "$ladder" "$bin" "$alone" table > "$work/said" 2>&1; ok $? "models one by one, then the table"
awk -F'\t' 'NR == 1 || $2 == 1' "$out/values.tsv" | cmp -s - "$alone/values.tsv"; ok $? "the same numbers"
rm "$alone/values/10-1.tsv"; fails 65 "level 10, seed 1 is not measured yet" env SEEDS=1 "$ladder" "$bin" "$alone" table

fails 64 "LEVELS names 11; a skew is 0 to 10" env LEVELS="0 11" "$ladder" "$bin" "$out"
fails 64 "LEVELS names 'two', which is not a whole number" env LEVELS="0 two" "$ladder" "$bin" "$out"
fails 64 "without 0" env LEVELS="2 4" "$ladder" "$bin" "$out"
fails 64 "SEEDS names 2 twice" env SEEDS="2 1 2" "$ladder" "$bin" "$out"
fails 64 "SIZE is 'huge'; reduced or full" env SIZE=huge "$ladder" "$bin" "$out"
fails 64 "the part is 4, but the 4 models are 0 to 3" "$ladder" "$bin" "$out" 4
fails 64 "the part is 'tables'" "$ladder" "$bin" "$out" tables
fails 64 "give the same SIZE, STEPS and LINES, or another folder" env STEPS=13 "$ladder" "$bin" "$out"
fails 64 "nowhere/collapse is not there; make builds it" "$ladder" "$work/nowhere" "$out"
"$ladder" --help | grep -q "LEVELS"; ok $? "--help"
# A step that fails says where, and which file tells more.
mkdir -p "$work/broken"; for p in collapse-check collapse-table collapse-ladder collapse-show; do ln -sf "$bin/$p" "$work/broken/$p"; done
printf '#!/bin/sh\n[ "$1" != evaluate ] || { echo "collapse: no such luck" >&2; exit 74; }\nexec "%s" "$@"\n' "$collapse" > "$work/broken/collapse"; chmod +x "$work/broken/collapse"
fails 74 "level 0, seed 1: ended with 74: collapse: no such luck (.*0-1.log)" env LEVELS="0 10" SEEDS=1 JOBS=1 "$ladder" "$work/broken" "$work/failed"
