# test_allocations.sh: a step allocates nothing, however it adds up. Oracle: the count of every call of base/memory,
# which collapse bench reports of its timed steps.
. "$ROOT/tests/lib.sh"
steps_of() { # ranks flags...
    local ranks=$1; shift
    mpirun -n "$ranks" "$collapse" bench --model=tiny --batch=6 --length=16 --steps=2 --threads=1 "$@" 2> "$work/err" | tail -n 1 |
        grep -o '"allocations": [0-9]*'
}
for flags in "--regularizer=no" "--regularizer=yes" "--micro-batch=1" "--reproducible=yes" "--overlap-sums=yes" \
    "--shard-optimizer=no --overlap-sums=yes" "--recompute=yes --fill=0.6"; do
    for ranks in 1 3; do
        found=$(steps_of $ranks $flags)
        [ "$found" = '"allocations": 0' ]
        ok $? "$ranks ranks, $flags: $found $(tail -n 1 "$work/err" | grep collapse:)"
    done
done
