# test_two-jobs-one-folder.sh: the field's command: the second of two runs in one folder is refused, the first one ends whole.
. "$ROOT/tests/lib.sh"
field two-jobs-one-folder
pids=
for l in 1e-3 5e-5; do B=$bin; $B/collapse train ../base/run.conf --steps=20000 --checkpoint-steps=10000 --log-steps=5000 --learning-rate=$l 2> $l.log & pids="$pids $!"; sleep 0.5; done
codes=; for p in $pids; do wait "$p"; codes="$codes $?"; done
[ "$codes" = " 0 74" ] && grep -q "another run writes to out" 5e-5.log && [ "$(grep -c '^collapse:' 5e-5.log)" = 1 ]
ok $? "exit codes$codes: $(tail -n 1 5e-5.log | cut -c1-150)"
[ "$(cut -f1 out/log.tsv | tr '\n' ' ')" = "step 5000 10000 15000 20000 " ] && grep -q "learning-rate = 1e-3" out/run.conf && "$bin/collapse-check" --quiet out/model.h5
ok $? "out holds one run, the first"
