# test_sentence_scores.sh: evaluate --task=crows-pairs and perplexity. Oracle: transformers on the same tiny model, exported
# (crows.tsv and lines.tsv beside this file, written by tests/oracle/lm_scores.py); decisions counted by hand.
. "$ROOT/tests/lib.sh"
tiny 53
table=$bin/collapse-table
here=$ROOT/tests/evaluate
train 1 "$work/run" --steps=1
model=$work/run/model.h5
value() { sed 's/.*"metric": {\([^}]*\)}.*/\1/' "$1" | tr ',' '\n' | sed -n "s/^ *\"$2\": //p"; }
# as_oracle EXPECTED ITEMS N: every number of the oracle within 1e-3, AUL and AULA within 1e-5, as measured or not; N rows
as_oracle() {
    awk -F'\t' -v want="$3" 'FNR == 1 { for (i = 1; i <= NF; i++) if (NR == FNR) name[i] = $i; else at[$i] = i; if (NR == FNR) n = NF; next }
        NR == FNR { rows++; for (i = 1; i <= n; i++) value[rows, i] = $i; next }
        $at["skipped"] == 0 { row++; for (i = 1; i <= n; i++) { found = $at[name[i]]; if ((value[row, i] == "nan") != (found == "")) bad = 1
            d = value[row, i] - found; if (d < 0) d = -d; if (name[i] ~ /^aul/ && d > 1e-5) bad = 1; if (found != "" && d > most) most = d } }
        END { printf "%d rows, %.1e apart", row, most; exit bad || row != want || rows != want || most > 1e-3 }' "$1" "$2"
}

"$collapse" evaluate "$model" --task=crows-pairs --data="$here/crows.csv" --output="$work/one.h5" --json > "$work/json" 2> "$work/err"
"$table" "$work/one.h5" /item > "$work/items"
found=$(as_oracle "$here/crows.tsv" "$work/items" 6); ok $? "A, B, PLL, word-l2r, AUL and AULA of pairs are transformers': $found"
grep -q "2 pairs have changed pieces in one sentence only" "$work/err" && grep -q "1 skipped: a sentence without pieces" "$work/err" && grep -q "pieces are unknown" "$work/err"
ok $? "what is left out is said"
[ "$(for m in all.b.n all.a.n all.a.neutral all.b.neutral gender.a.n age.b.n; do value "$work/json" $m; done | paste -sd' ')" = "4.0 6.0 1.0 0.0 2.0 2.0" ]; ok $? "pairs and ties are counted by scoring and type"
awk -F'\t' 'FNR == 1 { next } { a += $1 > $2; n++; if ($3 != "nan") { b += $3 > $4; m++ } } END { printf "%.10f %.10f", 100 * a / n, 100 * b / m }' "$here/crows.tsv" > "$work/want"
[ "$(printf '%.10f %.10f' "$(value "$work/json" all.a.score)" "$(value "$work/json" all.b.score)")" = "$(cat "$work/want")" ]; ok $? "scores are the shares of the oracle's pairs: $(cat "$work/want")"

"$collapse" evaluate "$model" --task=perplexity --data="$here/lines.txt" --output="$work/lines.h5" --json > "$work/json" 2> /dev/null
"$table" "$work/lines.h5" /item > "$work/items"
found=$(as_oracle "$here/lines.tsv" "$work/items" 4); ok $? "PLL, word-l2r, AUL, AULA and pieces of lines are transformers': $found"
awk -F'\t' 'NR > 1 { s += $1; l += $2; n += $5 } END { printf "%.2f %.2f %d", exp(-s / n), exp(-l / n), n }' "$here/lines.tsv" > "$work/want"
[ "$(printf '%.2f %.2f %d' "$(value "$work/json" pppl)" "$(value "$work/json" pppl_l2r)" "$(value "$work/json" pieces | sed 's/\..*//')")" = "$(cat "$work/want")" ]; ok $? "pseudo-perplexity is exp(-mean ln p): $(cat "$work/want")"

for task in crows-pairs:crows.csv:one perplexity:lines.txt:lines; do
    IFS=: read -r name data file <<< "$task"
    mpirun -n 3 "$collapse" evaluate "$model" --task="$name" --data="$here/$data" --output="$work/three.h5" --overwrite > /dev/null 2>&1
    found=$("$compare" "$work/$file.h5" "$work/three.h5" --bits); ok $? "$name: 3 ranks write the bits of one: $found"
done

crows() { "$collapse" evaluate "$model" --task=crows-pairs --data="$@"; }
printf 'sent_more,sent_less,bias_type\na,b,age\n' > "$work/columns.csv"; fails 65 "stereo_antistereo" crows "$work/columns.csv"
printf 'sent_more,sent_less,stereo_antistereo,bias_type\na,b,,age\n' > "$work/label.csv"; fails 65 "line 2: stereo_antistereo is ''" crows "$work/label.csv"
printf 'sent_more,sent_less,stereo_antistereo,bias_type\na,b,stereo,\n' > "$work/type.csv"; fails 65 "line 2: bias_type is ''" crows "$work/type.csv"
printf 'sent_more,sent_less,stereo_antistereo,bias_type\n' > "$work/none.csv"; fails 65 "none.csv" crows "$work/none.csv"
: > "$work/empty.csv"; fails 65 "empty.csv" crows "$work/empty.csv"
fails 65 "is read as plain text" crows "$here/lines.txt"
: > "$work/empty.txt"; fails 65 "empty.txt" "$collapse" evaluate "$model" --task=perplexity --data="$work/empty.txt"
