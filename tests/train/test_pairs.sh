# test_pairs.sh: training on pairs of texts with token types. Oracles: one rank; the same pairs in other files; a run on the
# same texts without token types (tests/data/test_items.c has the ids).
. "$ROOT/tests/lib.sh"
tiny 41
sed -i 's/^nc-.*//' "$work/base.conf"
awk 'NR % 2 { a = $0; next } { gsub(/"/, "\"\""); printf "%s\t%s\n", a, $0 }' "$work/text.txt" | tr -d '"' > "$work/pairs.txt"
{ printf 'first\tsecond\n'; cat "$work/pairs.txt"; } > "$work/pairs.tsv"
awk -F'\t' 'BEGIN { print "second,id,first" } { printf "\"%s\",%d,\"%s\"\n", $2, NR, $1 }' "$work/pairs.txt" > "$work/pairs.csv"
flags="--steps=6 --max-length=24 --dropout=0.1"
columns="--text-column=first --pair-column=second"
for ranks in 1 3; do
    train $ranks "$work/t$ranks" $flags --train-data="$work/pairs.txt" --pair-column=tab --reproducible=yes --trace="$work/t$ranks.h5"; ok $? "$ranks ranks: pairs of plain text: $(grep -o '[0-9]* samples, .*' "$work/t$ranks.log" | head -n 1)"
done
"$compare" "$work/t1/model.h5" "$work/t3/model.h5" --bits > "$work/found" && "$compare" "$work/t1.h5" "$work/t3.h5" --bits >> "$work/found"; ok $? "the same bits: $(tail -n 1 "$work/found")"
for kind in tsv csv; do
    train 2 "$work/$kind" $flags --train-data="$work/pairs.$kind" $columns --reproducible=yes && "$compare" "$work/t1/model.h5" "$work/$kind/model.h5" --bits > "$work/found"
    ok $? "columns of a .$kind: the same model: $(tail -n 1 "$work/found")"
done
tr '\t' ' ' < "$work/pairs.txt" > "$work/single.txt"
train 1 "$work/single" $flags --train-data="$work/single.txt" --reproducible=yes; ok $? "the same texts without a pair"
! "$compare" "$work/t1/model.h5" "$work/single/model.h5" --bits > "$work/found"; ok $? "are another model"
"$bin/collapse-diff" "$work/t1/model.h5" "$work/single/model.h5" --most=0 | grep -q "token_type"; ok $? "whose token types were trained otherwise"
train 2 "$work/cut" $flags --train-data="$work/pairs.tsv" $columns --checkpoint-steps=3 --reproducible=yes; rm -f "$work/cut/model.h5" "$work/cut"/step-00000006.h5
train 2 "$work/cut" $flags --train-data="$work/pairs.tsv" $columns --checkpoint-steps=3 --reproducible=yes && "$compare" "$work/t1/model.h5" "$work/cut/model.h5" --bits > "$work/found"; ok $? "continued from step 3: $(tail -n 1 "$work/found")"
bad() { fails "$1" "$2" mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/x" --steps=1 --train-data="$3" "${@:4}"; }
printf 'first\tsecond\na b\t\n' > "$work/empty.tsv"; bad 65 "record 1, line 2: text 2 of 2 is empty" "$work/empty.tsv" $columns
bad 65 "third" "$work/pairs.tsv" --text-column=first --pair-column=third
bad 64 "split asks for sentences" "$work/pairs.tsv" $columns --split=sentences
printf 'first\tsecond\na\t\001\n' > "$work/control.tsv"; bad 65 "a text is nothing but control characters" "$work/control.tsv" $columns
printf '\n\n' > "$work/none.txt"; bad 65 "holds no text" "$work/none.txt" --pair-column=tab
fails 64 "does not go with bec-pad" "$collapse" train "$work/base.conf" --output="$work/x" --steps=1 --method=bec --bec-pad=mask --train-data="$work/pairs.tsv" $columns
