# test_reproducible.sh: with reproducible = yes 1, 2, 3, 4 ranks and 1 or 2 threads give the same bits after
# 20 steps. Oracle: one rank with one thread. Uneven batches: 101 samples, 13 per step, 8 shards.
. "$ROOT/tests/lib.sh"
tiny 101
variant() { # name shapes flags...
    local name=$1 shapes=$2; shift 2
    train 1 "$work/$name" --steps=20 --batch=13 --reproducible=yes --dropout=0.1 --threads=1 "$@"
    for shape in $shapes; do
        train ${shape%x*} "$work/$name-$shape" --steps=20 --batch=13 --reproducible=yes --dropout=0.1 --threads=${shape#*x} "$@"
        found=$("$compare" "$work/$name/step-00000020.h5" "$work/$name-$shape/step-00000020.h5" --bits --skip=seconds)
        ok $? "$name, ${shape%x*} ranks x ${shape#*x} threads: the bits of one: $found"
    done
}
variant rows "1x2 2x1 3x1 4x1 2x2"
variant both "2x1 3x1 1x2" --nc-grad=both --nc-reset=ema:0.9 --nc-metric=nc1
variant four "3x1 4x1" --shards=4 --nc-weight=0
# Controls: without the key the ranks do not agree to the bit; and the result is the usual one to rounding.
train 1 "$work/plain" --steps=20 --batch=13 --dropout=0.1
train 3 "$work/plain-3" --steps=20 --batch=13 --dropout=0.1
! "$compare" "$work/plain/model.h5" "$work/plain-3/model.h5" --bits > "$work/found"
ok $? "control: without the key 1 and 3 ranks differ: $(cat "$work/found")"
found=$("$compare" "$work/plain/step-00000020.h5" "$work/rows/step-00000020.h5" --losses=1e-4 --weights=1e-2 --skip=/collapse --skip=/optimizer --skip=seconds)
ok $? "and the reproducible run is the same run to rounding: $found"
fails 64 "raise shards" mpirun -n 5 "$collapse" train "$work/base.conf" --output="$work/x" --steps=2 --reproducible=yes --shards=4
fails 64 "not a power of two" mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/x" --steps=2 --reproducible=yes --shards=6

# micro-batch: the same step in pieces.
train 2 "$work/whole" --steps=20
for flags in "--micro-batch=1" "--micro-batch=2"; do
    train 2 "$work/micro" --steps=20 $flags --resume=never
    found=$("$compare" "$work/whole/step-00000020.h5" "$work/micro/step-00000020.h5" --losses=1e-5 --weights=1e-3 --skip=/collapse --skip=/optimizer --skip=seconds)
    ok $? "$flags: the same losses: $found"
done
train 2 "$work/whole-both" --steps=20 --nc-grad=both --nc-reset=step
train 2 "$work/micro-both" --steps=20 --nc-grad=both --nc-reset=step --micro-batch=2
found=$("$compare" "$work/whole-both/step-00000020.h5" "$work/micro-both/step-00000020.h5" --losses=1e-4 --weights=1e-3 --skip=/collapse --skip=/optimizer --skip=seconds)
ok $? "micro-batch with nc-grad = both: R of the whole batch: $found"
