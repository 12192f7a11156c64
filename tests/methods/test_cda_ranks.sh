# test_cda_ranks.sh: texts and their counterfactuals on any number of ranks: 23 items, 5 a step, the last step of 3; one by a
# coin, and both. Oracles: one rank; with reproducible = yes its bits. (What the coin does: test_cda.c.)
. "$ROOT/tests/lib.sh"
tiny 60
sed -i "s/^method = .*/method = cda/; s|^train-data = .*|train-data = $ROOT/tests/data/entailment.csv|; s/^batch = .*/batch = 5/" "$work/base.conf"
flags="--steps=10 --dropout=0.1 --learning-rate=1e-4"
last=step-00000010.h5
for both in no yes; do
    train 1 "$work/one" $flags --cda-both=$both --resume=never --overwrite=yes; train 1 "$work/s1" $flags --cda-both=$both --reproducible=yes --resume=never --overwrite=yes
    for ranks in 2 3 4; do
        train $ranks "$work/many" $flags --cda-both=$both --resume=never --overwrite=yes
        found=$("$compare" "$work/one/$last" "$work/many/$last" --losses=1e-5 --weights=1e-2 --skip=/collapse --skip=/optimizer --skip=seconds)
        ok $? "cda-both = $both, $ranks ranks: $(echo "$found" | tail -n 1)"
        train $ranks "$work/same" $flags --cda-both=$both --reproducible=yes --resume=never --overwrite=yes
        found=$("$compare" "$work/s1/$last" "$work/same/$last" --bits --skip=seconds)
        ok $? "reproducible: the bits of one: $(echo "$found" | tail -n 1)"
    done
done
! "$compare" "$work/one/$last" "$work/s1/$last" --bits > /dev/null; ok $? "(a shard's sums are others than a whole batch's)"
