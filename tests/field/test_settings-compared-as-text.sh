# test_settings-compared-as-text.sh: the same number, written otherwise, continues a run.
. "$ROOT/tests/lib.sh"
field settings-compared-as-text
"$collapse" train ../base/run.conf --epochs=1 --learning-rate=5e-5 > "$work/log" 2>&1
ok $? "one epoch with 5e-5"
"$collapse" train ../base/run.conf --epochs=2 --learning-rate=0.00005 > "$work/log" 2>&1 && grep -q "^continuing" "$work/log"
ok $? "a second with 0.00005: $(grep -m1 -e '^continuing' -e '^collapse:' "$work/log")"
fails 64 "was written with learning-rate = .*, this run has 6e-5" "$collapse" train ../base/run.conf --epochs=3 --learning-rate=6e-5
