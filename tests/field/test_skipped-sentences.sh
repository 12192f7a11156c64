# test_skipped-sentences.sh: He and She at the beginning count with a cased model, and the table says how many were scored.
. "$ROOT/tests/lib.sh"
field skipped-sentences
"$bin/collapse-import" cased --output=m.h5 2> /dev/null
"$collapse" evaluate m.h5 --task=pronoun-gap --data=data.txt > "$work/out" 2> /dev/null
awk 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } NR == 2 { exit !($at["items"] == 3 && $at["skipped"] == 0) }' "$work/out"; ok $? "all three sentences: $(tail -n 1 "$work/out" | tr -s ' ')"
echo 'The nurse is late .' >> data.txt
"$collapse" evaluate m.h5 --task=pronoun-gap --data=data.txt --json 2> "$work/err" | grep -q '"n_items": 3, "n_skipped": 1' && grep -q "1 skipped: no word of the pair" "$work/err"; ok $? "a fourth without the pair is skipped, with the reason"
