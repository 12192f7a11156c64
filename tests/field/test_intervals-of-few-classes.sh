# test_intervals-of-few-classes.sh: below five classes there is no interval, and none of more classes ends in a value that no resample had.
. "$ROOT/tests/lib.sh"
field intervals-of-few-classes
geometry() { "$collapse" geometry ../base.h5 --text=../base/text.txt "$@" 2> "$work/err"; }
geometry --words=words.txt --output=g.h5 > "$work/out"
[ "$(grep -cE '^(nc3|unc3|norm_cov) .* -$' "$work/out")" = 3 ] && ! grep -q " to " "$work/out" && grep -q "no intervals" "$work/err"; ok $? "two words: no interval, and why"
"$bin/collapse-table" g.h5 /interval/unc3 | tr '\n' , | grep -qx ",,"; ok $? "NaN in the file"
geometry --words=words.txt --json | grep -q '"interval": {"norm_cov": \[null, null\], "nc3": \[null, null\], "unc3": \[null, null\]}'; ok $? "null in JSON"
printf 'he\nshe\nking\nqueen\n' > four.txt; geometry --words=four.txt | grep -q " to "; [ $? = 1 ]; ok $? "four words: none either"
geometry --words=../base/words.txt > "$work/out"
[ "$(grep -c ' to ' "$work/out")" = 3 ] && ! grep -qE ' (0 to|.* to 0$)' "$work/out"; ok $? "five words: $(grep '^unc3 ' "$work/out" | tr -s ' ')"
