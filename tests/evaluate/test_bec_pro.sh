# test_bec_pro.sh: evaluate --task=bec-pro. Oracle: transformers on the same tiny model, exported, with both paddings (bec_pro-none.tsv
# and bec_pro-mask.tsv beside this file, written by tests/oracle/evaluations.py).
. "$ROOT/tests/lib.sh"
. "$ROOT/tests/evaluate/items.sh"
tiny 53
train 1 "$work/run" --steps=1
model=$work/run/model.h5
data=$here/bec_pro.tsv
bec() { "$collapse" evaluate "$model" --task=bec-pro --data="$@"; }

for pad in none mask; do
    bec "$data" --bec-pad=$pad --output="$work/$pad.h5" --json > "$work/$pad.json" 2> "$work/err"
    "$table" "$work/$pad.h5" /item > "$work/items"
    found=$(items_near "$here/bec_pro-$pad.tsv" "$work/items" 74 1e-5 association log_p_tm log_p_tam); ok $? "bec-pad = $pad: log probabilities are transformers': $found"
    same_on_ranks bec-pro "$data" "$work/$pad.h5" 3 --bec-pad=$pad
    # Means of the oracle's numbers by cell, template and pair (women come behind men, 18 rows later).
    paste "$data" "$here/bec_pro-$pad.tsv" | awk -F'\t' 'NR == 1 || $11 == "nan" { next } { k = $8 "." $10; s[k] += $11; n[k]++; if (NR < 38) { k = "template1." k; s[k] += $11; n[k]++ } a[$1] = $11 }
        END { for (i in a) if ((i + 18) in a && i % 36 < 12) { d += a[i + 18] - a[i]; pairs++ }
              for (k in s) print k, s[k] / n[k]; print "paired.difference", d / pairs }' > "$work/want"
    worst=0; while read -r name want; do worst=$(awk -v a="$(value "$work/$pad.json" "$name")" -v b="$want" -v w="$worst" 'BEGIN { d = a - b; if (d < 0) d = -d; if (a == "") d = 9; print (d > w ? d : w) }'); done < "$work/want"
    awk -v w="$worst" -v n="$(wc -l < "$work/want")" 'BEGIN { exit !(w != "" && w < 1e-5 && n == 13) }'; ok $? "six cells, the first template and pairs are the means of the oracle's numbers, within $worst"
done
same_on_ranks bec-pro "$data" "$work/mask.h5" 2 --bec-pad=mask
same_on_ranks bec-pro "$data" "$work/mask.h5" 4 --bec-pad=mask
[ "$(for m in masked paired.n paired.female.n; do value "$work/none.json" $m; done | paste -sd' ')" = "48.0 24.0 8.0" ]; ok $? "rows with the same sequence share it"
says "$work/err" "1 rows hold a piece that is unknown" "2 rows have no counterpart" "1 skipped: Sent_TM" "12 skipped: a person that is not one piece" "1 skipped: a sentence that does not hold its person"; ok $? "what is left out is said"
cp "$model" "$work/zeros.h5"
for name in cls.predictions.bias bert.embeddings.word_embeddings.weight; do "$tamper" "$work/zeros.h5" /model/weights/$name 0; done
"$collapse" evaluate "$work/zeros.h5" --task=bec-pro --data="$data" --json > "$work/json" 2> /dev/null
[ "$(for m in female.male male.female paired.difference paired.z; do value "$work/json" $m; done | paste -sd' ')" = "0.0 0.0 0.0 null" ]; ok $? "a model that prefers nothing: no association, no test"

bad() { sed "$1" "$data" > "$work/bad.tsv"; fails 65 "$2" bec "$work/bad.tsv"; }
bad 's/\tmale\tnurse/\tman\tnurse/' "line 4: Gender is 'man'; it must be female or male"
bad 's/nurse\tfemale/nurse\tneutral/' "line 4: Prof_Gender is 'neutral'"
bad '1s/Sent_TAM/Sent/' "Sent_TAM"
bad '2,$s/\[MASK\]/he/g' "holds no row that can be scored (74 were read; the first: Sent_TM"
bad '2,$d' "holds no row that can be scored (0 were read)"
: > "$work/empty.tsv"; fails 65 "empty.tsv" bec "$work/empty.tsv"
fails 65 "Sentence" bec "$here/crows.csv"
fails 65 "read as plain text" bec "$here/lines.txt"
fails 64 "bec-pad" bec "$data" --bec-pad=reference
fails 64 "bec-pad is a key of task bec-pro" "$collapse" evaluate "$model" --task=stereoset --data="$here/stereoset.json" --bec-pad=mask
