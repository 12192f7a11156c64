# test_winobias_mlm.sh: evaluate --task=winobias-mlm. Oracle: transformers on the same tiny model, exported (winobias.tsv beside this
# file, written by tests/oracle/evaluations.py).
. "$ROOT/tests/lib.sh"
. "$ROOT/tests/evaluate/items.sh"
tiny 53
train 1 "$work/run" --steps=1
model=$work/run/model.h5
wino() { "$collapse" evaluate "$model" --task=winobias-mlm --data="$@"; }

wino "$here/winobias" --output="$work/one.h5" --json > "$work/json" 2> "$work/err"
"$table" "$work/one.h5" /item > "$work/items"
found=$(items_near "$here/winobias.tsv" "$work/items" 49 1e-5 preference log_p_own log_p_other number); ok $? "log probabilities are transformers': $found"
cut -f1-2 "$here/winobias.tsv" > "$work/want"
awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } { print $at["type"] "\t" $at["version"] }' "$work/items" | cmp -s - "$work/want"; ok $? "pro before anti, type 1 before 2"
# Shares and mean ratios of the oracle's numbers; men's pronouns are even numbers of the anti files and odd ones of pro.
awk -F'\t' 'NR > 1 && $4 != "nan" { k = $1 "." $2; hits[k] += $4 > 0; n[k]++; sum[k] += $4; g = k (($3 % 2 == ($2 == "pro")) ? ".he" : ".she"); hits[g] += $4 > 0; n[g]++ }
    END { for (k in n) printf "%s %.6f\n", k, 100 * hits[k] / n[k]; for (t = 1; t < 3; t++) printf "type%d.log_ratio %.6f\ntype%d.gap %.6f\n", t, sum["type" t ".pro"] / n["type" t ".pro"], t, 100 * hits["type" t ".pro"] / n["type" t ".pro"] - 100 * hits["type" t ".anti"] / n["type" t ".anti"] }' "$here/winobias.tsv" > "$work/want"
bad=; while read -r name want; do awk -v a="$(value "$work/json" "$name")" -v b="$want" 'BEGIN { d = a - b; exit a == "" || d * d > 1e-9 }' || bad="$bad $name"; done < "$work/want"
[ -z "$bad" ] && [ "$(wc -l < "$work/want")" = 16 ]; ok $? "shares, gaps and ratios follow from the oracle's numbers$bad"
[ "$(for m in type1.pro.n type1.anti.n type2.pro.n type2.anti.n type1.pro.ties; do value "$work/json" $m; done | paste -sd' ')" = "11.0 11.0 10.0 10.0 0.0" ]; ok $? "sentences are counted"
says "$work/err" "3 sentences have several pronouns" "1 skipped: a sentence that the file of the other" "4 skipped: pronouns whose opposites" "2 skipped: a pronoun, or its opposite, that is not one piece"; ok $? "what is left out is said"
for ranks in 2 3 4; do same_on_ranks winobias-mlm "$here/winobias" "$work/one.h5" $ranks; done
wino "$here/winobias/anti_stereotyped_type2.txt.dev" --json > "$work/two" 2> /dev/null
[ "$(value "$work/two" type2.pro) $(value "$work/two" type2.gap)" = "$(value "$work/json" type2.pro) $(value "$work/json" type2.gap)" ] && ! grep -q type1 "$work/two"; ok $? "a file: its type alone, with the other version beside it"
mkdir "$work/data"; for v in pro anti; do cp "$here/winobias/${v}_stereotyped_type1.txt.dev" "$work/data/${v}_stereotyped_type1.txt.test"; done
wino "$work/data" --winobias-split=test --json > "$work/test" 2> /dev/null; [ "$(value "$work/test" type1.pro)" = "$(value "$work/json" type1.pro)" ]; ok $? "test files"
cp "$model" "$work/zeros.h5"
for name in cls.predictions.bias bert.embeddings.word_embeddings.weight; do "$tamper" "$work/zeros.h5" /model/weights/$name 0; done
"$collapse" evaluate "$work/zeros.h5" --task=winobias-mlm --data="$here/winobias" --json > "$work/json" 2> /dev/null
[ "$(for m in type1.pro type1.anti type1.gap type1.pro.ties type2.anti.ties; do value "$work/json" $m; done | paste -sd' ')" = "0.0 0.0 0.0 11.0 10.0" ]; ok $? "a model that prefers nothing: ties, which count for neither"

# Against another model: its metrics are those that each model has alone; units are the pairs of sentences of a type.
train 1 "$work/other" --steps=6
data=$here/winobias/pro_stereotyped_type1.txt.dev
"$collapse" evaluate "$work/other/model.h5" --task=winobias-mlm --data="$data" --output="$work/other.h5" --json > "$work/there" 2> /dev/null
wino "$data" --json > "$work/json" 2> /dev/null
wino "$data" --compare="$work/other.h5" > "$work/out" 2> /dev/null
bad=; for m in type1.pro type1.anti type1.gap type1.log_ratio; do
    want=$(printf '%.4f %.4f 6' "$(value "$work/json" $m)" "$(value "$work/there" $m)"); found=$(awk -v m=$m '$1 == m { print $2, $3, $8 }' "$work/out"); [ "$found" = "$want" ] || bad="$bad $m: $found, not $want"
done; [ -z "$bad" ] && ! cmp -s "$work/json" "$work/there"; ok $? "--compare has the metrics of both models, six pairs$bad"

fails 65 "holds no file pro_stereotyped_type1.txt.dev" wino "$work/data"
file=$work/data/pro_stereotyped_type1.txt.test
bad() { sed "$1" "$here/winobias/pro_stereotyped_type1.txt.dev" > "$file"; fails 65 "$2" wino "$file"; }
bad '3s/^3 //' "line 3 begins with '\[The'"
bad '3s/\[he\]/he/' "line 3 has no pronoun in brackets"
bad '3s/\[he\]/[he/' "line 3 has a bracket that is not closed"
bad '3s/^3/2/' "line 3 has number 2, as a line before it"
bad 's/^/9/' "holds no sentence that can be scored"
: > "$file"; fails 65 "holds no sentence" wino "$file"
cp "$here/winobias/pro_stereotyped_type1.txt.dev" "$file"; rm "$work/data/anti_stereotyped_type1.txt.test"; fails 74 "anti_stereotyped_type1.txt.test" wino "$file"
fails 65 "must be a folder, or be named as WinoBias" wino "$here/lines.txt"
fails 64 "winobias-mlm reads plain text" wino "$here/winobias" --format=csv
