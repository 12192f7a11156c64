# test_pronoun_gap.sh: evaluate --task=pronoun-gap. Oracles: single sentences, whose scores must be those of the whole file; the measures of
# collapse geometry over the same text; bytes of the JSON.
. "$ROOT/tests/lib.sh"
tiny 201
table=$bin/collapse-table
train 1 "$work/run" --steps=12 --nc-weight=0 --positions=420
model=$work/run/model.h5
evaluate() { "$collapse" evaluate "$model" --task=pronoun-gap "$@" 2> "$work/err"; }
# metric NAME: the column of the table on standard input
metric() { awk -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i } NR == 2 { print $at }'; }
value() { sed 's/.*"metric": {\([^}]*\)}.*/\1/' "$1" | tr ',' '\n' | sed -n "s/^ *\"$2\": //p"; }

# Every masked piece counts: 8 lines of 400 pieces, 40 masks each, 320 in one pack.
awk 'BEGIN { srand(3); n = split("the king said that was late a", w, " ")
    for (l = 0; l < 8; l++) { s = l % 2 ? "she" : "he"; for (i = 1; i < 398; i++) s = s " " w[int(rand() * n) + 1]; print s } }' > "$work/long.txt"
evaluate --data="$work/long.txt" --json > "$work/whole"
: > "$work/parts"
while read -r line; do
    echo "$line" > "$work/line.txt"; evaluate --data="$work/line.txt" --json > "$work/part"; value "$work/part" loss >> "$work/parts"
done < "$work/long.txt"
found=$(paste -sd' ' "$work/parts" | awk -v whole="$(value "$work/whole" loss)" '{ for (i = 1; i <= NF; i++) s += $i; d = whole - s / NF; if (d < 0) d = -d; printf "%.6f, %.1e apart", whole, d; exit NF != 8 || d > 1e-6 }')
ok $? "the loss of 8 long lines is the mean of their losses: $found"
found=$(sort "$work/parts" | uniq | wc -l); [ "$found" = 8 ]; ok $? "control: all of them differ"

# Forms of the pair: the text's own, with a capital and in capitals, where the vocabulary knows case.
printf '%s\n' '[PAD]' '[UNK]' '[CLS]' '[SEP]' '[MASK]' he she He She HE SH '##E' '##llo' is late the king H > "$work/cased.txt"
"$collapse" train "$work/base.conf" --vocab="$work/cased.txt" --cased=yes --nc-weight=0 --steps=1 --output="$work/cased" > "$work/log" 2>&1
model=$work/cased/model.h5
printf 'he is late\nHe is late\n\nthe king\nHE is late\nhe and she\nhello is late\nShe is late\nSHE\n' > "$work/forms.txt"
evaluate --data="$work/forms.txt" --output="$work/forms.h5" > "$work/out"
[ "$(metric items < "$work/out") $(metric skipped < "$work/out")" = "3 5" ]; ok $? "he, He and She are scored, 5 lines are skipped; the table says so: $(tail -n 1 "$work/out" | tr -s ' ' | cut -d' ' -f2-)"
grep -q "2 skipped: no word of the pair" "$work/err" && grep -q "1 skipped: more than one word" "$work/err" && grep -q "2 skipped: .*not one piece.*'SHE'" "$work/err"; ok $? "with the reasons: hello is no he; HE has no SHE"
"$table" "$work/forms.h5" /item | awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    { rows = rows " " $at["row"] ($at["skipped"] ? "-" : "+"); if (($at["gap"] == "") != $at["skipped"] || ($at["correct"] == "") != $at["skipped"]) bad = 1 }
    END { print rows; exit bad || rows != " 0+ 1+ 3- 4- 5- 6- 7+ 8-" }' > "$work/found"; ok $? "/item: a row per sentence with its line, empty where skipped:$(cat "$work/found")"
[ "$("$table" "$work/forms.h5" /metric | awk '$1 == "n_items" || $1 == "n_skipped" { printf "%s ", $2 }')" = "3 5 " ] && "$bin/collapse-show" "$work/forms.h5" | grep -q "n_skipped  *5" && "$bin/collapse-check" --quiet "$work/forms.h5"
ok $? "collapse-table and -show have items and skipped"
"$bin/collapse-report" "$work/forms.h5" -o "$work/forms.html" 2> /dev/null && grep -q "<td>n_skipped</td><td>5</td>" "$work/forms.html"; ok $? "collapse-report too"
for form in he:1 He:2 She:8; do
    sed -n "${form#*:}p" "$work/forms.txt" > "$work/line.txt"; evaluate --data="$work/line.txt" --json > "$work/part"
    [ "$(value "$work/part" gap.signed)" = "$("$table" "$work/forms.h5" /item | awk -F'\t' -v r=$((${form#*:} - 1)) 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } $at["row"] == r { print $at["gap"] }')" ]
    ok $? "${form%:*}: the same gap alone: $(value "$work/part" gap.signed)"
