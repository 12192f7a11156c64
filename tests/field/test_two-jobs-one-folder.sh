# test_two-jobs-one-folder.sh: the field's command: the second of two runs in one folder is refused, the first one ends whole. The first
# is held still meanwhile, or on a busy machine it would have ended before the second looks.
. "$ROOT/tests/lib.sh"
field two-jobs-one-folder
job() { exec "$bin/collapse" train ../base/run.conf --steps=20000 --checkpoint-steps=10000 --log-steps=5000 --learning-rate="$1" 2> "$1.log"; }
job 1e-3 & first=$!
until [ -s out/lock-1 ] || ! kill -0 $first 2> /dev/null; do sleep 0.02; done
kill -STOP $first
job 5e-5 & wait $!; second=$?
kill -CONT $first
wait $first; codes="$? $second"
[ "$codes" = "0 74" ] && grep -q "another run writes to out" 5e-5.log && [ "$(grep -c '^collapse:' 5e-5.log)" = 1 ]
ok $? "exit codes $codes: $(tail -n 1 5e-5.log | cut -c1-150)"
[ "$(cut -f1 out/log.tsv | tr '\n' ' ')" = "step 5000 10000 15000 20000 " ] && grep -q "learning-rate = 1e-3" out/run.conf && "$bin/collapse-check" --quiet out/model.h5
ok $? "out holds one run, the first"
