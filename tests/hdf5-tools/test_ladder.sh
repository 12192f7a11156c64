# test_ladder.sh: collapse-ladder against numpy and mpmath (tests/oracle/ladder.py), its page, and what it refuses.
. "$ROOT/tests/lib.sh"
ladder=$bin/collapse-ladder golden=$ROOT/tests/golden
values=$golden/ladder.tsv
printf 'score\tfair\twhat\nrises\t0.5\trises with the level\nfalls\t0\tfalls\nflat\t50\tdoes neither\nties\t3\twhole numbers\nholes\t0\ttwo models are missing\nlate\t\tno fair value\nturns\t-1\tthere and back\nclear\t1\tno doubt\n' > "$work/scores.tsv"
"$ladder" "$values" --scores="$work/scores.tsv" --table="$work/table.tsv" -o "$work/page.html" > "$work/said" 2> "$work/log"; ok $? "a table, a page"
# Cell by cell, by the names of columns: numbers within 1e-7 of each other, empty where the oracle has none.
cat > "$work/compare.awk" <<'A'
FNR == 1 { file++; n = split($0, head, "\t"); for (i = 1; i <= n; i++) name[file, i] = head[i]; next }
{ for (i = 2; i <= n; i++) cell[file, $1, name[file, i]] = $i }
file == 1 { keys[++rows] = $1; if (FNR == 2) { for (i = 2; i <= n; i++) column[i] = name[1, i]; columns = n } }
END {
    for (r = 1; r <= rows; r++) for (i = 2; i <= columns; i++) {
        a = cell[1, keys[r], column[i]]; b = cell[2, keys[r], column[i]]; size = a < 0 ? -a : a
        d = a - b; d = d < 0 ? -d : d; cells++
        if ((a == "") != (b == "") || !((2, keys[r], column[i]) in cell) || d > 1e-7 * (size > 1e-3 ? size : 1e-3)) { print keys[r], column[i], a, b; bad++ }
    }
    print cells - bad, "of", cells, "numbers"; exit bad || cells < 200
}
A
awk -F'\t' -f "$work/compare.awk" "$golden/ladder-table.tsv" "$work/table.tsv" > "$work/found"; ok $? "every number of the oracle's table: $(tail -n 3 "$work/found" | paste -sd';')"
grep -q "^left out, with one value in all models (counts): 1 scores" "$work/log" && ! grep -q '^count' "$work/table.tsv"; ok $? "counts are left out, and it is said"
grep -q "24 models: 4 levels, 6 seeds" "$work/said" && grep -q "Level 0: 1 of 7 scores .* 1 after Holm" "$work/said"; ok $? "$(grep Level "$work/said")"
# 4 levels of 6 models: the correlation of 0, 1, ..., 23 with 3.5, 9.5, ...: 6 sqrt(15) / sqrt(575)
grep -q "largest rank correlation of values that all differ: 0.969" "$work/said"; ok $? "the largest correlation that ties of levels allow"
grep -q '^turns .* 5$' "$work/said" && grep -q '^late .* 10$' "$work/said" && grep -q '^flat .* -$' "$work/said"; ok $? "told from the level on from which all differ in one direction"
(head -n 1 "$values"; tail -n +2 "$values" | sort -r) > "$work/turned.tsv"; "$ladder" "$work/turned.tsv" --scores="$work/scores.tsv" --table="$work/turned-table.tsv" > /dev/null 2>&1; cmp "$work/table.tsv" "$work/turned-table.tsv"; ok $? "the order of the rows does not matter"
awk -F'\t' 'NR == 1 || $2 < 3' "$values" > "$work/few.tsv"; "$ladder" "$work/few.tsv" --table="$work/few-table.tsv" > "$work/said" 2> /dev/null && awk -F'\t' 'NR > 1 { n++; if ($11 == "" || $12 != "" || $4 == "") bad = 1 } END { exit bad || n < 8 }' "$work/few-table.tsv"; ok $? "two seeds: a rank correlation without interval; without --scores every score is shown"
[ "$(awk -F'\t' '$1 == "clear" || $1 == "turns" { print $12 $13 }' "$work/table.tsv" | tr -d '\n')" = "" ] && awk -F'\t' '$1 == "rises" { exit $12 == "" }' "$work/table.tsv"; ok $? "nor where all seeds order it alike"
awk -F'\t' '$2 < 2 || NR == 1' "$values" > "$work/one.tsv"; "$ladder" "$work/one.tsv" -o "$work/one.html" > "$work/said" 2> /dev/null && ! grep -qi 'nan\|inf' "$work/said"; ok $? "one seed: means without intervals"
awk -F'\t' '!($1 == 5 && $2 == 13)' "$values" > "$work/gone.tsv"; "$ladder" "$work/gone.tsv" 2> /dev/null | grep -q "^Models that are missing: 1;"; ok $? "a model that is missing is told"

