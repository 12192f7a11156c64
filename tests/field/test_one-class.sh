# test_one-class.sh: a word list of one class: refused where classes are compared, not a number where they are measured.
. "$ROOT/tests/lib.sh"
field one-class
fails 65 "word.txt: 1 class ('he').*at least two" "$collapse" train ../base/run.conf --output=o --steps=2 --nc-words=word.txt --nc-weight=100
[ ! -e o ]; ok $? "nothing is written"
"$collapse" evaluate ../base.h5 --task=pronoun-gap --data=../base/text.txt --words=word.txt > "$work/out" 2> "$work/err"
awk 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } NR == 2 { exit !($at["nc3"] == "-" && $at["unc3"] == "-" && $at["gap.abs"] > 0) }' "$work/out" && grep -q "not measured" "$work/err"
ok $? "evaluate: nc3 and unc3 are not measured, and the reason is said"
