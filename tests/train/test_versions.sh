# test_versions.sh: files of earlier versions are of use. tests/golden/version-<n> holds a run of the first version of
# its format: half-way and at its end. Oracle: the same run made anew, and what that version computed from its model.
. "$ROOT/tests/lib.sh"
for golden in "$ROOT"/tests/golden/version-*; do
    version=${golden##*/}
    cp "$golden"/* "$work/"; cd "$work" || exit 2
    half=$(ls step-*.h5)
    grep -v '^trace' run.conf > plain.conf
    conf="plain.conf --corpus-cache=no"
    "$collapse" train $conf --output="$work/new" > "$work/new.log" 2>&1
    ok $? "$version: its settings make a run: $(grep -m1 collapse: "$work/new.log")"
    mkdir -p "$work/old"; cp "$half" "$work/old/"
    "$collapse" train $conf --output="$work/old" > "$work/old.log" 2>&1
    [ $? = 0 ] && grep -q "continuing .*$half" "$work/old.log"
    ok $? "$version: its checkpoint continues: $(grep -m1 -e continuing -e collapse: "$work/old.log" | cut -c1-150)"
    end=$(ls "$work/new" | grep step- | tail -n 1)
    found=$("$compare" "$work/new/$end" "$work/old/$end" --losses=1e-4 --weights=1e-3 --skip=seconds --skip=/optimizer --skip=/collapse/sum --skip=/collapse/square)
    ok $? "$version: and ends as a run made anew: $found"
    "$collapse" encode model.h5 --text=text.txt --output=again.h5 2> "$work/err"
    found=$("$bin/tests/tools/close" again.h5 /hidden encode.h5 /hidden 1e-4)
    ok $? "$version: its model has its states: $found $(cat "$work/err" | grep collapse:)"
    "$compare" "$work/new/$end" "$half" --losses=1e-4 --weights=1e-3 --skip=seconds > "$work/found"
    [ $? != 0 ]; ok $? "control: its checkpoint half-way is not the end"
done