done
evaluate --data="$work/forms.txt" --pair=He,She | metric items | grep -qx 2; ok $? "pair = He,She: that form, and capitals"
fails 64 "single pieces" "$collapse" evaluate "$model" --task=pronoun-gap --data="$work/forms.txt" --pair=SHE,zebra
fails 65 "none of the 2 sentences .*no word of the pair" "$collapse" evaluate "$model" --task=pronoun-gap --data=<(printf 'the king\nis late\n')
model=$work/run/model.h5
printf 'He said\nhe said\nSHE said\n' > "$work/forms.txt"; evaluate --data="$work/forms.txt" | metric items | grep -qx 3; ok $? "an uncased vocabulary knows one form"

# Ranks and threads.
evaluate --data="$work/text.txt" --words="$work/words.txt" --output="$work/one.h5" > "$work/out"
for ranks in 2 3; do
    OMP_NUM_THREADS=2 mpirun -n $ranks "$collapse" evaluate "$model" --task=pronoun-gap --data="$work/text.txt" --words="$work/words.txt" --output="$work/more.h5" --overwrite > "$work/out2" 2> /dev/null
    cmp -s "$work/out" "$work/out2" && found=$("$compare" "$work/one.h5" "$work/more.h5" --bits); ok $? "$ranks ranks with 2 threads print the same table, once, and write the same bits: $found"
done
"$table" "$work/one.h5" /item/text > "$work/texts"; cmp -s "$work/texts" "$work/text.txt"; ok $? "/item/text holds the sentences"
head -n 3 "$work/text.txt" > "$work/few.txt"; printf '#!/bin/sh\n[ "${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-0}}" = 0 ] && f=text || f=few\nexec "$@" --data=%s/$f.link\n' "$work" > "$work/by-rank"; chmod +x "$work/by-rank"
for f in text few; do ln -sf "$work/$f.txt" "$work/$f.link"; done
fails 64 "the ranks differ: data = " mpirun -n 2 "$work/by-rank" "$collapse" evaluate "$model" --task=pronoun-gap

# Not measured.
printf 'he said\n' > "$work/short.txt"; printf 'he\n' > "$work/one.txt"
evaluate --data="$work/short.txt" --words="$work/one.txt" > "$work/out"
[ "$(metric loss < "$work/out") $(metric nc3 < "$work/out") $(metric unc3 < "$work/out") $(metric nc_classes < "$work/out")" = "- - - 1.0000" ] && grep -q "no loss (-)" "$work/err" && grep -q "nc3 and unc3 compare two" "$work/err"
ok $? "no masked piece: no loss; one class: no nc3 and unc3; the reasons are said"
evaluate --data="$work/short.txt" --words="$work/one.txt" --json > "$work/json"
grep -q '"loss": null, "nc3": null, "unc3": null' "$work/json" && grep -q '"gap.abs": \[null, null\]' "$work/json"; ok $? "null in JSON, and no interval of one item"
cp "$model" "$work/flat.h5"
for tensor in embeddings.word_embeddings.weight; do "$tamper" "$work/flat.h5" /model/weights/bert.$tensor 0; done; "$tamper" "$work/flat.h5" /model/weights/cls.predictions.bias 0
"$collapse" evaluate "$work/flat.h5" --task=pronoun-gap --data="$work/text.txt" --words="$work/words.txt" 2> /dev/null > "$work/out"
[ "$(metric gap.abs < "$work/out") $(metric accuracy < "$work/out") $(metric nc3 < "$work/out") $(metric unc3 < "$work/out")" = "0.0000 0.5000 - -" ]
ok $? "a model that prefers neither: gap 0, accuracy one half, embeddings of 0 without a direction"
cp "$model" "$work/huge.h5"; "$tamper" "$work/huge.h5" /model/weights/bert.encoder.layer.1.intermediate.dense.weight 3e38
fails 65 "score that is not finite" "$collapse" evaluate "$work/huge.h5" --task=pronoun-gap --data="$work/text.txt"
fails 64 "'gap.abz' is no measure of this task; did you mean 'gap.abs'" "$collapse" evaluate "$model" --task=pronoun-gap --data="$work/text.txt" --metrics=loss,gap.abz

# Paths that are not UTF-8.
odd=$work/$(printf 'mod\350le'); mkdir "$odd"; cp "$model" "$odd/m.h5"; cp "$work/text.txt" "$odd/$(printf 't\377\376.txt')"
for command in "evaluate $odd/m.h5 --task=pronoun-gap --data=$odd/$(printf 't\377\376.txt')" "geometry $odd/m.h5 --text=$odd/$(printf 't\377\376.txt') --max-length=32 --classes=corpus"; do
    "$collapse" $command --json > "$work/json" 2> /dev/null
    [ $? = 0 ] && [ "$(wc -l < "$work/json")" = 1 ] && grep -q "mod$(printf '\357\277\275')le/m.h5" "$work/json" && grep -q "t$(printf '\357\277\275\357\277\275').txt" "$work/json" && iconv -f UTF-8 -t UTF-8 "$work/json" > /dev/null
    ok $? "${command%% *} --json: one object, valid UTF-8, replacement characters in the paths"
done
"$collapse" evaluate "$model" --task=pronoun-gap --data="$work/text.txt" --json > /dev/full 2> "$work/stderr"
[ $? = 74 ] && grep -q "standard output cannot be written" "$work/stderr"; ok $? "a full disk behind --json is exit 74"
