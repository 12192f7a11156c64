# test_quoted-fields.sh: quotes of the format are not text, and a field may hold a line break.
. "$ROOT/tests/lib.sh"
if [ -z "$SHARED" ]; then skip "no ../shared"; exit 0; fi
cp -r "$SHARED/field/base" "$SHARED/field/quoted-fields" "$work"; chmod -R u+w "$work"; cd "$work/quoted-fields" || exit 1
"$bin/collapse-import" ../base --output=../base.h5 > /dev/null 2>&1
count() { "$bin/collapse-table" $1.h5 /step_000001/true_ids | grep -cw 21; } # 21: the quote
for f in quotes newline; do
    "$collapse" train ../base/run.conf --train-data=$f.tsv --output=o.$f --steps=1 --trace=$f.h5 > log 2>&1
    ok $? "$f: $(grep -m1 -E 'samples|collapse:' log)"
done
[ "$(count quotes)" = 2 ]; ok $? "the two quotes of the text, without those of the format: $(count quotes)"
[ "$(count newline)" = 0 ]; ok $? "no quote where the text has none"
