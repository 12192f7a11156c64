# test_cda_swapped.sh: cda on a running text that it swaps itself, against the table that collapse swap makes of the same
# text: the same numbers, bit for bit.
. "$ROOT/tests/lib.sh"
tiny 60
cd "$work" || exit 1
# Lines and sentences that swap makes longer and shorter; pronouns of every kind.
sed -n 's/^[=>?] //p' "$ROOT/tests/data/swap_sentences.txt" | tr '|[]' '   ' | head -n 100 >> text.txt
cda() { local ranks=$1 folder=$2; shift 2; train "$ranks" "$folder" --method=cda --steps=6 --nc-weight=1 --reproducible=yes "$@" || cat "$folder.log"; }
columns() { cut -f1-9 "$1/log.tsv"; }
"$collapse" swap --text=text.txt --output=both.csv 2> /dev/null
for way in "" --cda-both --cda-probability=1; do
    # shellcheck disable=SC2086
    cda 1 "table$way" --train-data=both.csv $way
    # shellcheck disable=SC2086
    cda 2 "swapped$way" --train-data=text.txt --cda-pairs=own $way
    [ "$(columns "table$way" | wc -l)" = 7 ] && diff <(columns "table$way") <(columns "swapped$way")
    ok $? "a text swapped on the way trains as its table does${way:+ ($way)}"
done
! diff <(columns table) <(columns table--cda-probability=1) > /dev/null
ok $? "with the swapped texts alone it is another run"
grep -q "genders were swapped in [1-9][0-9]* of [0-9]* texts; [1-9][0-9]* places are ambiguous" swapped.log
ok $? "$(grep 'genders were' swapped.log)"
# A table's column is cut into sentences, as for mlm.
{ echo ID,Text; echo '1,"He sings. She said: ""My king!"" Then we left."'; echo '2,"The boy saw her. Anna met Peter."'; } > run.csv
printf 'He sings.\nShe said: "My king!"\nThen we left.\nThe boy saw her.\nAnna met Peter.\n' > run.txt
printf 'Anna\tPeter\n' > names.txt
cda 1 a --train-data=run.csv --cda-pairs=own --cda-names=names.txt --batch=5
"$collapse" swap --text=run.txt --names=names.txt --output=run2.csv 2> /dev/null
cda 2 b --train-data=run2.csv --batch=5
[ "$(columns a | wc -l)" = 7 ] && diff <(columns a) <(columns b)
ok $? "sentences of a table's column, names of a list"
printf 'sir\tmadam\nsir\tmiss\n' > twice.txt
bad() { "$collapse" train base.conf --output=bad --method=cda --steps=2 "$@"; }
fails 65 "twice.txt: line 2: 'sir' stands for 'miss'" bad --cda-pairs=twice.txt
fails 74 "none.txt: cannot be opened" bad --cda-pairs=none.txt
fails 64 "cda-names is for cda-pairs" bad --cda-names=names.txt
fails 65 "is plain text, but 2 texts .* or set cda-pairs = own" bad
: > empty.txt; fails 65 "holds no text" bad --cda-pairs=own --train-data=empty.txt
