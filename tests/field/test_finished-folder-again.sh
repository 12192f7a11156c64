# test_finished-folder-again.sh: the field's command: a finished folder is left alone, also without its checkpoints.
. "$ROOT/tests/lib.sh"
field finished-folder-again
B=$bin
$B/collapse train ../base/run.conf --epochs=4 2> 1.log && rm out/step-*.h5 && cp out/log.tsv before && sha256sum out/* > sums && $B/collapse train ../base/run.conf --epochs=1 2> 2.log
[ $? = 0 ] && grep -q "out holds a finished model of .* steps: nothing to do" 2.log; ok $? "$(tail -n 1 2.log)"
cmp -s before out/log.tsv && sha256sum -c --quiet sums; ok $? "nothing was written"
for i in 4 4 3; do $B/collapse train ../base/run.conf --epochs=$i --seed=$i --resume=never 2> 3.log; ok $? "resume = never, epochs = $i"; done
[ "$(grep -c . out/log.tsv.old)" = "$(grep -c . before)" ] && cmp -s before out/log.tsv.old && [ -e out/model.h5.old.2 ] && [ -e out/step-00000020.h5.old.2 ] && [ ! -e out/model.h5.old.3 ]
ok $? "what was there stands aside, each time under another number: $(ls out | tr '\n' ' ')"
