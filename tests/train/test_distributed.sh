# test_distributed.sh: how work and memory are spread does not change a bit: shard-optimizer, overlap-sums, recompute.
# Oracle: the same ranks without them. hidden = 64 makes several buckets of several parts; the last is shorter.
. "$ROOT/tests/lib.sh"
tiny 101
same() { # text folder folder
    local found; found=$("$compare" "$work/$2/step-00000012.h5" "$work/$3/step-00000012.h5" --bits --skip=seconds)
    ok $? "$1: $found"
}
big="--steps=12 --hidden=64 --intermediate=256 --weight-decay=0.01 --dropout=0.1 --clip=0.5"
for ranks in 2 3 4; do
    train $ranks "$work/plain-$ranks" $big --shard-optimizer=no --overlap-sums=no
    train $ranks "$work/dealt-$ranks" $big --shard-optimizer=yes --overlap-sums=no
    same "$ranks ranks, shard-optimizer = yes: the bits of no" plain-$ranks dealt-$ranks
    train $ranks "$work/behind-$ranks" $big --shard-optimizer=yes --overlap-sums=yes
    same "$ranks ranks, sums behind the backward pass: the same bits" plain-$ranks behind-$ranks
done
train 3 "$work/behind-no" $big --shard-optimizer=no --overlap-sums=yes
same "3 ranks, sums behind the backward pass, optimizer on all ranks: the same bits" plain-3 behind-no
for flags in "--nc-grad=both --nc-metric=nc1" "--nc-sync=none" "--nc-sync=none --nc-grad=both --nc-space=hidden" "--micro-batch=2 --nc-grad=both" "--checkpoint-behind=no --adam=hf"; do
    train 3 "$work/a" $big $flags --shard-optimizer=no --overlap-sums=no --resume=never
    train 3 "$work/b" $big $flags --shard-optimizer=yes --overlap-sums=yes --resume=never
    same "3 ranks, $flags: the same bits" a b
done
train 1 "$work/kept" $big
train 1 "$work/recomputed" $big --recompute=yes
same "recompute = yes: the same bits" kept recomputed
train 2 "$work/repro" $big --reproducible=yes --shard-optimizer=no
train 3 "$work/repro-dealt" $big --reproducible=yes --shard-optimizer=yes --recompute=yes
same "reproducible = yes, 3 ranks with a dealt optimizer as 2 without" repro repro-dealt

# A checkpoint holds whole moments: it can be continued with another layout. Controls: the losses go on as they would.
train 2 "$work/half" $big --checkpoint-steps=5 --keep=5
cp -r "$work/half" "$work/other"; rm "$work/half/step-00000012.h5" "$work/other/step-00000012.h5" "$work"/{half,other}/step-00000010.h5
train 2 "$work/half" $big --checkpoint-steps=1000000
train 2 "$work/other" $big --checkpoint-steps=1000000 --shard-optimizer=no --overlap-sums=yes --recompute=yes
same "continued from step 5 with another layout: the same bits" half other
same "and those of the run in one go" plain-2 half
grep -q "continuing .*step 5" "$work/other.log"
ok $? "it was continued, not begun anew"
train 4 "$work/nine" $big --batch=3
ok $? "4 ranks, batches of 3: a rank without samples owns its part all the same"
grep -q "dealt to the ranks" "$work/dealt-2.log"
ok $? "the log says how the optimizer's state is kept"

# collapse bench: the last line is one JSON object with the fields of the contract; sums by size with a fit.
mpirun -n 2 "$collapse" bench --model=tiny --batch=4 --length=16 --steps=1 --overlap-sums=yes --recompute=yes > "$work/bench" 2> /dev/null
[ $? = 0 ] && tail -n 1 "$work/bench" | grep -q '^{"tokens_per_s": [0-9.]*, .*"gflops": .*"gemm_peak_gflops": .*"peak_rss_mb": .*"ranks": 2, "threads": 1, "precision": "fp32", "gemm_library": "blis", "kernel_family": "'
ok $? "bench: the last line is its JSON object: $(tail -n 1 "$work/bench" | cut -c1-80)"
mpirun -n 2 "$collapse" bench --sums=yes > "$work/sums" 2> "$work/sums.err"
[ $? = 0 ] && grep -q '^{"ranks": 2, "latency_us": -*[0-9.e+]*, "gb_per_s": [0-9.e+-]*}$' "$work/sums" && [ "$(grep -c '^ *[0-9.]* *[0-9.]* *[0-9.]*$' "$work/sums.err")" -ge 8 ]
ok $? "bench --sums: $(cat "$work/sums")"
fails 64 "start with mpirun" "$collapse" bench --sums=yes
