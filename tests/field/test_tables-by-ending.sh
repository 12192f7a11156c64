# test_tables-by-ending.sh: .csv, .TSV, .tab and .jsonl are tables: three samples, not four with the header.
. "$ROOT/tests/lib.sh"
if [ -z "$SHARED" ]; then skip "no ../shared"; exit 0; fi
cp -r "$SHARED/field/base" "$SHARED/field/tables-by-ending" "$work"; chmod -R u+w "$work"; cd "$work/tables-by-ending" || exit 1
"$bin/collapse-import" ../base --output=../base.h5 > /dev/null 2>&1
for e in csv TSV tab jsonl; do
    "$collapse" train ../base/run.conf --train-data=data.$e --output=o.$e --steps=1 --trace=$e.h5 > log 2>&1
    grep -q "data.$e: 3 samples, 26 pieces" log; ok $? "$e: $(grep -m1 samples log)"
    "$compare" csv.h5 $e.h5 --bits --skip=seconds > log; ok $? "$e: the samples of csv: $(tail -n 1 log)"
done