grep -q "Level 0: 1 of 7 scores .* 1 after Holm" "$work/page.html" && grep -q "<h2>Rank correlation" "$work/page.html" && [ "$(grep -o '<svg role' "$work/page.html" | wc -l)" = 9 ] && [ "$(grep -c '^<tr><td>' "$work/page.html")" = 8 ]; ok $? "the page: correlations, a table, a figure for each score"
! grep -qiE '="[^"]*[^a-z](nan|inf)[^a-z]|>-?nan' "$work/page.html" "$work/one.html"; ok $? "no coordinate that is not a number"
# A label of the first figure is a row apart from the next; nothing leaves its figure.
awk '/<svg role/ { split("", seen); match($0, /viewBox="0 0 [0-9]+ [0-9]+/); split(substr($0, RSTART, RLENGTH), box, " "); wide = box[3]; high = box[4]; figures++ }
    /<text class="(label|tick)" x="/ { rest = $0; while (match(rest, /<text class="[a-z]*" x="[0-9.]*" y="[0-9.]*"/)) { s = substr(rest, RSTART, RLENGTH); rest = substr(rest, RSTART + RLENGTH); gsub(/<text |[a-z]*="|"/, "", s); split(s, a, " ")
        if (a[3] > high || a[2] > wide) { bad = 1; print "out of its figure:", s }
        key = a[1] "-" a[2]; if ((key in seen) && a[3] - seen[key] < 11 && a[3] >= seen[key]) { bad = 1; print "too near:", s } seen[key] = a[3]; n++ } }
    END { print figures, "figures,", n, "labels"; exit bad || n < 40 }' "$work/page.html" > "$work/found"; ok $? "no label covers another: $(tail -n 1 "$work/found")"
[ "$(grep -o '<svg' "$work/page.html" | wc -l)" = "$(grep -o '<desc>' "$work/page.html" | wc -l)" ]; ok $? "every figure has a description"

"$ladder" "$values" -o "$work/page.html" > /dev/null 2>&1; ok $? "its own page is replaced"
echo mine > "$work/mine.html"; fails 64 "mine.html" "$ladder" "$values" -o "$work/mine.html"; [ "$(cat "$work/mine.html")" = mine ]; ok $? "another's file stays"
cp "$values" "$work/copy.tsv"; fails 64 "copy.tsv" "$ladder" "$work/copy.tsv" --table="$work/copy.tsv" --overwrite; cmp -s "$values" "$work/copy.tsv"; ok $? "the values are not overwritten"
wrong() { printf 'level\tseed\tscore\tvalue\n%b' "$1" > "$work/wrong.tsv"; fails 65 "$2" "$ladder" "$work/wrong.tsv"; }
wrong '2\t1\ta\t3\n4\t1\ta\t3\n' "the lowest level is 2; without level 0"
wrong '0\t1\ta\t3\n0\t2\ta\t3\n' "has level 0 alone"
wrong '0\t1\ta\t3\n2\t1\ta\tx3\n' "line 3: value is 'x3', no number"
wrong '0\t1\ta\t3\n-2\t1\ta\t3\n' "line 3: level is '-2'"
wrong '0\t1\ta\t3\n2\tfirst\ta\t3\n' "line 3: seed is 'first'"
wrong '0\t1\ta\t3\n2\t1\t\t3\n' "line 3 names no score"
wrong '0\t1\ta\t3\n2\t1\ta\t4\n2\t1\ta\t5\n' "line 4 is the score 'a' of level 2, seed 1, as line 3 is"
wrong '' "holds no value"
printf 'level\tseed\tscore\n0\t1\ta\n' > "$work/wrong.tsv"; fails 65 "value" "$ladder" "$work/wrong.tsv"
printf 'no table\n' > "$work/wrong.txt"; fails 65 "read as plain text" "$ladder" "$work/wrong.txt"
printf 'score\tfair\twhat\nrise\t1\t\n' > "$work/list.tsv"; fails 65 "names the score 'rise', .* did you mean 'rises'" "$ladder" "$values" --scores="$work/list.tsv"
printf 'score\tfair\twhat\nrises\t1\t\nrises\t1\t\n' > "$work/list.tsv"; fails 65 "line 3 names the score 'rises' a second time" "$ladder" "$values" --scores="$work/list.tsv"
fails 64 "needs a table of values" "$ladder"
fails 74 "nowhere.tsv" "$ladder" "$work/nowhere.tsv"
