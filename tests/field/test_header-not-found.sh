# test_header-not-found.sh: a byte order mark, R's quotes and blanks do not hide a column, nor a mark a key.
. "$ROOT/tests/lib.sh"
if [ -z "$SHARED" ]; then skip "no ../shared"; exit 0; fi
cp -r "$SHARED/field/base" "$SHARED/field/header-not-found" "$work"; chmod -R u+w "$work"; cd "$work/header-not-found" || exit 1
"$bin/collapse-import" ../base --output=../base.h5 > /dev/null 2>&1
for f in bom r space; do
    "$collapse" train ../base/run.conf --train-data=$f.tsv --output=o.$f --steps=1 > log 2>&1
    grep -q "$f.tsv: 3 samples, 26 pieces" log; ok $? "$f: $(grep -m1 -E 'samples|collapse:' log)"
done
fails 64 "train-data is missing" "$collapse" train bom.conf # the mark is skipped: init is known
fails 65 "names no column 'Body'; it names: 'Text', 'ID'" "$collapse" train ../base/run.conf --train-data=bom.tsv --text-column=Body --output=o
