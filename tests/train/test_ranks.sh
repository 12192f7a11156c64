# test_ranks.sh: the same global batch on 1, 2, 3, 4 ranks gives the same losses and weights; the
# regularizer's gradient enters once. Oracle: one rank. 101 samples in batches of 7: uneven parts, and
# a last batch of 3, smaller than 4 ranks.
. "$ROOT/tests/lib.sh"
tiny 101

variant() { # name flags...
    local name=$1; shift
    train 1 "$work/$name-1" --steps=20 "$@"
    for ranks in 2 3 4; do
        train $ranks "$work/$name-$ranks" --steps=20 "$@"
        found=$("$compare" "$work/$name-1/step-00000020.h5" "$work/$name-$ranks/step-00000020.h5" --losses=1e-5 --weights=5e-4 --skip=seconds --skip=/optimizer --skip=/collapse/sum --skip=/collapse/square)
        ok $? "$name, $ranks ranks = 1 rank over 20 steps: $found"
        cut -f1,2,6,10 "$work/$name-1/log.tsv" | cmp -s - <(cut -f1,2,6,10 "$work/$name-$ranks/log.tsv")
        ok $? "$name, $ranks ranks: steps, epochs, classes and tokens are equal"
    done
}
variant unc3
variant both --nc-grad=both --nc-metric=nc1 --nc-reset=step
variant dropout --dropout=0.2 --nc-align=shift --nc-space=hidden --nc-ids=masked
variant ema --nc-reset=ema:0.9 --nc-metric=nc3 --adam=hf --weight-decay=0.01
train 5 "$work/five" --steps=3 --batch=2
ok $? "5 ranks, batches of 2: ranks without samples take part"

# Negative controls: R's gradient n times, or averaged over n = 2 ranks, is what 2 or 1/2 of the weight would give.
for weight in 10 2.5; do
    train 2 "$work/wrong-$weight" --steps=20 --nc-weight=$weight
    "$compare" "$work/unc3-1/model.h5" "$work/wrong-$weight/model.h5" --weights=1e-3 > "$work/found"
    [ $? = 1 ]
    ok $? "control: a regularizer of weight $weight instead of 5 is seen: $(cat "$work/found")"
done
train 2 "$work/unsynced" --steps=20 --nc-sync=none
"$compare" "$work/unc3-1/model.h5" "$work/unsynced/model.h5" --weights=1e-3 > "$work/found"
[ $? = 1 ]
ok $? "control: class means of each rank's own (nc-sync = none) are seen: $(cat "$work/found")"
