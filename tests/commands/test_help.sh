# test_help.sh: --help and --version everywhere, in step with the documentation; small commands by hand.
. "$ROOT/tests/lib.sh"
"$ROOT/tests/keys.sh" "$bin" | cmp -s - "$ROOT/docs/keys.md"
ok $? "docs/keys.md is what --help prints (make docs)"
for key in method init train-data output batch max-length epochs steps learning-rate schedule warmup weight-decay adam adam-epsilon clip dropout \
    mask-rate seed threads checkpoint-steps keep resume max-time log-steps trace dry-run nc-weight nc-metric nc-words nc-pieces nc-align nc-space \
    nc-ids nc-grad nc-reset nc-sync compat; do
    "$collapse" train --help | grep -q -e "^  --$key " || ok 1 "train has the key $key"
done
ok 0 "train has every key of the contract"
"$collapse" --version | grep -q "kernel family" && "$collapse" --version | grep -q "HDF5 1" && "$collapse" --version | grep -q BLIS
ok $? "--version names HDF5, BLIS and kernel family"
[ "$(mpirun -n 3 "$collapse" --version | grep -c '^collapse')" = 1 ] && [ "$(mpirun -n 3 "$collapse" train --help | grep -c '^usage')" = 1 ]
ok $? "under mpirun, help and version come once"
"$collapse" > "$work/out"; [ $? = 64 ] && grep -q "commands:" "$work/out"
ok $? "no command: the list, exit 64"
tiny 60
printf 'the king [MASK] .\n\n' | "$collapse" tokenize --vocab="$work/vocab.txt" --special > "$work/ids"
[ "$(sed -n 2p "$work/ids")" = "2 3" ] && grep -q "^2 .* 4 .* 3$" "$work/ids"
ok $? "tokenize --special: $(tr '\n' ';' < "$work/ids")"
mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/dry" --steps=3 --dry-run 2>&1 | grep -q "memory of rank 0" && [ ! -e "$work/dry" ]
ok $? "dry-run prints the memory and writes nothing"
mpirun -n 2 "$collapse" bench --model=tiny --batch=4 --length=32 --steps=2 --fill=0.5 2> /dev/null | tail -n 1 > "$work/json"
for key in tokens_per_s seconds_per_step gflops gemm_peak_gflops peak_rss_mb ranks threads kernel_family; do
    grep -q "\"$key\": " "$work/json" || ok 1 "bench prints $key"
done
grep -q '"ranks": 2' "$work/json"
ok $? "bench: one JSON object with every name of the contract"
train 2 "$work/run" --steps=2
"$collapse" evaluate "$work/run/model.h5" --task=pronoun-gap --data="$work/text.txt" --words="$work/words.txt" --json --output="$work/s.h5" > "$work/json"
[ "$(wc -l < "$work/json")" = 1 ] && grep -q '"gap.abs"' "$work/json" && "$bin/collapse-check" "$work/s.h5" > /dev/null
ok $? "evaluate --json: one object, and scores in HDF5"
sh -c "'$collapse' corpus '$ROOT/jobs/demo/words.grammar' '$ROOT/jobs/demo/frames.grammar' '$ROOT/jobs/demo/skewed.grammar' --count=5 > /dev/full" 2> "$work/stderr"
[ $? = 74 ] && grep -q "standard output cannot be written" "$work/stderr"
ok $? "a full disk behind standard output is exit 74"
