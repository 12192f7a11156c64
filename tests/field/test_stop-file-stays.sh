# test_stop-file-stays.sh: the file `stop` is obeyed once, with a code that no template answers.
. "$ROOT/tests/lib.sh"
field stop-file-stays
mkdir -p out; touch out/stop
codes=
for i in 1 2 3; do "$collapse" train ../base/run.conf --steps=20 > "$work/log.$i" 2>&1; codes="$codes $?"; done
[ "$codes" = " 77 0 0" ] && [ ! -e out/stop ] && [ -e out/model.h5 ]
ok $? "exit codes$codes"
