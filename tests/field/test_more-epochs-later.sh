# test_more-epochs-later.sh: a longer schedule is said; a run with nothing to do writes nothing.
. "$ROOT/tests/lib.sh"
field more-epochs-later
"$collapse" train ../base/run.conf --epochs=2 > "$work/log" 2>&1
ok $? "two epochs"
"$collapse" train ../base/run.conf --epochs=4 > "$work/log" 2>&1
[ $? = 0 ] && grep -q "the run was made longer, .* the rate of step .* is .*, it would have been" "$work/log"
ok $? "four: $(grep -m1 "made longer" "$work/log")"
sum() { (cd out && find . -type f ! -name 'lock-*' -exec stat -c '%n %i %Y' {} + && sha256sum *) | sort; }
sum > "$work/before"
"$collapse" train ../base/run.conf --epochs=3 > "$work/log" 2>&1; code=$?
sum | cmp -s - "$work/before" && [ $code = 0 ] && grep -q "^epochs = 4$" out/run.conf && grep -q "nothing to do" "$work/log"
ok $? "three: exit $code, no file changed: $(grep -m1 "nothing to" "$work/log")"
